import pytest

from tests.unit.crypto.x509.hierarchy import Hierarchy


@pytest.fixture(scope="session")
def hierarchy() -> Hierarchy:
    return Hierarchy()
