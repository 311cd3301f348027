"""What a page hands to ``navigator.credentials``, in the JSON form of WebAuthn §5.1.8 and §5.1.9."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from webauthn import generate_authentication_options, generate_registration_options
from webauthn.helpers import options_to_json_dict
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from idp.mfa.factors.passkey.relying_party import RelyingParty

CHALLENGE_BYTES = 32  # WebAuthn §13.4.3: at least 16
LIFETIME_SECONDS = 300
# WebAuthn §5.4: the three every client is asked to know, the shortest signatures first.
ALGORITHMS = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
TRANSPORTS = frozenset(transport.value for transport in AuthenticatorTransport)


@dataclass(frozen=True)
class Owner:
    """A person as their authenticator keeps them: an opaque handle, and the names it shows when it lets them choose."""

    handle: bytes
    name: str
    display_name: str


@dataclass(frozen=True)
class Known:
    """A passkey that is there already: its id, and how its authenticator can be reached."""

    credential_id: bytes
    transports: tuple[str, ...] = ()


def registration_options(
    relying_party: RelyingParty, owner: Owner, challenge: bytes, known: Sequence[Known] = ()
) -> dict[str, Any]:
    """For ``credentials.create()``: a passkey that can be found without a name, by a device that checks who holds it.

    An authenticator that has one of ``known`` refuses to make another.
    """
    options = generate_registration_options(
        rp_id=relying_party.id,
        rp_name=relying_party.name,
        user_id=owner.handle,
        user_name=owner.name,
        user_display_name=owner.display_name,
        challenge=challenge,
        timeout=LIFETIME_SECONDS * 1000,
        attestation=AttestationConveyancePreference.NONE,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[_descriptor(one) for one in known],
        supported_pub_key_algs=ALGORITHMS,
    )
    return options_to_json_dict(options)


def assertion_options(relying_party: RelyingParty, challenge: bytes, known: Sequence[Known] = ()) -> dict[str, Any]:
    """For ``credentials.get()``: any of ``known``, or with none named whichever passkey the person chooses."""
    options = generate_authentication_options(
        rp_id=relying_party.id,
        challenge=challenge,
        timeout=LIFETIME_SECONDS * 1000,
        allow_credentials=[_descriptor(one) for one in known],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json_dict(options)


def _descriptor(one: Known) -> PublicKeyCredentialDescriptor:
    transports = [AuthenticatorTransport(name) for name in one.transports if name in TRANSPORTS]
    return PublicKeyCredentialDescriptor(id=one.credential_id, transports=transports or None)
