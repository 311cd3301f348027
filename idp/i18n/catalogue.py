"""Looking up a message in a language."""

import gettext
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

DOMAIN = "yima"
DEFAULT_LOCALE = "zh_Hans"
LOCALES = (DEFAULT_LOCALE, "en")


def N_(message: str) -> str:
    """Marks a message for the catalogue and returns it unchanged; it is translated where it is shown."""
    return message


def directory() -> Path:
    """The folder of the catalogues, in gettext's layout."""
    return Path(__file__).parent / "locales"


@lru_cache
def _catalogue(locale: str) -> gettext.NullTranslations:
    if locale == "en":
        return gettext.NullTranslations()
    return gettext.translation(DOMAIN, directory(), [locale])


def translate(message: str, locale: str, params: Mapping[str, object] | None = None) -> str:
    """``message`` in ``locale`` (one of :data:`LOCALES`), its ``%(name)s`` places filled from ``params``.

    A message that the catalogue lacks comes out in English. Raises ``FileNotFoundError`` where the catalogues were never
    compiled, which only an incomplete installation can cause.
    """
    text = _catalogue(locale).gettext(message) if message else ""
    return text % params if params else text


def negotiate(wanted: list[str]) -> str | None:
    """The first of the BCP 47 tags in ``wanted`` that we speak, as one of :data:`LOCALES`; ``None`` if there is none.

    Any Chinese tag gets Simplified Chinese: zh-CN, zh-Hans and plain zh mean it, and a reader of zh-TW is better served by it
    than by English.
    """
    for tag in wanted:
        language = tag.replace("_", "-").split("-")[0].lower()
        if language == "zh":
            return "zh_Hans"
        if language == "en":
            return "en"
    return None
