"""Making a key with a phone that has scanned the code of a set-up page."""

from sqlalchemy.exc import IntegrityError

from idp.audit import Transaction
from idp.crypto.cosign.device import check_device_key
from idp.crypto.cosign.encoding import write_point
from idp.crypto.cosign.keygen import Opening
from idp.crypto.errors import CryptoError
from idp.mfa.challenges import ChallengeState
from idp.mfa.factor import Purpose, Site, State
from idp.mfa.factors.cosign import CoSigning, keys, message
from idp.mfa.factors.cosign.tables import CosignKey
from idp.mfa.tables import Challenge, Credential
from idp.phone import reading
from idp.phone.devices import check_device
from idp.phone.errors import Gone, Malformed
from idp.phone.reading import Shape, Signed

BEGIN: Shape = {"profile": "profile", "ticket": "id", "commitment": "digest", "device": "point"}
OPEN: Shape = {
    "profile": "profile",
    "ticket": "id",
    "point": "point",
    "proof": "proof",
    "blind": "digest",
    "joint": "point",
}


def begin(tx: Transaction, site: Site, address: str, sent: Signed) -> dict[str, object]:
    """The phone commits to its share and shows its device key; the server answers with its own share's point.

    A set-up is for one phone: the second to come is told that it is over, and whoever sits before the page sees that too.
    """
    device = sent.members["device"]
    try:
        check_device_key(device)
    except CryptoError:
        raise Malformed from None
    check_device(device, address, sent)
    challenge, credential = _set_up(tx, sent.members["ticket"])
    try:
        with tx.savepoint():
            offer = keys.begin(tx, site.vault, credential, challenge.id, sent.members["commitment"], device)
    except IntegrityError:  # another phone was first
        raise Gone from None
    return {"point": write_point(offer.point), "proof": [offer.proof.challenge.hex(), offer.proof.answer.hex()]}


def open_commitment(tx: Transaction, site: Site, address: str, sent: Signed) -> dict[str, object]:
    """The phone opens what it committed to; the key gets its name, and the phone the first message to sign with it."""
    members = sent.members
    challenge, credential = _set_up(tx, members["ticket"])
    key = tx.session.get(CosignKey, credential.id, with_for_update=True)
    if key is None:
        raise Gone
    check_device(key.device_point, address, sent)
    blind, joint = bytes.fromhex(members["blind"]), reading.point(members["joint"])
    opening = Opening(reading.point(members["point"]), reading.proof(members["proof"]), blind, joint)
    try:
        kid = keys.accept(tx, site.vault, credential, key, challenge.id, opening)
    except CryptoError:
        raise Malformed from None
    challenge.message = challenge.message or message.compose(tx, site, challenge, kid)
    tx.session.flush()
    return {"kid": kid, "message": challenge.message}


def _set_up(tx: Transaction, ticket: str) -> tuple[Challenge, Credential]:
    challenge = tx.session.get(Challenge, ticket)
    if (
        challenge is None
        or challenge.kind != CoSigning.kind
        or challenge.purpose != Purpose.ENROL
        or challenge.state != ChallengeState.PENDING
        or challenge.expires_at <= tx.now
    ):
        raise Gone
    credential = tx.session.get(Credential, challenge.credential_id)
    if credential is None or credential.state != State.PENDING:
        raise Gone
    return challenge, credential
