"""What holds for both ceremonies: whose answer it is, and to what."""

from hashlib import sha256
from secrets import compare_digest

from webauthn.helpers.structs import AuthenticatorData

from idp.mfa.factors.passkey.answers import ClientData
from idp.mfa.factors.passkey.errors import UserNotVerified, WrongCeremony, WrongChallenge, WrongOrigin, WrongRelyingParty
from idp.mfa.factors.passkey.relying_party import RelyingParty

CREATE, GET = "webauthn.create", "webauthn.get"


def check_client_data(client_data: ClientData, kind: str, challenge: bytes, relying_party: RelyingParty) -> None:
    """WebAuthn §7.1, §7.2: this ceremony, our challenge, a page of ours."""
    if client_data.type != kind:
        raise WrongCeremony
    if not compare_digest(client_data.challenge, challenge):
        raise WrongChallenge
    if client_data.origin not in relying_party.origins:
        raise WrongOrigin


def check_authenticator_data(data: AuthenticatorData, relying_party: RelyingParty) -> None:
    """WebAuthn §7.1, §7.2: made for us, somebody was there, and the device knows that it is its owner."""
    if not compare_digest(data.rp_id_hash, sha256(relying_party.id.encode()).digest()):
        raise WrongRelyingParty
    # Our policy: user verification always. A passkey that only proves presence would be one factor, and a stolen one enough.
    if not data.flags.up or not data.flags.uv:
        raise UserNotVerified
