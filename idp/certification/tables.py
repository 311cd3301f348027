"""Rows of the authority. Certificates are never deleted."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from idp.database import Base, JSONText, SealedText, UTCDateTime
from idp.keys.states import Purpose


class CertificateAuthority(Base):
    """An authority. ``chain`` is PEM, its own certificate first and the root last; empty while it waits for its certificate.

    ``issued`` counts its certificates, by which they are put into shards. ``crl_number`` only grows. ``crl_due_at`` is when
    the next list is to be written. ``offline``: its machine has no network, so that its files are carried, and its lists last.
    """

    __tablename__ = "certificate_authority"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    institution: Mapped[str | None] = mapped_column(ForeignKey("institution.code"), index=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("certificate_authority.id"))
    organisation: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(500))
    key_sealed: Mapped[str] = mapped_column(SealedText("certificate_authority:{name}:key", Purpose.AUTHORITY))
    key_digest: Mapped[str] = mapped_column(String(64), unique=True)
    request: Mapped[str] = mapped_column(Text)
    chain: Mapped[str] = mapped_column(Text)
    offline: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    issued: Mapped[int]
    crl_number: Mapped[int] = mapped_column(BigInteger)
    crl_due_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    responder_sealed: Mapped[str | None] = mapped_column(SealedText("certificate_authority:{name}:responder", Purpose.AUTHORITY))
    responder_certificate: Mapped[bytes | None] = mapped_column(LargeBinary)


class IssuedCertificate(Base):
    """One certificate, with the request it came from. ``serial`` is hexadecimal, ``shard`` the list it would stand in.

    ``reminded`` is how many days before its end its people were told of it last; nothing where they were not.
    """

    __tablename__ = "certificate"

    id: Mapped[int] = mapped_column(primary_key=True)
    authority_id: Mapped[int] = mapped_column(ForeignKey("certificate_authority.id"))
    serial: Mapped[str] = mapped_column(String(40), index=True)
    subject: Mapped[str] = mapped_column(String(500))
    profile: Mapped[str] = mapped_column(String(24))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    institution: Mapped[str | None] = mapped_column(ForeignKey("institution.code"), index=True)
    key_digest: Mapped[str] = mapped_column(String(64), unique=True)
    fingerprint: Mapped[str] = mapped_column(String(64), index=True)
    der: Mapped[bytes] = mapped_column(LargeBinary)
    request: Mapped[bytes] = mapped_column(LargeBinary)
    shard: Mapped[int]
    not_before: Mapped[datetime] = mapped_column(UTCDateTime)
    not_after: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    issued_at: Mapped[datetime] = mapped_column(UTCDateTime)
    reminded: Mapped[int | None]

    __table_args__ = (UniqueConstraint("authority_id", "serial"),)


class Revocation(Base):
    """The revocation of a certificate, of which there is one at most. A hold can end: then the row goes, and the journal stays.

    ``cause`` is ``operator``, ``holder``, or ``registry`` for a hold that ends when the registry's reason for it does.
    """

    __tablename__ = "revocation"

    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"), primary_key=True, autoincrement=False)
    authority_id: Mapped[int] = mapped_column(ForeignKey("certificate_authority.id"), index=True)
    reason: Mapped[int]
    revoked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    invalid_since: Mapped[datetime | None] = mapped_column(UTCDateTime)
    cause: Mapped[str] = mapped_column(String(16))


class PublishedList(Base):
    """The newest list of an authority: ``shard`` −1 is the list of all its certificates."""

    __tablename__ = "revocation_list"

    authority_id: Mapped[int] = mapped_column(ForeignKey("certificate_authority.id"), primary_key=True, autoincrement=False)
    shard: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(BigInteger)
    entries: Mapped[int]
    this_update: Mapped[datetime] = mapped_column(UTCDateTime)
    next_update: Mapped[datetime] = mapped_column(UTCDateTime)
    der: Mapped[bytes] = mapped_column(LargeBinary)


class HostedAuthority(Base):
    """An authority of another installation, whose files are served here. ``chain`` is PEM, the root last."""

    __tablename__ = "hosted_authority"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    chain: Mapped[str] = mapped_column(Text)
    hosted_at: Mapped[datetime] = mapped_column(UTCDateTime)


class HostedList(Base):
    """The newest list of a hosted authority: ``shard`` −1 is the list of all its certificates."""

    __tablename__ = "hosted_revocation_list"

    name: Mapped[str] = mapped_column(ForeignKey("hosted_authority.name"), primary_key=True)
    shard: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(BigInteger)
    entries: Mapped[int]
    this_update: Mapped[datetime] = mapped_column(UTCDateTime)
    next_update: Mapped[datetime] = mapped_column(UTCDateTime)
    der: Mapped[bytes] = mapped_column(LargeBinary)


class EscrowedKey(Base):
    """The private half of an encryption certificate, sealed, so that what was encrypted to somebody is not lost with their key."""

    __tablename__ = "escrowed_key"

    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"), primary_key=True, autoincrement=False)
    sealed: Mapped[str] = mapped_column(SealedText("certificate:{certificate_id.serial}:escrow", Purpose.AUTHORITY))
    escrowed_at: Mapped[datetime] = mapped_column(UTCDateTime)


class SignedAnswer(Base):
    """An OCSP answer signed in advance, for the certificate as one digest algorithm names it. It goes when the state changes."""

    __tablename__ = "ocsp_answer"

    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"), primary_key=True, autoincrement=False)
    algorithm: Mapped[str] = mapped_column(String(32), primary_key=True)
    der: Mapped[bytes] = mapped_column(LargeBinary)
    fresh_until: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class TimeStampAuthority(Base):
    """The time-stamp service of an authority. ``serial`` is the number of its last stamp and only grows."""

    __tablename__ = "timestamp_authority"

    authority_id: Mapped[int] = mapped_column(ForeignKey("certificate_authority.id"), primary_key=True, autoincrement=False)
    policy: Mapped[str] = mapped_column(String(160))
    accuracy_ms: Mapped[int]
    serial: Mapped[int] = mapped_column(BigInteger)
    key_sealed: Mapped[str] = mapped_column(SealedText("certificate_authority:{authority_id.name}:timestamp", Purpose.AUTHORITY))
    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"))


class TimeStamp(Base):
    """That a stamp was given: its number, when, by which certificate, and the SM3 digest of the token.

    Nothing of what was stamped.
    """

    __tablename__ = "timestamp"

    authority_id: Mapped[int] = mapped_column(ForeignKey("certificate_authority.id"), primary_key=True, autoincrement=False)
    serial: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    digest: Mapped[str] = mapped_column(String(64))


class TokenAuthority(Base):
    """Which authority certifies the keys of a key set, ``sm``."""

    __tablename__ = "token_authority"

    key_set: Mapped[str] = mapped_column(String(8), primary_key=True)
    authority_id: Mapped[int] = mapped_column(ForeignKey("certificate_authority.id"))


class Enrolment(Base):
    """The right to be certified over HTTP: by this authority, for this holder, so many times, until then.

    ``handle`` and a secret, of which only the SM3 digest is here, are its credential. ``names`` are the host names of a server.
    With ``approval`` each request waits for an officer. ``used`` counts certificates and waiting requests.
    """

    __tablename__ = "enrolment"

    id: Mapped[int] = mapped_column(primary_key=True)
    authority_id: Mapped[int] = mapped_column(ForeignKey("certificate_authority.id"), index=True)
    handle: Mapped[str] = mapped_column(String(16), unique=True)
    secret_digest: Mapped[str] = mapped_column(String(64))
    profile: Mapped[str] = mapped_column(String(24))
    institution: Mapped[str] = mapped_column(ForeignKey("institution.code"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    common_name: Mapped[str] = mapped_column(String(64))
    names: Mapped[list[str]] = mapped_column(JSONText)
    approval: Mapped[bool]
    allowed: Mapped[int]
    used: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ends_at: Mapped[datetime] = mapped_column(UTCDateTime)
    stopped_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class EnrolmentRequest(Base):
    """A request that came under an enrolment, and what became of it: ``waiting``, ``issued`` or ``refused``."""

    __tablename__ = "enrolment_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"))
    key_digest: Mapped[str] = mapped_column(String(64))
    request: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(8), index=True)
    certificate_id: Mapped[int | None] = mapped_column(ForeignKey("certificate.id"))
    received_at: Mapped[datetime] = mapped_column(UTCDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (UniqueConstraint("enrolment_id", "key_digest"),)
