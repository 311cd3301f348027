"""Metadata that is fetched again: an identity provider changes its key, and nobody has to be told."""

from dataclasses import replace

import pytest

from idp.outgoing import Outgoing
from idp.upstream.errors import AnswerRefused, UpstreamSilent
from idp.upstream.saml import entering
from idp.upstream.saml.entering import Source
from idp.upstream.saml.kind import SamlKind
from tests.clocks import SettableClock
from tests.identity_provider import SUBJECT
from tests.service_provider import der, signed
from tests.services.receiver import Receiver, receiving
from tests.unit.upstream.saml.conftest import Client


@pytest.fixture
def fetching(client: Client) -> Client:
    settings = client.server.deployment.settings.model_copy(update={"allow_private_fetches": True})
    return replace(client, server=replace(client.server, outgoing=Outgoing(settings)))


def publish(client: Client, there: Receiver, key: str, *, by: str = "federation") -> None:
    there.documents["/metadata"] = signed(client.there.metadata(key=key), by).encode()
    client.changes = {"metadata_url": f"{there.url}/metadata", "metadata_certificates": [der("federation")]}


def later(client: Client) -> None:
    """As if an hour had gone by."""
    client.server.kept.clear()


def test_a_new_key_is_believed_once_the_metadata_has_it_and_the_old_one_no_more(fetching: Client) -> None:
    with receiving() as there:
        publish(fetching, there, "idp")
        assert fetching.arrive().subject == SUBJECT
        publish(fetching, there, "idp-next")
        later(fetching)
        fetching.there.assertion_id = "_2"
        with pytest.raises(AnswerRefused):
            fetching.arrive()
        fetching.there.key, fetching.there.assertion_id = "idp-next", "_3"
        assert fetching.arrive().subject == SUBJECT
        # Fetched once for all of these, until its hour is over.
        assert len(there.fetched) == 2


def test_what_was_known_last_holds_while_it_cannot_be_fetched_or_is_signed_by_another(fetching: Client) -> None:
    with receiving() as there:
        publish(fetching, there, "mallory", by="mallory")
        assert fetching.arrive().subject == SUBJECT
        with pytest.raises(UpstreamSilent):
            SamlKind().check(fetching.server, fetching.upstream)
    later(fetching)
    fetching.there.assertion_id = "_2"
    assert fetching.arrive().subject == SUBJECT


def test_metadata_that_says_until_when_it_holds_holds_no_longer(fetching: Client, clock: SettableClock) -> None:
    with receiving() as there:
        text = fetching.there.metadata(more='validUntil="2026-09-01T09:00:00Z"')
        there.documents["/metadata"] = signed(text, "federation").encode()
        source = Source(f"{there.url}/metadata", (der("federation"),))
        fetching.changes = dict(entering.settings_of(there.documents["/metadata"], source, clock.now()))
        assert fetching.arrive().subject == SUBJECT
    clock.forward(hours=2)
    later(fetching)
    with pytest.raises(UpstreamSilent):
        fetching.depart()
