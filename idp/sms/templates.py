"""The texts, in the language of the person."""

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from idp.i18n import N_, translate

MAX_NAME = 20


class Purpose(StrEnum):
    """What a message is for. The word stands in rows, and a code that was made for one is worth nothing for another."""

    SIGN_IN = "sign_in"
    ENROL = "enrol"
    TEST = "test"
    NOTICE = "notice"


TEXTS = {
    Purpose.SIGN_IN: N_(
        "Your code to sign in to %(app)s is %(code)s, good for %(minutes)s minutes. Nobody at school will ask for it."
    ),
    Purpose.ENROL: N_(
        "Your code to use this number for signing in is %(code)s, good for %(minutes)s minutes. Nobody at school will ask for it."
    ),
    Purpose.TEST: N_("This is a test message of %(app)s. Nothing needs to be done."),
    Purpose.NOTICE: N_("%(event)s Was it not you? Open your account page, or tell your school."),
}


@dataclass(frozen=True)
class Wording:
    """What fills a text: the school or installation that signs it, and the app that is signed in to; or what happened."""

    organisation: str
    app: str
    code: str = ""
    minutes: int = 5
    event: str = ""


def render(purpose: Purpose, locale: str, wording: Wording, *, public_url: str) -> str:
    """The whole text: the sender's signature in 【】, which mainland carriers ask for, the sentence, the browser's last line."""
    sentence = translate(TEXTS[purpose], locale, values(wording))
    text = f"【{_name(wording.organisation)}】{sentence}"
    if not wording.code:
        return text
    # Origin-bound one-time codes delivered via SMS (WICG): the last line names the host and the code, for the browser to fill in.
    return f"{text}\n\n@{urlsplit(public_url).hostname} #{wording.code}"


def values(wording: Wording) -> dict[str, str]:
    """The same as values by name, for vendors that keep the template themselves."""
    return {"app": _name(wording.app), "code": wording.code, "minutes": str(wording.minutes), "event": wording.event}


def _name(text: str) -> str:
    # A name is chosen by somebody else: it must not begin a line of its own, which a browser would read as the host of the code.
    tidy = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return tidy.replace("【", "[").replace("】", "]")[:MAX_NAME]
