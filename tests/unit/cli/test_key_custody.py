"""``yima key split``, ``combine`` and ``master``: the master key among people, and a new one."""

from contextlib import closing
from pathlib import Path

import pytest

from idp.crypto import sm2
from idp.crypto.jose import SoftwareSigner
from idp.crypto.jose.sm2_key import SM2Key
from idp.crypto.key_files import pbes2, write_private_key
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.name import Name
from idp.crypto.x509.request import create_request
from idp.deployment import open_deployment
from idp.settings import Settings
from tests.certificates_of_schools import found_authorities
from tests.unit.cli.conftest import Done, Yima

PEOPLE = ("李老师", "Wang Fang", "Zhang Wei")
ENCRYPT = pbes2.encrypt


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """600,000 rounds for each share would only take time here."""
    monkeypatch.setattr(pbes2, "encrypt", lambda info, password, profile: ENCRYPT(info, password, profile, 10_000))


@pytest.fixture
def phrases(tmp_path: Path) -> list[str]:
    """Options that say where each custodian's passphrase is."""
    for number, name in enumerate(PEOPLE):
        (tmp_path / f"{number}.phrase").write_text(f"passphrase of {name}\n")
    return [f"--passphrase-file={name}={tmp_path / f'{number}.phrase'}" for number, name in enumerate(PEOPLE)]


def split(yima: Yima, folder: Path, phrases: list[str]) -> Done:
    names = [f"--custodian={name}" for name in PEOPLE]
    return yima("key", "split", "--shares", "3", "--threshold", "2", *names, *phrases, "--out", str(folder), "--json")


def test_the_master_key_is_split_lost_and_restored_by_two_of_three(
    yima: Yima, deployment_settings: Settings, tmp_path: Path, phrases: list[str]
) -> None:
    made = split(yima, tmp_path, phrases).json
    assert [one["custodian"] for one in made] == list(PEOPLE)
    files = [one["file"] for one in made]
    assert all(Path(file).stat().st_mode & 0o077 == 0 for file in files)
    shown = yima("key", "master", "show", "--json").json
    assert (shown["name"], shown["custodians"], shown["threshold"]) == (made[0]["master"], list(PEOPLE), 2)
    assert yima("key", "combine", files[0], phrases[0], "--check").code == 0

    path = deployment_settings.home / "master.key"
    text = path.read_text()
    there = yima("key", "combine", *files[:2], *phrases[:2])
    assert (there.code, "already" in there.err) == (1, True)
    path.unlink()
    assert "master.key" in yima("key", "list").err
    assert "1 are here" in yima("key", "combine", files[0], phrases[0]).err
    assert "same share" in yima("key", "combine", files[0], files[0], phrases[0]).err
    wrong = yima("key", "combine", files[0], files[1], phrases[0], phrases[1].replace("1.phrase", "0.phrase"))
    assert (wrong.code, "Wang Fang" in wrong.err) == (1, True)
    assert not path.exists()
    restored = yima("key", "combine", *files[1:], *phrases[1:], "--json")
    assert (restored.code, restored.json["proof"]) == (0, "its name, and the database")
    assert (path.read_text(), path.stat().st_mode & 0o077) == (text, 0)
    assert yima("key", "list").code == 0
    assert text.strip() not in str((there, wrong, restored))


def test_after_a_change_of_the_master_key_the_old_shares_are_void(
    yima: Yima, deployment_settings: Settings, tmp_path: Path, phrases: list[str]
) -> None:
    files = [one["file"] for one in split(yima, tmp_path, phrases).json]
    done = yima("key", "master", "rotate", "--yes", "--json")
    assert (done.code, "old key only" in done.err) == (0, True)
    shown = yima("key", "master", "show", "--json").json
    assert (shown["name"], shown["custodians"], len(shown["old"])) == (done.json["after"], [], 1)
    path = deployment_settings.home / "master.key"
    path.rename(tmp_path / "kept")
    other = yima("key", "combine", *files[:2], *phrases[:2])
    assert (other.code, done.json["after"] in other.err, path.exists()) == (1, True, False)
    for_backups = yima("key", "combine", *files[:2], *phrases[:2], "--out", str(tmp_path / "old.key"), "--json")
    assert (for_backups.code, for_backups.json["master"]) == (0, done.json["before"])
    (tmp_path / "kept").rename(path)
    gone = yima("key", "master", "confirm", "--yes", "--json").json["gone"]
    assert [Path(one).name for one in gone] == [f"master.key.old-{done.json['before']}"]
    assert yima("doctor", "--json").code == 0


def test_a_share_sealed_to_a_certificate_opens_with_its_key(
    yima: Yima, deployment_settings: Settings, tmp_path: Path, phrases: list[str]
) -> None:
    with closing(open_deployment(deployment_settings)) as deployment:
        key = sm2.PrivateKey.generate()
        signer = SoftwareSigner("SGD_SM3_SM2", SM2Key(key.public_key, key))
        row = found_authorities(deployment).issue(create_request(Name.of(("C", "CN"), ("CN", "Wang Fang")), signer))
    (tmp_path / "wang.pem").write_text(Certificate(row.der).to_pem())
    (tmp_path / "wang.key").write_text(write_private_key(key, None))
    people = [f"--custodian={name}" for name in PEOPLE[:2]]
    options = [f"--certificate=Wang Fang={tmp_path / 'wang.pem'}", phrases[0], "--out", str(tmp_path)]
    made = yima("key", "split", "--threshold", "2", *people, *options, "--json").json
    files = [one["file"] for one in made]
    assert "by --key" in yima("key", "combine", *files, phrases[0], "--check").err
    opened = yima("key", "combine", *files, phrases[0], "--key", str(tmp_path / "wang.key"), "--check", "--json")
    assert (opened.code, opened.json["master"]) == (0, made[0]["master"])


@pytest.mark.parametrize(
    "arguments",
    [
        ("--threshold", "4", "--custodian", "a", "--custodian", "b"),
        ("--threshold", "2", "--custodian", "a", "--custodian", "a"),
        ("--threshold", "1", "--custodian", "a", "--custodian", "b"),
        ("--threshold", "2", "--shares", "1", "--custodian", "a", "--custodian", "b"),
        ("--threshold", "2", "--shares", "2", "--custodian", "a", "--custodian", "b", "--custodian", "c"),
        ("--threshold", "2", "--custodian", "a", "--custodian", "b", "--passphrase-file", "d=/dev/null"),
        ("--threshold", "2", "--custodian", "a", "--custodian", "b", "--passphrase-file", "a=/dev/null"),
    ],
)
def test_a_split_that_makes_no_sense_writes_nothing(yima: Yima, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert yima("key", "split", *arguments, "--out", str(tmp_path)).code in (1, 2)
    assert list(tmp_path.iterdir()) == []
