"""Both engines, for tests that hold for each or for every pair of them."""

import pytest

from idp.crypto import engines
from idp.crypto.engines import Engine

ENGINES = ("gmssl", "libcrypto")


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    return engines.load(request.param)


@pytest.fixture(params=ENGINES)
def other_engine(request: pytest.FixtureRequest) -> Engine:
    return engines.load(request.param)
