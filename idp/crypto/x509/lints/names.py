"""Lints of names, for requests and certificates alike."""

import unicodedata
from functools import lru_cache

from idp.crypto.der import oids
from idp.crypto.x509.extensions import SubjectAltName
from idp.crypto.x509.general_name import DNS
from idp.crypto.x509.name import Name

# RFC 5280 Appendix A.1, the upper bounds in characters.
MAX_LENGTH = {
    oids.COMMON_NAME: 64,
    oids.ORGANIZATION: 64,
    oids.ORGANIZATIONAL_UNIT: 64,
    oids.LOCALITY: 128,
    oids.PROVINCE: 128,
    oids.SERIAL_NUMBER: 64,
    oids.TITLE: 64,
    oids.EMAIL_ADDRESS: 255,
}
# Names that mean another host in each network (RFC 6761, RFC 6762, RFC 8375; .corp and .lan are not delegated).
PRIVATE_SUFFIXES = ("local", "localhost", "internal", "invalid", "test", "example", "home.arpa", "lan", "corp", "home", "intranet")

# Cyrillic and Greek letters that fonts draw like a Latin one: the closest of the confusables of Unicode TR 39.
_LATIN_TWINS = frozenset("аеорсухіјѕһԁԛԝӏҽѵАВЕЅКМНОРСТХІЈУԌΑΒΕΖΗΙΚΜΝΟΡΤΥΧανοικυρ")


def too_long(name: Name) -> bool:
    """Whether an attribute is longer than its bound."""
    return any(len(one.value) > MAX_LENGTH.get(one.type, 256) for one in name.attributes())


def twice(name: Name) -> bool:
    """Whether a common name stands twice: readers take the first or the last."""
    return sum(one.type == oids.COMMON_NAME for one in name.attributes()) > 1


def look_alike(name: Name) -> bool:
    """Whether a value could be taken for another: Latin letters mixed with Greek or Cyrillic ones, a value of Greek or Cyrillic
    letters that all have a Latin twin, letters or digits of another width, or a value that is not in its normal form (NFC).
    """
    return any(not one.value.isascii() and _looks_alike(one.value) for one in name.attributes())


@lru_cache(maxsize=1024)
def _looks_alike(value: str) -> bool:
    letters = [character for character in value if character.isalpha()]
    scripts = {_script(letter) for letter in letters} & {"LATIN", "GREEK", "CYRILLIC"}
    foreign = [letter for letter in letters if _script(letter) in ("GREEK", "CYRILLIC")]
    # Full-width punctuation is at home in Chinese names; a full-width letter or digit is another name for the same.
    compatible = any(not unicodedata.is_normalized("NFKC", one) for one in value if one.isalnum())
    return (
        len(scripts) > 1
        or (bool(foreign) and all(letter in _LATIN_TWINS for letter in foreign))
        or compatible
        or not unicodedata.is_normalized("NFC", value)
    )


@lru_cache(maxsize=8192)
def _script(character: str) -> str:
    return unicodedata.name(character, "?").split()[0]


def resident_number(name: Name) -> bool:
    """Whether a value has the form of a citizen's number: 17 digits and a digit or X (GB 11643)."""
    return any(len(one.value) == 18 and one.value[:17].isdecimal() and one.value[17] in "0123456789Xx" for one in name.attributes())


def hosts(alternative: SubjectAltName | None) -> list[str]:
    """The DNS names."""
    return [] if alternative is None else [str(name.value) for name in alternative.names if name.kind == DNS]


def wildcard(alternative: SubjectAltName | None) -> bool:
    """Whether a DNS name stands for many."""
    return any("*" in host for host in hosts(alternative))


def any_private(alternative: SubjectAltName | None) -> bool:
    """Whether a DNS name is one that :func:`private` finds."""
    return any(map(private, hosts(alternative)))


def private(host: str) -> bool:
    """Whether the host means something else in each network, or is no full name at all."""
    lowered = host.lower()
    return "." not in lowered or any(lowered == suffix or lowered.endswith(f".{suffix}") for suffix in PRIVATE_SUFFIXES)
