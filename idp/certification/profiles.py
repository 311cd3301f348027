"""Profiles: what a certificate of one kind says. Read from TOML once, checked strictly, and turned into extensions."""

import tomllib
from collections.abc import Mapping
from functools import cached_property, lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from idp.certification.errors import InvalidProfile, NoSuchProfile
from idp.crypto.der import oids
from idp.crypto.x509.extensions import ExtendedKeyUsage, KeyUsage
from idp.crypto.x509.extensions import usage as bits
from idp.crypto.x509.name import OIDS

KEY_USAGES = {
    "digitalSignature": bits.DIGITAL_SIGNATURE,
    "nonRepudiation": bits.NON_REPUDIATION,
    "keyEncipherment": bits.KEY_ENCIPHERMENT,
    "dataEncipherment": bits.DATA_ENCIPHERMENT,
    "keyAgreement": bits.KEY_AGREEMENT,
    "keyCertSign": bits.KEY_CERT_SIGN,
    "cRLSign": bits.CRL_SIGN,
}
PURPOSES = {
    "serverAuth": oids.SERVER_AUTH,
    "clientAuth": oids.CLIENT_AUTH,
    "codeSigning": oids.CODE_SIGNING,
    "emailProtection": oids.EMAIL_PROTECTION,
    "documentSigning": oids.DOCUMENT_SIGNING,
    "timeStamping": oids.TIME_STAMPING,
    "OCSPSigning": oids.OCSP_SIGNING,
    "jwt": oids.JWT,
}
Holder = Literal["authority", "institution", "person", "host", "issuer", "app"]
Oid = Annotated[str, Field(pattern=r"^[0-2](\.\d{1,10}){1,20}$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Title(_Part):
    """What the kind is called on the page of the authorities."""

    en: str = Field(min_length=1, max_length=64)
    zh_Hans: str = Field(min_length=1, max_length=64)  # noqa: N815 - the name of the language


class Validity(_Part):
    """RFC 5280 §4.1.2.5. Never longer than the issuer's."""

    days: int = Field(ge=1, le=10950)


class Constraints(_Part):
    """RFC 5280 §4.2.1.9. The path length is at most this, and always below the issuer's."""

    ca: Literal[True]
    path_length: int | None = Field(default=None, ge=0, le=8)


class Usage(_Part):
    """RFC 5280 §4.2.1.3. Always critical."""

    bits: list[Literal[tuple(KEY_USAGES)]] = Field(min_length=1)  # type: ignore[valid-type]

    @cached_property
    def value(self) -> KeyUsage:
        """As an extension."""
        return KeyUsage(frozenset(KEY_USAGES[one] for one in self.bits))


class Purposes(_Part):
    """RFC 5280 §4.2.1.12."""

    purposes: list[Literal[tuple(PURPOSES)]] = Field(min_length=1)  # type: ignore[valid-type]
    critical: bool = False

    @cached_property
    def value(self) -> ExtendedKeyUsage:
        """As an extension."""
        return ExtendedKeyUsage(tuple(PURPOSES[one] for one in self.purposes))


class Profile(_Part):
    """One kind of certificate. ``subject`` is a list of ``TYPE=value`` with places that :mod:`idp.certification.subjects` fills."""

    name: str
    title: Title
    subject: list[Annotated[str, Field(pattern=r"^[A-Za-z]+=.+$")]] = Field(min_length=1)
    holder: Holder
    validity: Validity
    key_usage: Usage
    basic_constraints: Constraints | None = None
    extended_key_usage: Purposes | None = None
    credit_code: bool = False
    ocsp_no_check: bool = False
    policy: Oid | None = None

    @model_validator(mode="after")
    def _together(self) -> "Profile":
        if any(template.partition("=")[0] not in OIDS for template in self.subject):
            raise ValueError("a part of the subject that has no name")
        usages = set(self.key_usage.bits)
        if ("keyCertSign" in usages) != (self.basic_constraints is not None):
            raise ValueError("keyCertSign and ca belong together")
        if usages & {"digitalSignature", "nonRepudiation"} and usages & {"keyEncipherment", "dataEncipherment", "keyAgreement"}:
            raise ValueError("one key does not sign and decrypt (GB/T 20518)")
        return self

    @property
    def is_authority(self) -> bool:
        """Whether it makes authorities."""
        return self.basic_constraints is not None


class Profiles:
    """The profiles of an installation, by name."""

    def __init__(self, found: Mapping[str, Profile]) -> None:
        self._found = dict(found)

    def __getitem__(self, name: str) -> Profile:
        """The profile. Raises :class:`NoSuchProfile`."""
        if name not in self._found:
            raise NoSuchProfile(profile=name)
        return self._found[name]

    def names(self) -> list[str]:
        """All of them, in order."""
        return sorted(self._found)


@lru_cache(maxsize=4)
def load(folder: Path | None = None) -> Profiles:
    """The profiles that come with Yima, and those in ``folder``, which replace them by name. Raises :class:`InvalidProfile`."""
    found: dict[str, Profile] = {}
    for place in (files("certs") / "profiles", folder):
        if place is not None:
            found |= {profile.name: profile for profile in map(_read, sorted(place.iterdir(), key=str)) if profile is not None}
    return Profiles(found)


def _read(file: Traversable | Path) -> Profile | None:
    if not file.name.endswith(".toml"):
        return None
    name = file.name.removesuffix(".toml")
    try:
        return Profile(name=name, **tomllib.loads(file.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise InvalidProfile(profile=name, reason=f"{where}: {first['msg']}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, TypeError) as error:
        raise InvalidProfile(profile=name, reason=str(error)) from None
