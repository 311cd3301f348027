"""``yima saml``."""

from pathlib import Path

import pytest
from lxml import etree

from idp.sso.saml import signature
from tests.service_provider import ACS, ENTITY, ServiceProvider, pem
from tests.unit.cli.conftest import Yima


@pytest.fixture
def school(yima: Yima) -> str:
    return str(yima("school", "issue", "--category", "21", "--province", "11", "第一小学", "--json").json["code"])


def add(school: str, folder: Path, provider: ServiceProvider, *more: str) -> tuple[str, ...]:
    file = folder / "sp.xml"
    file.write_text(provider.metadata(), encoding="utf-8")
    words = ("--owner", school, "--contact", "it@example.edu.cn", "--purpose", "借书", "--metadata", str(file))
    return ("saml", "sp", "add", "图书馆", *words, *more)


def test_the_life_of_a_saml_app_from_entering_to_ending(yima: Yima, school: str, tmp_path: Path) -> None:
    done = yima(*add(school, tmp_path, ServiceProvider(encryption="sp"), "--attribute", "displayName"))
    assert done.code == 0
    for words in ("http://localhost:8000/saml2/metadata", "/saml2/sso", "displayName", "/saml2/start?app=app_"):
        assert words in done.out
    (listed,) = yima("saml", "sp", "list", "--json").json
    app = listed["client_id"]
    assert (listed["entity_id"], listed["consumers"], listed["scopes"]) == (ENTITY, [ACS], ["openid", "profile"])
    assert (listed["signed"], listed["encrypted"]) == (False, True)
    assert [one["finding"] for one in yima("app", "report", "--json").json] == ["outside_domains"]

    changed = yima("saml", "sp", "set", app, "--attribute", "mail", "--acr", "2", "--no-encrypt", "--require-signed", "--json").json
    assert changed["rules"]["attributes"] == ["mail"]
    assert "email" in changed["scopes"]
    assert (changed["signed"], changed["encrypted"]) == (True, False)

    assert yima("saml", "sp", "remove", app, "--yes").code == 0
    assert yima("saml", "sp", "show", app, "--json").json["status"] == "retired"
    assert yima(*add(school, tmp_path, ServiceProvider())).code == 0


def test_what_contradicts_a_rule_is_said_in_one_line(yima: Yima, school: str, tmp_path: Path) -> None:
    assert yima(*add(school, tmp_path, ServiceProvider())).code == 0
    for provider, more in (
        (ServiceProvider(), ()),
        (ServiceProvider(entity_id="https://b.example", acs="http://b.example/acs"), ()),
        (ServiceProvider(entity_id="https://b.example"), ("--entitlement", "no uri")),
        (ServiceProvider(entity_id="https://b.example"), ("--school", "1111111111")),
        (ServiceProvider(entity_id="https://b.example", signing=None), ("--require-signed",)),
    ):
        done = yima(*add(school, tmp_path, provider, *more))
        assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)


def test_our_metadata_is_signed_by_the_certificate_that_is_printed(yima: Yima) -> None:
    printed = yima("saml", "certificate").out
    bare = ["".join(one.split("-----")[0].split()) for one in printed.split("-----BEGIN CERTIFICATE-----")[1:]]
    assert len(bare) == 2
    found = signature.verified(etree.fromstring(yima("saml", "metadata").out.strip().encode()), bare)
    assert found.get("entityID") == "http://localhost:8000/saml2/metadata"
    keys = found.findall(".//{http://www.w3.org/2000/09/xmldsig#}X509Certificate")
    # Of a rotation nobody has to be told: the key that comes next is there already.
    assert {key.text for key in keys} == set(bare)


def test_a_feed_is_entered_with_its_key(yima: Yima, school: str, tmp_path: Path) -> None:
    (tmp_path / "federation.pem").write_text(pem("federation")[1], encoding="utf-8")
    words = ("--certificate", str(tmp_path / "federation.pem"), "--owner", school, "--contact", "it@example.edu.cn", "--json")
    made = yima("saml", "feed", "add", "https://federation.example/metadata.xml", *words).json
    assert yima("saml", "feed", "list", "--json").json == [made]
    assert yima("saml", "feed", "add", "http://federation.example/metadata.xml", *words).code == 1
    assert yima("saml", "feed", "refresh", "99").code == 1
