"""Telephone numbers and e-mail addresses in the one form in which they are compared."""

import re

from idp.i18n import N_
from idp.registry.errors import InvalidField

MAX_EMAIL = 254  # RFC 5321 §4.5.3.1.3, less the angle brackets
_MOBILE = re.compile(r"1[3-9][0-9]{9}\Z")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}\Z")
_EMAIL = re.compile(r"[^\s@\"<>(),:;\\\[\]]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}\Z")


def phone(value: str) -> str:
    """An E.164 number such as ``+8613800000000``; a mainland mobile number may come without its prefix.

    Raises :class:`InvalidField`.
    """
    tidy = re.sub(r"[\s().-]", "", value)
    if tidy.startswith("00"):
        tidy = "+" + tidy[2:]
    if tidy.startswith("86") and _MOBILE.match(tidy[2:]):
        tidy = "+" + tidy
    if _MOBILE.match(tidy):
        tidy = "+86" + tidy
    if not _E164.match(tidy) or (tidy.startswith("+861") and not _MOBILE.match(tidy[3:])):
        raise InvalidField(
            field="phone", reason=N_("this is not a telephone number; outside the mainland it begins with + and the country")
        )
    return tidy


def email(value: str) -> str:
    """The address in small letters. Raises :class:`InvalidField`.

    Our policy: two addresses that differ in case only are one, as every mail provider in use treats them.
    """
    tidy = value.strip().lower()
    if len(tidy) > MAX_EMAIL or not _EMAIL.match(tidy):
        raise InvalidField(field="email", reason=N_("this is not an e-mail address"))
    return tidy
