"""The page that says why somebody was not signed in, and what to do."""

from collections.abc import Mapping

from flask import render_template

from idp.errors import YimaError
from idp.login.errors import TooManyTries
from idp.login.routes.pages import FORBIDDEN, SLOW_DOWN
from idp.upstream.errors import (
    LinkedToAnother,
    NotForThisPerson,
    NotLinked,
    SignInDeclined,
    UpstreamBusy,
    UpstreamSilent,
)
from idp.web.errors import message

BAD_GATEWAY, UNAVAILABLE, BAD_REQUEST = 502, 503, 400
STATUS: Mapping[type[YimaError], int] = {
    TooManyTries: SLOW_DOWN,
    UpstreamSilent: BAD_GATEWAY,
    UpstreamBusy: UNAVAILABLE,
    SignInDeclined: FORBIDDEN,
    NotLinked: FORBIDDEN,
    NotForThisPerson: FORBIDDEN,
    LinkedToAnother: FORBIDDEN,
}


def refusal(error: YimaError, provider: str, back: str) -> tuple[str, int]:
    """The page. ``back`` is where the person goes on by other means."""
    template = "upstream/not_linked.html" if isinstance(error, NotLinked) else "upstream/refused.html"
    return render_template(template, text=message(error), provider=provider, back=back), STATUS.get(type(error), BAD_REQUEST)
