"""The text that a person signs: every word of it is shown on the phone, and the phone refuses a text that it cannot show whole."""

import json
import secrets

from idp.apps import register
from idp.apps.errors import NoSuchApp
from idp.audit import Transaction
from idp.mfa.factor import Purpose, Site
from idp.mfa.tables import Challenge
from idp.registry.tables import Person

DOMAIN = "YIMA-COSIGN-LOGIN-1"
"""The first line. A key that signs sign-ins signs nothing else: no text of another kind begins so."""

_PURPOSES = {Purpose.SIGN_IN: "login", Purpose.STEP_UP: "step_up", Purpose.CONFIRM: "step_up", Purpose.ENROL: "enrol"}


def compose(tx: Transaction, site: Site, challenge: Challenge, kid: str, purpose: str = "") -> str:
    """The message for ``challenge`` and the key ``kid``: the domain, a line feed, and JSON in the one spelling of RFC 8785.

    Every member is text or a whole number, so that this spelling is sorted names without white space. The two-digit number of
    the page is not in it: it is what the person carries over, and the proof is bound to it.
    """
    settings = site.settings
    members = {
        "acr": f"urn:yima:acr:{challenge.level}",
        "client_id": challenge.client_id,
        "client_name": _app_name(tx, challenge.client_id) or settings.organisation,
        "exp": int(challenge.expires_at.timestamp()),
        "iat": int(tx.now.timestamp()),
        "ip_text": tx.actor.address or "",
        "iss": settings.public_url,
        "kid": kid,
        "nonce": secrets.token_urlsafe(16),
        "purpose": purpose or _PURPOSES[Purpose(challenge.purpose)],
        "sub": tx.session.get_one(Person, challenge.person_id).number,
        "tx": challenge.id,
    }
    return f"{DOMAIN}\n{json.dumps(members, ensure_ascii=False, sort_keys=True, separators=(',', ':'))}"


def _app_name(tx: Transaction, client_id: str) -> str:
    try:
        return register.by_id(tx.session, client_id).name if client_id else ""
    except NoSuchApp:
        return ""
