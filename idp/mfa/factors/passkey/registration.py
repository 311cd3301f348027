"""Judging a passkey that was just made (WebAuthn §7.1)."""

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from webauthn import verify_registration_response
from webauthn.helpers import bytes_to_base64url, decode_credential_public_key, decoded_public_key_to_cryptography, parse_cbor
from webauthn.helpers.cose import COSECRV, COSEAlgorithmIdentifier
from webauthn.helpers.decode_credential_public_key import DecodedEC2PublicKey, DecodedOKPPublicKey, DecodedRSAPublicKey
from webauthn.helpers.structs import (
    AuthenticatorAttestationResponse,
    CredentialDeviceType,
    PublicKeyCredentialType,
    RegistrationCredential,
)

from idp.mfa.factors.passkey.answers import RegistrationAnswer, read_authenticator_data
from idp.mfa.factors.passkey.ceremony import CREATE, check_authenticator_data, check_client_data
from idp.mfa.factors.passkey.errors import MalformedAnswer, UnsupportedKey
from idp.mfa.factors.passkey.library import refusing
from idp.mfa.factors.passkey.options import ALGORITHMS
from idp.mfa.factors.passkey.relying_party import RelyingParty

MIN_RSA_BITS, MAX_RSA_BITS = 2048, 4096
# WebAuthn §5.4.7: with attestation "none" the client leaves nothing but these, "packed" where the new key signs for itself.
FORMATS = ("none", "packed")


@dataclass(frozen=True)
class NewPasskey:
    """What is kept of a passkey. ``public_key`` is a COSE key; ``backup_eligible`` tells one that is copied between devices."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    backup_eligible: bool
    backed_up: bool
    transports: tuple[str, ...]


def verify_registration(answer: RegistrationAnswer, *, challenge: bytes, relying_party: RelyingParty) -> NewPasskey:
    """The passkey in ``answer``, made for us just now by a device that checked who holds it. Raises :class:`PasskeyRefused`.

    Whether anybody has it already, and whether the challenge was spent, the caller asks.
    """
    check_client_data(answer.client_data, CREATE, challenge, relying_party)
    with refusing(MalformedAnswer):
        attestation = parse_cbor(answer.attestation_object)
        format_, raw = attestation["fmt"], attestation["authData"]
    if format_ not in FORMATS or not isinstance(raw, bytes):
        raise MalformedAnswer(detail="attestation format")
    data = read_authenticator_data(raw)
    check_authenticator_data(data, relying_party)
    made = data.attested_credential_data
    if made is None or made.credential_id != answer.credential_id:
        raise MalformedAnswer(detail="another credential id inside")
    check_public_key(made.credential_public_key)
    # The checks above say what was wrong; the library's own, the same and more, stand behind them.
    with refusing(MalformedAnswer):
        verified = verify_registration_response(
            credential=RegistrationCredential(
                id=bytes_to_base64url(answer.credential_id),
                raw_id=answer.credential_id,
                response=AuthenticatorAttestationResponse(answer.client_data.raw, answer.attestation_object),
                type=PublicKeyCredentialType.PUBLIC_KEY,
            ),
            expected_challenge=challenge,
            expected_rp_id=relying_party.id,
            expected_origin=list(relying_party.origins),
            require_user_verification=True,
            supported_pub_key_algs=ALGORITHMS,
        )
    return NewPasskey(
        verified.credential_id,
        verified.credential_public_key,
        verified.sign_count,
        verified.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
        verified.credential_backed_up,
        answer.transports,
    )


def check_public_key(cose_key: bytes) -> None:
    """WebAuthn §5.8.5: an algorithm that was offered, on its own curve, and a key of it. Raises :class:`UnsupportedKey`."""
    with refusing(UnsupportedKey):
        key = decode_credential_public_key(cose_key)
        if isinstance(key, DecodedEC2PublicKey):
            fits = key.alg == COSEAlgorithmIdentifier.ECDSA_SHA_256 and key.crv == COSECRV.P256
            fits = fits and len(key.x) == len(key.y) == 32
        elif isinstance(key, DecodedOKPPublicKey):
            fits = key.alg == COSEAlgorithmIdentifier.EDDSA and key.crv == COSECRV.ED25519
        else:
            fits = isinstance(key, DecodedRSAPublicKey) and key.alg == COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256
        if not fits:
            raise UnsupportedKey(detail="algorithm or curve")
        opened = decoded_public_key_to_cryptography(key)  # off the curve is refused in here
        if isinstance(opened, RSAPublicKey) and not MIN_RSA_BITS <= opened.key_size <= MAX_RSA_BITS:
            raise UnsupportedKey(detail="size of the RSA key")
