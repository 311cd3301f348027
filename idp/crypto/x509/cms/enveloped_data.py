"""Enveloped messages (GM/T 0010; RFC 5652 §6): a document under a fresh SM4 key, and that key under the key of each recipient.

The content is encrypted by SM4-CBC, which protects nobody from a changed ciphertext: who has to know that a document is whole and
from whom signs it first and puts the signed message into the envelope.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from idp.crypto import sm2, sm4
from idp.crypto.der import AlgorithmIdentifier, Reader, oids, tags, writer
from idp.crypto.errors import DecryptionFailed
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.cms.errors import InvalidMessage, NotForThisKey, OtherMessage
from idp.crypto.x509.cms.signed_data import MAX_BYTES, check_algorithm, issuer_and_serial, read_issuer_and_serial
from idp.crypto.x509.cms.syntax import NATIONAL, SYNTAXES, Syntax
from idp.crypto.x509.name import Name

MAX_RECIPIENTS = 64  # our policy
Decrypter = Callable[[bytes], bytes]
"""From a GM/T 0009 ciphertext to what is in it; raises ``DecryptionFailed``."""
# GM/T 0006 names the encryption …301.3; GmSSL writes …301.2 for it.
_KEY_ENCRYPTION = (oids.SM2_ENCRYPTION, oids.SM2_KEY_EXCHANGE)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who can open it, and the key for them."""

    issuer: Name
    serial_number: int
    encrypted_key: bytes = field(repr=False)

    def is_of(self, certificate: Certificate) -> bool:
        """Whether it names this certificate."""
        return (self.issuer, self.serial_number) == (certificate.issuer, certificate.serial_number)


@dataclass(frozen=True, slots=True)
class EnvelopedData:
    """An enveloped message, as it was read."""

    der: bytes = field(repr=False)
    recipients: tuple[Recipient, ...]
    initial_vector: bytes
    ciphertext: bytes = field(repr=False)

    @classmethod
    def from_der(cls, der: bytes, *, limit: int = MAX_BYTES) -> "EnvelopedData":
        """Raises ``MalformedDER``, ``UnsupportedAlgorithm``, and the errors of this room."""
        reader = Reader(der, limit=limit)
        outer = reader.sequence()
        reader.finish()
        if outer.oid() not in [syntax.enveloped_data for syntax in SYNTAXES]:
            raise OtherMessage(detail="not enveloped data")
        body = outer.explicit(0)
        outer.finish()
        data = body.sequence()
        body.finish()
        data.version(0, 1, 2)
        recipients = tuple(_read_recipient(one) for one in data.elements())
        if not 1 <= len(recipients) <= MAX_RECIPIENTS:
            raise InvalidMessage(detail=f"{len(recipients)} recipients")
        content = data.sequence()
        data.finish()
        content.oid()  # what is inside, of which nothing depends
        algorithm = content.sequence()
        check_algorithm(AlgorithmIdentifier(algorithm.oid()), (oids.SM4_CBC,))
        initial_vector = algorithm.octets()
        algorithm.finish()
        ciphertext = _read_ciphertext(content)
        content.finish()
        if len(initial_vector) != sm4.BLOCK_BYTES or not ciphertext or len(ciphertext) % sm4.BLOCK_BYTES:
            raise InvalidMessage(detail="not whole blocks under an initial vector of one")
        return cls(bytes(der), recipients, initial_vector, ciphertext)

    def open(self, certificate: Certificate, decrypt: Decrypter) -> bytes:
        """What is in it, for the holder of the key of ``certificate``. Raises :class:`NotForThisKey`, ``DecryptionFailed``.

        The one error for a wrong key, a wrong length and a wrong padding, so that it tells as little as it can.
        """
        mine = next((one for one in self.recipients if one.is_of(certificate)), None)
        if mine is None:
            raise NotForThisKey
        session = decrypt(mine.encrypted_key)
        if len(session) != sm4.KEY_BYTES:
            raise DecryptionFailed
        return sm4.cbc_decrypt(session, self.initial_vector, self.ciphertext)


def envelop(content: bytes, recipients: Sequence[Certificate], *, syntax: Syntax = NATIONAL) -> bytes:
    """The DER of an envelope to these certificates, each once. Raises :class:`InvalidMessage` for none or too many.

    Whether they may be used for that, and are good, is the caller's to know.
    """
    if not 1 <= len(recipients) <= MAX_RECIPIENTS or len(set(recipients)) != len(recipients):
        raise InvalidMessage(detail="no recipient, too many, or one twice")
    session, initial_vector = secrets.token_bytes(sm4.KEY_BYTES), secrets.token_bytes(sm4.BLOCK_BYTES)
    infos = [
        writer.sequence(
            writer.integer(syntax.recipient_version),
            issuer_and_serial(one),
            AlgorithmIdentifier(oids.SM2_ENCRYPTION).encode(),
            writer.octets(sm2.encrypt(one.public_key, session)),
        )
        for one in recipients
    ]
    inside = writer.sequence(
        writer.oid(syntax.data),
        AlgorithmIdentifier(oids.SM4_CBC, writer.octets(initial_vector)).encode(),
        writer.implicit(0, writer.octets(sm4.cbc_encrypt(session, initial_vector, content))),
    )
    data = writer.sequence(writer.integer(syntax.envelope_version), writer.set_of(infos), inside)
    return writer.sequence(writer.oid(syntax.enveloped_data), writer.explicit(0, data))


def _read_recipient(reader: Reader) -> Recipient:
    info = reader.sequence()
    info.version(0, 1)
    issuer, serial_number = read_issuer_and_serial(info)
    check_algorithm(AlgorithmIdentifier.read(info), _KEY_ENCRYPTION)
    encrypted = info.octets()
    info.finish()
    return Recipient(issuer, serial_number, encrypted)


def _read_ciphertext(content: Reader) -> bytes:
    """``[0] IMPLICIT OCTET STRING``; some write it as one string inside a constructed tag, which is read too."""
    if content.next_is(tags.context(0, constructed=True)):
        inside = content.explicit(0)
        found = inside.octets()
        inside.finish()
        return found
    return content.octets(tags.context(0))
