"""Whether a time-stamp may be believed (RFC 3161 §2.2, §2.3, §2.4.2)."""

from collections.abc import Sequence
from dataclasses import replace

from idp.crypto import sm2, sm3
from idp.crypto.der import oids
from idp.crypto.errors import InvalidSignature
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.errors import InvalidTimeStamp
from idp.crypto.x509.extensions import ExtendedKeyUsage
from idp.crypto.x509.path import MAX_PATH, PathRules, validate_path
from idp.crypto.x509.timestamp.imprint import MessageImprint
from idp.crypto.x509.timestamp.info import TimeStampInfo
from idp.crypto.x509.timestamp.request import TimeStampRequest
from idp.crypto.x509.timestamp.response import TimeStampResponse
from idp.crypto.x509.timestamp.token import TimeStampToken


def check_token(
    token: TimeStampToken, imprint: MessageImprint, anchor: Certificate, rules: PathRules, *, others: Sequence[Certificate] = ()
) -> TimeStampInfo:
    """What ``token`` says of ``imprint``, by an authority that ``anchor`` leads to under ``rules``.

    The path goes by the certificates in the token and ``others``. Raises :class:`InvalidTimeStamp`, ``PathError``.
    """
    if not token.info.imprint.is_same(imprint):
        raise InvalidTimeStamp(detail="a stamp of something else")
    known = [*token.certificates, *others]
    # The very certificate that the signer named under its signature: RFC 5816 §2.2.1.
    signers = [
        one
        for one in known
        if (one.issuer, one.serial_number) == (token.issuer, token.serial_number) and token.signing_certificate.is_of(one)
    ]
    if not signers:
        raise InvalidTimeStamp(detail="the signer's certificate is not at hand")
    signer = signers[0]
    _check_signature(token, signer)
    _check_purpose(signer)
    if token.info.authority is not None and token.info.authority != signer.subject:
        raise InvalidTimeStamp(detail="the name of another authority")
    if not signer.tbs.not_before <= token.info.at <= signer.tbs.not_after:
        raise InvalidTimeStamp(detail="stamped outside of the validity of the certificate")
    validate_path(_path(signer, known, anchor), anchor, replace(rules, purpose=oids.TIME_STAMPING))
    return token.info


def check_response(
    response: TimeStampResponse,
    asked: TimeStampRequest,
    anchor: Certificate,
    rules: PathRules,
    *,
    others: Sequence[Certificate] = (),
) -> TimeStampInfo:
    """The same for the answer to ``asked``: with its nonce, under its policy. Raises the same."""
    token = response.granted()
    info = token.info
    if info.nonce != asked.nonce:
        raise InvalidTimeStamp(detail="the answer to another question")
    if asked.policy is not None and info.policy != asked.policy:
        raise InvalidTimeStamp(detail="stamped under another policy")
    return check_token(token, asked.imprint, anchor, rules, others=others)


def _check_signature(token: TimeStampToken, signer: Certificate) -> None:
    if token.message_digest != sm3.digest(token.info_der):  # RFC 5652 §11.2
        raise InvalidTimeStamp(detail="the digest of another content")
    try:
        sm2.verify(signer.public_key, token.signed, token.signature)
    except InvalidSignature:
        raise InvalidTimeStamp(detail="not signed by its signer") from None


def _check_purpose(signer: Certificate) -> None:
    """RFC 3161 §2.3: for time-stamps alone, and said critically."""
    purposes = signer.extensions.get(ExtendedKeyUsage)
    if purposes is None or tuple(purposes.purposes) != (oids.TIME_STAMPING,):
        raise InvalidTimeStamp(detail="a signer that is not for time-stamps alone")
    if not signer.extensions.is_critical(oids.EXTENDED_KEY_USAGE):
        raise InvalidTimeStamp(detail="a signer whose purpose is not critical")


def _path(signer: Certificate, known: Sequence[Certificate], anchor: Certificate) -> list[Certificate]:
    path = [signer]
    while path[-1].issuer != anchor.subject and len(path) < MAX_PATH:
        above = [one for one in known if one.subject == path[-1].issuer and one not in path]
        if not above:
            break
        path.append(above[0])
    return path
