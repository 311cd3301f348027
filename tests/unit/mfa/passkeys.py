"""Passkeys as the tests of both ceremonies need them: a device of software, registered and asked."""

import json
import secrets
from collections.abc import Callable
from typing import Any

from idp.mfa.factors.passkey import answers, assertion, options, registration
from idp.mfa.factors.passkey.assertion import Assertion, StoredPasskey
from idp.mfa.factors.passkey.options import Owner
from idp.mfa.factors.passkey.registration import NewPasskey
from idp.mfa.factors.passkey.relying_party import RelyingParty
from tests.authenticator import Authenticator

HERE = RelyingParty("localhost", "一码", ("http://localhost:8000", "https://id.example.cn"))
OWNER = Owner(b"\x07" * 64, "P-1", "林小雨")
CHALLENGE = secrets.token_bytes(32)

Change = Callable[[dict[str, Any]], object]


def registered(device: Authenticator, *, change: Change | None = None, **more: Any) -> NewPasskey:
    answer = device.create(options.registration_options(HERE, OWNER, CHALLENGE), **more)
    if change is not None:
        change(answer)
    return registration.verify_registration(answers.read_registration(json.dumps(answer)), challenge=CHALLENGE, relying_party=HERE)


def stored(device: Authenticator) -> StoredPasskey:
    made = registered(device)
    return StoredPasskey(made.credential_id, made.public_key, made.sign_count, made.backup_eligible, OWNER.handle)


def asserted(
    device: Authenticator,
    row: StoredPasskey,
    *,
    change: Change | None = None,
    names_owner: bool = True,
    challenge: bytes = CHALLENGE,
    **more: Any,
) -> Assertion:
    answer = device.get(options.assertion_options(HERE, challenge), **more)
    if change is not None:
        change(answer)
    read = answers.read_assertion(json.dumps(answer))
    return assertion.verify_assertion(read, challenge=CHALLENGE, relying_party=HERE, stored=row, names_owner=names_owner)
