"""Who may open a page of self-service."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from flask import request, url_for

from idp.login import browser
from idp.login.requirement import Requirement, is_fresh
from idp.login.routes.pages import Answer
from idp.login.routes.sign_in import start
from idp.login.sessions import SignedIn
from idp.web.context import deployment

FRESH_SECONDS = 600
P = ParamSpec("P")


def signed_in(view: Callable[Concatenate[SignedIn, P], Answer]) -> Callable[P, Answer]:
    """The page is for whoever is signed in; others sign in first."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Answer:
        there = browser.signed_in()
        if there is None:
            return start(Requirement(), url_for("account.show"))
        return view(there, *args, **kwargs)

    return guarded


def recently_signed_in(view: Callable[Concatenate[SignedIn, P], Answer]) -> Callable[P, Answer]:
    """The page is for whoever has proven who they are within ten minutes, by a factor if they have one: no remembered device."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Answer:
        there, wanted = browser.signed_in(), Requirement(max_age=FRESH_SECONDS, remembered=False)
        if there is None or not is_fresh(wanted, there, deployment().clock.now()):
            back = request.path if request.method == "GET" else url_for("account.show")
            return start(wanted, back)
        return view(there, *args, **kwargs)

    return guarded
