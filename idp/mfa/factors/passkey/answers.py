"""What the browser hands back, read strictly: each member once, each value in its one spelling, nothing oversized."""

from codecs import BOM_UTF8
from dataclasses import dataclass
from typing import Any

from webauthn.helpers import parse_authenticator_data
from webauthn.helpers.structs import AuthenticatorData

from idp.crypto import base64url
from idp.crypto.errors import InvalidEncoding
from idp.crypto.jose import strict_json
from idp.mfa.factors.passkey.errors import MalformedAnswer
from idp.mfa.factors.passkey.library import refusing
from idp.mfa.factors.passkey.options import TRANSPORTS

MAX_ANSWER = 32 * 1024  # characters; an ordinary one has a thousand
MAX_CREDENTIAL_ID = 1023  # WebAuthn §7.1: longer ones are refused


@dataclass(frozen=True)
class ClientData:
    """What the browser says of the ceremony (WebAuthn §5.8.1), and ``raw``, the bytes that are signed."""

    raw: bytes
    type: str
    challenge: bytes
    origin: str


@dataclass(frozen=True)
class RegistrationAnswer:
    """A passkey that was just made."""

    credential_id: bytes
    client_data: ClientData
    attestation_object: bytes
    transports: tuple[str, ...]


@dataclass(frozen=True)
class AssertionAnswer:
    """A passkey that was just used. ``user_handle`` is there when the person chose among the passkeys of their device."""

    credential_id: bytes
    client_data: ClientData
    authenticator_data: bytes
    signature: bytes
    user_handle: bytes | None


def read_registration(text: str) -> RegistrationAnswer:
    """The answer to ``credentials.create()`` in the JSON form of WebAuthn §5.1. Raises :class:`MalformedAnswer`."""
    credential_id, response = _read(text)
    transports = response.get("transports", [])
    if not isinstance(transports, list):
        raise MalformedAnswer(detail="transports is no list")
    known = tuple(sorted({name for name in transports if isinstance(name, str)} & TRANSPORTS))
    return RegistrationAnswer(credential_id, _client_data(response), _bytes(response, "attestationObject"), known)


def read_assertion(text: str) -> AssertionAnswer:
    """The answer to ``credentials.get()`` in the JSON form of WebAuthn §5.1. Raises :class:`MalformedAnswer`."""
    credential_id, response = _read(text)
    handle = _bytes(response, "userHandle") if response.get("userHandle") is not None else None
    authenticator_data, signature = _bytes(response, "authenticatorData"), _bytes(response, "signature")
    return AssertionAnswer(credential_id, _client_data(response), authenticator_data, signature, handle)


def read_authenticator_data(data: bytes) -> AuthenticatorData:
    """WebAuthn §6.1, to its last byte. Raises :class:`MalformedAnswer`."""
    with refusing(MalformedAnswer):
        return parse_authenticator_data(data)


def _read(text: str) -> tuple[bytes, dict[str, Any]]:
    if len(text) > MAX_ANSWER:
        raise MalformedAnswer(detail="oversized")
    try:
        answer = strict_json.read_object(text.encode())
    except (InvalidEncoding, UnicodeEncodeError):
        raise MalformedAnswer(detail="not JSON") from None
    response = answer.get("response")
    if answer.get("type") != "public-key" or not isinstance(response, dict) or answer.get("rawId") != answer.get("id"):
        raise MalformedAnswer(detail="not a public-key credential")
    credential_id = _bytes(answer, "id")
    if not 1 <= len(credential_id) <= MAX_CREDENTIAL_ID:
        raise MalformedAnswer(detail="length of the credential id")
    return credential_id, response


def _client_data(response: dict[str, Any]) -> ClientData:
    raw = _bytes(response, "clientDataJSON")
    try:
        members = strict_json.read_object(raw.removeprefix(BOM_UTF8))  # WebAuthn §7.1: UTF-8 decode strips it
    except InvalidEncoding:
        raise MalformedAnswer(detail="clientDataJSON is not JSON") from None
    kind, origin = members.get("type"), members.get("origin")
    if not isinstance(kind, str) or not isinstance(origin, str):
        raise MalformedAnswer(detail="clientDataJSON lacks type or origin")
    # WebAuthn §13.4.9: our pages are never in a frame of another site; what says it was in one is no answer to us.
    if members.get("crossOrigin", False) is not False or "topOrigin" in members:
        raise MalformedAnswer(detail="made in a frame of another site")
    return ClientData(raw, kind, _bytes(members, "challenge"), origin)


def _bytes(members: dict[str, Any], name: str) -> bytes:
    value = members.get(name)
    if not isinstance(value, str):
        raise MalformedAnswer(detail=f"{name} is no text")
    try:
        return base64url.decode(value)
    except InvalidEncoding:
        raise MalformedAnswer(detail=f"{name} is not base64url") from None
