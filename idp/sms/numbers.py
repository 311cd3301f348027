"""Telephone numbers as this room sees them. The one form they come in, E.164, is :mod:`idp.registry.contacts`'s matter."""

from collections.abc import Collection

from idp.sms.errors import CountryNotAllowed

MAINLAND = "+86"


def check_country(phone: str, calling_codes: Collection[str]) -> None:
    """Raises :class:`CountryNotAllowed` unless the number begins with one of the calling codes."""
    if not any(phone.startswith(f"+{code}") for code in calling_codes):
        raise CountryNotAllowed


def masked(phone: str) -> str:
    """The number for people who know it: ``138****5678``, abroad ``+852****5678``. Never all of it."""
    if phone.startswith(MAINLAND) and len(phone) == 14:
        return f"{phone[3:6]}****{phone[-4:]}"
    shown = 4 if len(phone) > 10 else 2
    return f"{phone[:shown]}****{phone[-shown:]}"


def national(phone: str) -> str:
    """The number as mainland carriers write it: without plus, and without 86."""
    return phone.removeprefix(MAINLAND) if phone.startswith(MAINLAND) else phone.removeprefix("+")
