"""The signatures that people made: kept with their message, shown to them, and verifiable by anybody without us."""

from base64 import b64encode
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from idp.audit import Transaction
from idp.crypto.der import signature_to_der
from idp.mfa.errors import NoSuchFactor
from idp.mfa.factors.cosign.tables import CosignKey, CosignSignature
from idp.mfa.tables import Challenge, Credential

SHOWN = 50
# RFC 5480 SubjectPublicKeyInfo with the algorithm of GM/T 0006 for the SM2 curve (1.2.156.10197.1.301), up to the point.
_PUBLIC_KEY_INFO = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")


def keep(tx: Transaction, credential: Credential, key: CosignKey, challenge: Challenge, signature: bytes) -> None:
    """Keeps a signature that was verified. The challenge has one at most: a second is an error of the database."""
    row = CosignSignature(
        person_id=credential.person_id,
        kid=credential.handle or "",
        challenge_id=challenge.id,
        purpose=challenge.purpose,
        message=challenge.message,
        signature=signature.hex(),
        joint_point=key.joint_point or "",
        made_at=tx.now,
    )
    tx.session.add(row)
    tx.session.flush()


def of_challenge(session: Session, challenge_id: str) -> CosignSignature | None:
    """The signature that answered this challenge."""
    return session.scalar(select(CosignSignature).where(CosignSignature.challenge_id == challenge_id))


def latest(session: Session, person_id: int) -> Sequence[CosignSignature]:
    """The person's last signatures, the newest first."""
    mine = select(CosignSignature).where(CosignSignature.person_id == person_id)
    return session.scalars(mine.order_by(CosignSignature.id.desc()).limit(SHOWN)).all()


def find(session: Session, person_id: int, number: int) -> CosignSignature:
    """One of the person's own. Raises :class:`NoSuchFactor`."""
    row = session.get(CosignSignature, number)
    if row is None or row.person_id != person_id:
        raise NoSuchFactor
    return row


def exported(row: CosignSignature) -> dict[str, str]:
    """What a verifier needs, in one document: the message as it was signed, the signature as DER in Base64, the key as PEM."""
    return {
        "algorithm": "SM2 with SM3, GB/T 32918.2; signer ID 1234567812345678",
        "message": row.message,
        "signature": b64encode(signature_to_der(bytes.fromhex(row.signature))).decode(),
        "public_key": public_key_pem(row.joint_point),
        "received_at": row.made_at.isoformat(),
    }


def public_key_pem(point: str) -> str:
    """The joint key as a public key in PEM."""
    text = b64encode(_PUBLIC_KEY_INFO + bytes.fromhex(point)).decode()
    lines = "\n".join(text[start : start + 64] for start in range(0, len(text), 64))
    return f"-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n"
