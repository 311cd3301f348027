"""What programs send: JSON objects with exactly these members. Bytes are base64 (RFC 4648 §4), digests hexadecimal."""

import base64
import binascii
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from idp.crypto.errors import CryptoError, InvalidEncoding
from idp.crypto.jose.strict_json import read_object
from idp.crypto.key_files import spki
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.cms.document import Document
from idp.crypto.x509.crl import RevocationList
from idp.signing.errors import InvalidMember
from idp.signing.signing import Wanted

MAX_DOCUMENT = 4 << 20
MAX_MESSAGE = MAX_DOCUMENT + (1 << 17)  # a document with its signature and certificates
MAX_BODY = 6 << 20
MAX_LISTS, MAX_CERTIFICATES, MAX_KEYS = 16, 16, 16
_MAX_PART = 1 << 20


def _bytes(limit: int) -> Any:
    def read(value: object) -> bytes:
        if not isinstance(value, str) or len(value) > (limit + 2) // 3 * 4:
            raise PydanticCustomError("base64", "not base64, or too long")
        try:
            data = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            raise PydanticCustomError("base64", "not base64") from None
        if len(data) > limit or base64.b64encode(data).decode() != value:
            raise PydanticCustomError("base64", "not in its one form")
        return data

    # A list of revoked certificates or an empty document are bytes as well.
    schema = {"type": "string", "contentEncoding": "base64", "maxLength": (limit + 2) // 3 * 4}
    return Annotated[bytes, BeforeValidator(read), WithJsonSchema(schema)]


def _digest(value: object) -> bytes:
    if not isinstance(value, str) or len(value) != 64 or set(value) - set("0123456789abcdef"):
        raise PydanticCustomError("digest", "not an SM3 digest in small hexadecimal digits")
    return bytes.fromhex(value)


DocumentBytes = _bytes(MAX_DOCUMENT)
MessageBytes = _bytes(MAX_MESSAGE)
PartBytes = _bytes(_MAX_PART)
Digest = Annotated[bytes, BeforeValidator(_digest), WithJsonSchema({"type": "string", "pattern": "^[0-9a-f]{64}$"})]
Name = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$")]
PEM = Annotated[str, Field(min_length=1, max_length=_MAX_PART // 4)]


class _Request(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class OfDocument(_Request):
    """Either the ``document`` itself, or its SM3 ``digest``: then it never leaves its owner, whatever its size."""

    document: DocumentBytes | None = None  # type: ignore[valid-type]
    digest: Digest | None = None

    def given(self) -> Document | None:
        """Whichever it is."""
        if self.document is not None:
            return Document.of(self.document)
        return Document(self.digest) if self.digest is not None else None


class DigestRequest(_Request):
    """SM3 of a document."""

    document: DocumentBytes  # type: ignore[valid-type]


class SignRequest(OfDocument):
    """A signature by a key of the service. ``gmt0010`` and ``cms`` are signed messages, ``raw`` is a bare SM2 signature."""

    key: Name
    format: Literal["gmt0010", "cms", "raw"] = "gmt0010"
    attached: bool = False
    timestamp: bool = False

    @model_validator(mode="after")
    def _together(self) -> "SignRequest":
        _one_of(document=self.document, digest=self.digest)
        if self.digest is not None and (self.attached or self.format == "raw"):
            raise PydanticCustomError("member", "document")
        if self.format == "raw" and (self.attached or self.timestamp):
            raise PydanticCustomError("member", "format")
        return self

    def wanted(self) -> Wanted:
        """For the room that signs."""
        return Wanted(self.given() or Document.of(b""), self.format, self.attached, self.timestamp)


class TimestampRequest(OfDocument):
    """A time-stamp (RFC 3161) of a document, by the service of an authority."""

    authority: Name

    @model_validator(mode="after")
    def _together(self) -> "TimestampRequest":
        _one_of(document=self.document, digest=self.digest)
        return self


class VerifyRequest(OfDocument):
    """A signed message, or a ``raw`` signature by a ``key`` of the service, a ``certificate`` or a ``public_key`` (PEM).

    ``lists`` are lists of revoked certificates, for certificates that are not of this installation; ``certificates`` (PEM) what
    the message lacks.
    """

    signature: MessageBytes  # type: ignore[valid-type]
    raw: bool = False
    key: Name | None = None
    certificate: PEM | None = None
    public_key: PEM | None = None
    certificates: Annotated[list[PEM], Field(max_length=MAX_CERTIFICATES)] = []
    lists: Annotated[list[PartBytes], Field(max_length=MAX_LISTS)] = []  # type: ignore[valid-type]

    @model_validator(mode="after")
    def _together(self) -> "VerifyRequest":
        if self.document is not None and self.digest is not None:
            raise PydanticCustomError("member", "document")
        if self.raw:
            if self.document is None:
                raise PydanticCustomError("member", "document")
            _one_of(key=self.key, certificate=self.certificate, public_key=self.public_key)
        elif self.key or self.certificate or self.public_key:
            raise PydanticCustomError("member", "raw")
        return self


class EncryptRequest(_Request):
    """An envelope to certificates (PEM) and to keys of the service."""

    document: DocumentBytes  # type: ignore[valid-type]
    recipients: Annotated[list[PEM], Field(max_length=MAX_CERTIFICATES)] = []
    keys: Annotated[list[Name], Field(max_length=MAX_KEYS)] = []
    format: Literal["gmt0010", "cms"] = "gmt0010"
    lists: Annotated[list[PartBytes], Field(max_length=MAX_LISTS)] = []  # type: ignore[valid-type]

    @model_validator(mode="after")
    def _together(self) -> "EncryptRequest":
        if not self.recipients and not self.keys:
            raise PydanticCustomError("member", "recipients")
        return self


class OpenRequest(_Request):
    """An envelope to a key of the service."""

    key: Name
    envelope: MessageBytes  # type: ignore[valid-type]


T = TypeVar("T", bound=_Request)


def read(model: type[T], body: bytes) -> T:
    """The request in a body. Raises :class:`InvalidMember` with the name of the first member that is wrong."""
    try:
        return model.model_validate(read_object(body))
    except InvalidEncoding:
        raise InvalidMember(member="body") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = str(first["loc"][0]) if first["loc"] else first["msg"]
        # Only names of ours come back, whatever was sent.
        raise InvalidMember(member=name if name in model.model_fields else "unknown member") from None


def certificate(member: str, text: str) -> Certificate:
    """The one certificate in a PEM text. Raises :class:`InvalidMember`."""
    try:
        return Certificate.from_pem(text)
    except CryptoError as error:
        raise InvalidMember(member=member, detail=str(error)) from None


def revocation_list(der: bytes) -> RevocationList:
    """A list in DER. Raises :class:`InvalidMember`."""
    try:
        return RevocationList(der)
    except CryptoError as error:
        raise InvalidMember(member="lists", detail=str(error)) from None


def public_key(text: str) -> Any:
    """The key in a PEM text. Raises :class:`InvalidMember`."""
    try:
        return spki.read_public_key(text.encode())
    except CryptoError as error:
        raise InvalidMember(member="public_key", detail=str(error)) from None


def _one_of(**members: object) -> None:
    if sum(value is not None for value in members.values()) != 1:
        raise PydanticCustomError("member", next(iter(members)))
