"""The files of the app are what its sources give, byte for byte, and the digest in the docs is theirs."""

import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

from idp.phone.site import STATIC
from tests.services.processes import ROOT, needed

PHONE = ROOT / "phone"


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The app, built anew from its sources with the packages of the lock file (``make clients``)."""
    folder = tmp_path_factory.mktemp("phone")
    subprocess.run([needed("node", "apt install nodejs"), "build.mjs", folder], cwd=PHONE, check=True, capture_output=True)
    return folder


def test_a_build_gives_the_files_that_are_served_byte_for_byte(rebuilt: Path) -> None:
    built = {path.name: path.read_bytes() for path in rebuilt.iterdir()}
    assert built == {path.name: path.read_bytes() for path in STATIC.iterdir()}


def test_the_digests_are_those_of_the_files() -> None:
    lines = dict(reversed(line.split("  ")) for line in (STATIC / "SHA256SUMS").read_text().splitlines())
    assert lines == {path.name: sha256(path.read_bytes()).hexdigest() for path in STATIC.iterdir() if path.name != "SHA256SUMS"}


def test_the_published_digest_is_that_of_the_list() -> None:
    published = (ROOT / "docs" / "specs" / "co-signing.md").read_text()
    assert sha256((STATIC / "SHA256SUMS").read_bytes()).hexdigest() in published
