"""Metadata of apps: from a file, and from a federation's signed feed (SAML Metadata)."""

from datetime import UTC, datetime, timedelta

import pytest

from idp.sso.saml import metadata
from idp.sso.saml.errors import MetadataRefused
from tests.service_provider import ACS, ENTITY, ServiceProvider, der, pem, signed

NOW = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
LATER = "2026-09-08T00:00:00Z"


def feed(*entities: str, until: str | None = LATER, more: str = "") -> str:
    validity = f' validUntil="{until}"' if until else ""
    texts = entities or (ServiceProvider().metadata(),)
    return f'<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" ID="_feed"{validity}>{"".join(texts)}{more}</md:EntitiesDescriptor>'


def read(text: str) -> list[str]:
    found, _until = metadata.read_feed(text.encode(), (der("federation"),), NOW)
    return [one.entity_id for one in found]


def test_what_is_used_of_a_file() -> None:
    found = metadata.read(ServiceProvider(signs=True, encryption="sp", soap="https://sp.example.edu.cn/soap").metadata().encode())
    assert (found.entity_id, found.requests_signed, found.origins) == (ENTITY, True, ("sp.example.edu.cn",))
    assert (found.signing, found.encryption) == ((der(),), (der(),))
    assert [one.location for one in found.consumers] == [ACS]


def test_comments_and_a_description_in_chinese_are_metadata_too() -> None:
    names = (
        '<md:Extensions><u:UIInfo xmlns:u="urn:oasis:names:tc:SAML:metadata:ui"><u:DisplayName xml:lang="en">Library</u:DisplayName>'
        '<u:DisplayName xml:lang="zh-CN">图书<!-- -->馆</u:DisplayName></u:UIInfo></md:Extensions>'
    )
    assert metadata.read(ServiceProvider(more=names).metadata().encode()).name == "图书馆"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("https://sp.example.edu.cn/Shibboleth.sso/SAML2/POST", "http://sp.example.edu.cn/acs"),
        ("https://sp.example.edu.cn/Shibboleth.sso/SAML2/POST", "javascript:alert(1)"),
        ("https://sp.example.edu.cn/Shibboleth.sso/SAML2/POST", "https://a@evil.example/acs"),
        ("https://sp.example.edu.cn/Shibboleth.sso/SAML2/POST", "https:///acs"),
        ("https://sp.example.edu.cn/Shibboleth.sso/SAML2/POST", ""),
        ("bindings:HTTP-POST", "bindings:HTTP-Artifact"),
        ("SAML:2.0:protocol", "SAML:1.1:protocol"),
        ("https://sp.example.edu.cn/shibboleth", ""),
        ("https://sp.example.edu.cn/shibboleth", "a b"),
        ("SPSSODescriptor", "IDPSSODescriptor"),
        ("<ds:X509Certificate>", "<ds:X509Certificate>AAAA"),
        ("<md:EntityDescriptor", "<!DOCTYPE a><md:EntityDescriptor"),
        ("</md:EntityDescriptor>", ""),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(before: str, after: str) -> None:
    text = ServiceProvider().metadata()
    assert before in text
    with pytest.raises(MetadataRefused):
        metadata.read(text.replace(before, after).encode())


def test_plain_http_by_an_administrators_word_only() -> None:
    text = ServiceProvider(acs="http://old.example.edu.cn/acs").metadata().encode()
    with pytest.raises(MetadataRefused):
        metadata.read(text)
    assert metadata.read(text, plain_http=True).consumers


def test_two_entities_in_a_file_are_not_one_app() -> None:
    with pytest.raises(MetadataRefused):
        metadata.read(feed(ServiceProvider().metadata(), ServiceProvider(entity_id="https://b.example").metadata()).encode())


def test_a_certificate_comes_as_pem_or_bare_and_has_a_key_that_is_long_enough() -> None:
    assert metadata.certificate_of(pem()[1]) == metadata.certificate_of(der()) == der()
    with pytest.raises(MetadataRefused):
        metadata.certificate_of(der("short", bits=1024))


def test_a_signed_feed_and_what_can_be_used_of_it() -> None:
    usable, old = (
        ServiceProvider().metadata(),
        ServiceProvider(entity_id="https://old.example", acs="http://old.example/").metadata(),
    )
    gone = ServiceProvider(entity_id="https://gone.example").metadata()
    over = gone.replace('entityID="https://gone', 'validUntil="2026-08-31T00:00:00Z" entityID="https://gone')
    assert read(signed(feed(usable, old, over), "federation")) == [ENTITY]


@pytest.mark.parametrize(
    "text",
    [
        feed(),
        signed(feed(), "mallory"),
        signed(feed(until=None), "federation"),
        signed(feed(until="2026-09-01T08:00:00Z"), "federation"),
        signed(feed(until="soon"), "federation"),
        signed(feed(), "federation").replace(ENTITY, "https://evil.example/sp"),
        signed(feed(), "federation").replace("</md:EntitiesDescriptor>", ServiceProvider().metadata() + "</md:EntitiesDescriptor>"),
        feed(more=signed(feed(), "federation")),
        "",
    ],
    ids=["unsigned", "by another", "for ever", "over", "no time", "changed", "more put in", "wrapped", "empty"],
)
def test_a_feed_that_is_not_the_federations_or_not_of_today_is_refused(text: str) -> None:
    with pytest.raises(MetadataRefused):
        read(text)


def test_times_are_read_in_utc() -> None:
    assert metadata.moment("2026-09-01T08:00:00") == NOW
    assert metadata.moment("2026-09-01T16:00:00+08:00") == NOW
    assert metadata.moment("2026-09-01T08:00:00.5Z") == NOW + timedelta(milliseconds=500)
