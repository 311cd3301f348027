"""SAML as a way in: to the identity provider with a signed request, back from it with an assertion, from there to a person."""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, ClassVar

from idp.deployment import SYSTEM
from idp.sso.saml import bindings, xml
from idp.sso.saml.errors import SamlError
from idp.sso.saml.sign_in import answer_once
from idp.upstream import arrival
from idp.upstream.arrival import Arrival
from idp.upstream.errors import AnswerRefused, SignInDeclined, UpstreamSilent
from idp.upstream.kinds import Asked, Departure, KindSettings, Upstream
from idp.upstream.saml import assertion, idp_metadata, request
from idp.upstream.saml.assertion import Believed, Declined, Expected
from idp.upstream.saml.idp_metadata import IdpDescribed
from idp.upstream.saml.party import party
from idp.upstream.saml.settings import DECRYPTION_KEY, NAME_ID, SamlSettings
from idp.upstream.server import UpstreamServer

EVERY_SECONDS, AGAIN_SECONDS = 3600.0, 300.0
FIELDS = {"name": "displayName", "acr": "authn_context"}
# Core §3.2.2.2: the person or the provider did not want; anything else is a mistake.
DECLINED = ("AuthnFailed", "RequestDenied", "UnknownPrincipal", "NoAuthnContext", "NoPassive")


class SamlKind:
    """See :class:`idp.upstream.kinds.Kind`."""

    name: ClassVar[str] = "saml"
    settings: ClassVar[type[KindSettings]] = SamlSettings
    needs_secret: ClassVar[bool] = False  # the key that opens assertions is there or is not
    state_parameter: ClassVar[str] = "RelayState"

    def can_ask_anew(self, settings: SamlSettings) -> bool:  # noqa: ARG002
        """It can, and the answer says when it was."""
        return True

    def depart(self, server: UpstreamServer, upstream: Upstream, asked: Asked) -> Departure:
        """A signed ``AuthnRequest`` by redirect."""
        now, described = server.deployment.clock.now(), _described(server, upstream)
        us = party(server, upstream)
        url, request_id = request.address(us, upstream.settings, described.sso, asked.state, now, anew=asked.anew)
        memory = {"request_id": request_id} | ({"since": str(int(now.timestamp()))} if asked.anew else {})
        return Departure(url, memory)

    def arrive(self, server: UpstreamServer, upstream: Upstream, answer: Mapping[str, str], memory: Mapping[str, str]) -> Arrival:
        """The person of the assertion."""
        now, described, us = server.deployment.clock.now(), _described(server, upstream), party(server, upstream)
        expected = Expected(
            issuer=upstream.settings.entity_id,
            certificates=described.certificates,
            audience=us.entity_id,
            recipient=us.acs,
            request_id=memory["request_id"],
            now=now,
            since=datetime.fromtimestamp(int(memory["since"]), UTC) if "since" in memory else None,
            decryption_key=upstream.secrets.get(DECRYPTION_KEY, ""),
        )
        try:
            received = bindings.from_form(answer.get("SAMLResponse", ""), None)
            believed = assertion.believe(received.element, expected)
            # Profiles §4.1.4.5: an assertion is taken once, whatever request it is brought for.
            with server.deployment.transaction(SYSTEM) as tx:
                answer_once(tx, f"upstream:{upstream.settings.entity_id}", believed.assertion_id)
        except Declined as declined:
            kind = SignInDeclined if declined.status in DECLINED else AnswerRefused
            raise kind(provider=upstream.title, detail=f"status {declined.status!r}") from None
        except SamlError as error:
            raise AnswerRefused(provider=upstream.title, detail=error.detail or error.code) from None
        arrived = _arrival(upstream.settings, believed)
        if arrived is None:
            raise AnswerRefused(provider=upstream.title, detail=f"no {upstream.settings.subject}, or more than one")
        return arrived

    def check(self, server: UpstreamServer, upstream: Upstream) -> dict[str, Any]:
        """What is known of it, its metadata fetched anew where it has an address."""
        server.kept.pop(_key(upstream), None)
        settings: SamlSettings = upstream.settings
        described = _fetched(server, upstream) if settings.metadata_url else _known(settings)
        us = party(server, upstream)
        return {
            "entity_id": described.entity_id,
            "sso": described.sso,
            "certificates": len(described.certificates),
            "our_entity_id": us.entity_id,
            "our_acs": us.acs,
        }


def _arrival(settings: SamlSettings, believed: Believed) -> Arrival | None:
    claims: dict[str, Any] = {**believed.attributes, "authn_context": believed.context}
    if settings.subject == NAME_ID:
        # Core §8.3.8: a transient name is nobody's the next time, so that only a persistent one is an account.
        claims[NAME_ID] = believed.persistent
    return arrival.read(claims, FIELDS | settings.fields | {"subject": settings.subject})


def _described(server: UpstreamServer, upstream: Upstream) -> IdpDescribed:
    """As its metadata says now, at most an hour old; as it was entered while that cannot be fetched."""
    settings: SamlSettings = upstream.settings
    if not settings.metadata_url:
        return _known(settings)
    until, text = server.kept.get(_key(upstream), (0.0, ""))
    if time.monotonic() < until:
        return _from_text(text, settings)
    try:
        found, seconds = _fetched(server, upstream), EVERY_SECONDS
    except UpstreamSilent:
        found, seconds = _from_text(text, settings), AGAIN_SECONDS
    # SAML Metadata §2.3.2: a key that was lost must not be good for as long as somebody can keep the news from us.
    if found.until is not None and found.until <= server.deployment.clock.now():
        raise UpstreamSilent(provider=upstream.title, detail="its metadata is no longer valid")
    server.kept[_key(upstream)] = (time.monotonic() + seconds, json.dumps(asdict(found), default=str))
    return found


def _fetched(server: UpstreamServer, upstream: Upstream) -> IdpDescribed:
    settings: SamlSettings = upstream.settings
    fetched = server.get(upstream.title, settings.metadata_url, limit=xml.MAX_FEED_BYTES)
    if fetched.status != 200:
        raise UpstreamSilent(provider=upstream.title, detail=f"metadata: status {fetched.status}")
    now = server.deployment.clock.now()
    try:
        return idp_metadata.read(fetched.body, now, entity_id=settings.entity_id, certificates=settings.metadata_certificates)
    except SamlError as error:
        raise UpstreamSilent(provider=upstream.title, detail=f"metadata: {error.params.get('reason', error.code)}") from None


def _from_text(text: str, settings: SamlSettings) -> IdpDescribed:
    if not text:
        return _known(settings)
    said = json.loads(text)
    until = datetime.fromisoformat(said["until"]) if said["until"] else None
    return IdpDescribed(said["entity_id"], said["sso"], tuple(said["certificates"]), until)


def _known(settings: SamlSettings) -> IdpDescribed:
    return IdpDescribed(settings.entity_id, settings.sso, settings.certificates, settings.metadata_until)


def _key(upstream: Upstream) -> str:
    return f"saml-metadata:{upstream.slug}"
