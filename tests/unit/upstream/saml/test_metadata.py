"""Metadata of identity providers, ours as a service provider, and what is entered of a provider."""

from typing import Any

import pytest
from lxml import etree

from idp.sso.saml.errors import MetadataRefused
from idp.upstream.errors import InvalidUpstream
from idp.upstream.kinds import read_settings
from idp.upstream.saml import decryption, idp_metadata, own_metadata
from idp.upstream.saml.kind import SamlKind
from tests.identity_provider import IDP, SSO, IdentityProvider
from tests.service_provider import der, signed
from tests.unit.upstream.saml.conftest import ACS, US, Client


def test_our_metadata_is_signed_and_has_what_the_other_side_needs(client: Client) -> None:
    client.secrets = {"decryption_key": decryption.new_key()}
    root = etree.fromstring(own_metadata.document(client.server, client.upstream, client.there.now))
    assert root.get("entityID") == US
    uses = [one.get("use") for one in root.iter("{urn:oasis:names:tc:SAML:2.0:metadata}KeyDescriptor")]
    assert set(uses) == {"signing", "encryption"}
    assert root.find(".//{urn:oasis:names:tc:SAML:2.0:metadata}AssertionConsumerService").get("Location") == ACS


def test_metadata_tells_address_and_keys(client: Client) -> None:
    there = client.there
    read = idp_metadata.read(there.metadata().encode(), there.now)
    assert (read.entity_id, read.sso, read.certificates) == (IDP, SSO, (der("idp"),))
    by_federation = idp_metadata.read(signed(there.metadata(), "federation").encode(), there.now, certificates=(der("federation"),))
    assert by_federation == read


def feed(*entities: str, until: str = 'validUntil="2099-01-01T00:00:00Z"') -> str:
    return f'<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" ID="_feed" {until}>{"".join(entities)}</md:EntitiesDescriptor>'


def test_a_federations_feed_is_signed_and_one_of_its_members_is_taken(client: Client) -> None:
    there, other = client.there, IdentityProvider(client.there.now, entity_id="https://idp2.other.edu.cn/idp")
    both = feed(there.metadata(), other.metadata().replace("_metadata", "_metadata2"))
    trusted = {"entity_id": IDP, "certificates": (der("federation"),)}
    assert idp_metadata.read(signed(both, "federation").encode(), there.now, **trusted).entity_id == IDP
    for text, more in (
        (both, {"entity_id": IDP}),
        (signed(both, "mallory"), trusted),
        (both, trusted),
        (signed(both, "federation").replace(SSO, "https://evil.example/sso"), trusted),
        (signed(both, "federation"), {"certificates": (der("federation"),)}),
        (signed(feed(there.metadata(), until=""), "federation"), trusted),
        (signed(feed(there.metadata(), until='validUntil="2020-01-01T00:00:00Z"'), "federation"), trusted),
        (signed(both, "federation"), {"entity_id": "https://nobody.example", "certificates": (der("federation"),)}),
    ):
        with pytest.raises(MetadataRefused):
            idp_metadata.read(text.encode(), there.now, **more)


@pytest.mark.parametrize(
    "change",
    [
        ("https://idp.other.edu.cn/idp/profile", "http://idp.other.edu.cn/idp/profile"),
        ("HTTP-Redirect", "HTTP-POST"),
        ('use="signing"', 'use="encryption"'),
        ("urn:oasis:names:tc:SAML:2.0:protocol", "urn:oasis:names:tc:SAML:1.1:protocol"),
        ("<md:EntityDescriptor", '<!DOCTYPE a [<!ENTITY x "y">]><md:EntityDescriptor'),
        ("IDPSSODescriptor", "SPSSODescriptor"),
    ],
)
def test_metadata_that_cannot_be_used_is_refused(client: Client, change: tuple[str, str]) -> None:
    with pytest.raises(MetadataRefused):
        idp_metadata.read(client.there.metadata().replace(*change).encode(), client.there.now)


@pytest.mark.parametrize(
    "said",
    [
        {"entity_id": ""},
        {"sso": "http://idp.other.edu.cn/sso"},
        {"certificates": []},
        {"certificates": ["x"]},
        {"metadata_url": "ftp://idp.other.edu.cn/"},
        {"subject": "mail"},
        {"more": "x"},
    ],
)
def test_settings_that_break_a_rule_are_refused(said: dict[str, Any]) -> None:
    with pytest.raises(InvalidUpstream):
        read_settings(SamlKind(), {"entity_id": IDP, "sso": SSO, "certificates": [der("idp")]} | said)
