"""``yima upstream add saml``: identity providers of others, entered as ``docs/carsi-as-way-in.md`` has it."""

import shlex
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from tests.identity_provider import IDP, SSO, IdentityProvider
from tests.service_provider import pem, signed
from tests.services.processes import ROOT
from tests.services.receiver import receiving
from tests.unit.cli.conftest import Yima

FEED = "https://www.carsi.edu.cn/carsimetadata/carsifed-metadata.xml"


@pytest.fixture
def school(yima: Yima) -> str:
    return str(yima("school", "issue", "--category", "21", "--province", "11", "第一小学", "--json").json["code"])


def documented(found: dict[str, str]) -> list[list[str]]:
    """The commands of the page, with the test's own school, files and addresses in them."""
    text = (ROOT / "docs" / "carsi-as-way-in.md").read_text(encoding="utf-8").replace("\\\n", " ")
    for name, value in found.items():
        text = text.replace(name, value)
    return [shlex.split(line.partition(" > ")[0])[1:] for line in text.splitlines() if line.startswith("yima upstream")]


@pytest.fixture
def provider() -> IdentityProvider:
    return IdentityProvider(datetime(2026, 9, 1, 8, tzinfo=UTC))


def test_the_documented_commands_work_as_they_stand(
    yima: Yima, school: str, provider: IdentityProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YIMA_ALLOW_PRIVATE_FETCHES", "true")
    (tmp_path / "idp.xml").write_text(provider.metadata(), encoding="utf-8")
    (tmp_path / "carsi.pem").write_text(pem("federation")[1], encoding="utf-8")
    with receiving() as federation:
        other = IdentityProvider(provider.now, entity_id="https://idp.pku.edu.cn/idp/shibboleth").metadata()
        two = f"{provider.metadata()}{other.replace('_metadata', '_metadata2')}"
        feed = f'<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" ID="_feed" validUntil="2099-01-01T00:00:00Z">{two}'
        federation.documents["/feed.xml"] = signed(f"{feed}</md:EntitiesDescriptor>", "federation").encode()
        places = {"idp-metadata.xml": str(tmp_path / "idp.xml"), "carsi.pem": str(tmp_path / "carsi.pem"), "4111010027": school}
        campus, metadata, member = documented(places | {FEED: f"{federation.url}/feed.xml"})
        entered = yima(*campus)
        assert entered.code == 0
        for words in ("http://localhost:8000/upstream/campus/callback", "http://localhost:8000/upstream/campus/metadata"):
            assert words in entered.out
        told = yima("upstream", "test", "campus", "--json").json
        assert (told["entity_id"], told["sso"], told["certificates"]) == (IDP, SSO, 1)
        shown = yima(*member, "--json").json["settings"]
        assert (shown["entity_id"], shown["subject"]) == ("https://idp.pku.edu.cn/idp/shibboleth", "eduPersonTargetedID")
    ours = etree.fromstring(yima(*metadata).out.strip().encode())
    assert ours.get("entityID") == "http://localhost:8000/upstream/campus/metadata"


def test_what_cannot_be_used_is_said_in_one_line(yima: Yima, school: str, provider: IdentityProvider, tmp_path: Path) -> None:
    (tmp_path / "idp.xml").write_text(provider.metadata(), encoding="utf-8")
    (tmp_path / "other.pem").write_text(pem("other")[1], encoding="utf-8")
    words = ("upstream", "add", "saml", "campus", "--title", "校园", "--metadata", str(tmp_path / "idp.xml"))
    for more in (
        ("--certificate", str(tmp_path / "other.pem")),
        ("--entity-id", "https://nobody.example"),
        ("--match", "local_number"),
        ("--institution", "1111111111"),
        ("--metadata-url", "https://idp.other.edu.cn/metadata"),
    ):
        done = yima(*words, *more)
        assert (done.code, done.out, done.err.count("\n")) == (1, "", 1), more
    assert yima(*words[:-2]).code == 1
    assert yima(*words, "--level", "https://refeds.org/profile/mfa", "9").code == 2
    assert yima("upstream", "metadata", "nobody").code == 1
