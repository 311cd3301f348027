"""Judging a passkey that was just used (WebAuthn §7.2)."""

from dataclasses import dataclass
from secrets import compare_digest

from webauthn import verify_authentication_response
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.structs import AuthenticationCredential, AuthenticatorAssertionResponse, PublicKeyCredentialType

from idp.mfa.factors.passkey.answers import AssertionAnswer, read_authenticator_data
from idp.mfa.factors.passkey.ceremony import GET, check_authenticator_data, check_client_data
from idp.mfa.factors.passkey.errors import MalformedAnswer, SignCountRegressed, WrongOwner, WrongSignature
from idp.mfa.factors.passkey.library import refusing
from idp.mfa.factors.passkey.relying_party import RelyingParty


@dataclass(frozen=True)
class StoredPasskey:
    """What is known of the passkey that ``answer`` names."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    backup_eligible: bool
    user_handle: bytes


@dataclass(frozen=True)
class Assertion:
    """A right answer, and what changes in the row with it."""

    sign_count: int
    backed_up: bool


def verify_assertion(
    answer: AssertionAnswer, *, challenge: bytes, relying_party: RelyingParty, stored: StoredPasskey, names_owner: bool
) -> Assertion:
    """Raises :class:`PasskeyRefused` unless ``stored`` signed just now, for us, held by the one it belongs to.

    ``names_owner`` says that nobody has told us who it is yet, so that the answer must. :class:`SignCountRegressed` is raised
    for a right signature only: without the key nobody can make a passkey look copied. Whether the challenge was spent, and by
    whom first, the caller asks.
    """
    check_client_data(answer.client_data, GET, challenge, relying_party)
    _check_owner(answer, stored, names_owner)
    data = read_authenticator_data(answer.authenticator_data)
    check_authenticator_data(data, relying_party)
    # WebAuthn §7.2: whether a passkey can be copied between devices is fixed when it is made.
    if data.flags.be != stored.backup_eligible or (data.flags.bs and not data.flags.be):
        raise MalformedAnswer(detail="backup flags")
    with refusing(WrongSignature):
        verify_authentication_response(
            credential=AuthenticationCredential(
                id=bytes_to_base64url(answer.credential_id),
                raw_id=answer.credential_id,
                response=AuthenticatorAssertionResponse(answer.client_data.raw, answer.authenticator_data, answer.signature),
                type=PublicKeyCredentialType.PUBLIC_KEY,
            ),
            expected_challenge=challenge,
            expected_rp_id=relying_party.id,
            expected_origin=list(relying_party.origins),
            credential_public_key=stored.public_key,
            credential_current_sign_count=0,  # the library compares it before the signature; we do so after it, below
            require_user_verification=True,
        )
    check_sign_count(data.sign_count, stored.sign_count)
    return Assertion(data.sign_count, data.flags.bs)


def check_sign_count(now: int, before: int) -> None:
    """WebAuthn §6.1.1: it grows with each use. Passkeys that are copied between devices have none, and say 0 always."""
    if (now or before) and now <= before:
        raise SignCountRegressed


def _check_owner(answer: AssertionAnswer, stored: StoredPasskey, names_owner: bool) -> None:
    """WebAuthn §7.2: the handle inside the passkey is the one that was put there."""
    if answer.credential_id != stored.credential_id:
        raise WrongOwner
    if answer.user_handle is None:
        if names_owner:
            raise WrongOwner
    elif not compare_digest(answer.user_handle, stored.user_handle):
        raise WrongOwner
