"""The browser of this request: its cookies, and the session they open."""

import secrets
from contextlib import nullcontext
from datetime import timedelta

from flask import g, request
from sqlalchemy.orm import Session
from werkzeug.wrappers.response import Response

from idp.crypto import base64url, sm3
from idp.login import sessions
from idp.login.sessions import Limits, SignedIn
from idp.settings import Settings
from idp.web.context import cookie_name, deployment

SESSION = "yima_session"
BROWSER = "yima_browser"
KNOWN = "yima_known"
STATE = "yima_state"
DEVICE = "yima_device"
REMEMBERED = "yima_remembered"
SIGNED_OUT = "yima_signed_out"
MAX_REMEMBERED = 3
MAX_KNOWN = 5
ONE_YEAR = 365 * 86400


def limits(settings: Settings) -> Limits:
    """How long sessions last here."""
    return Limits(timedelta(seconds=settings.session_idle), timedelta(seconds=settings.session_absolute))


def session_token() -> str:
    """The session cookie's token; empty if there is none."""
    return _cookie(SESSION)


def signed_in(session: Session | None = None) -> SignedIn | None:
    """Who is signed in at this browser, if anyone. Looked up once for a request, in ``session`` where the caller has one."""
    if "yima_signed_in" not in g:
        here, token = deployment(), session_token()
        g.yima_signed_in = None
        if token:
            with nullcontext(session) if session is not None else here.reading() as open_session:
                g.yima_signed_in = sessions.find(open_session, token, limits(here.settings), here.clock.now())
    found: SignedIn | None = g.yima_signed_in
    return found


def keep_session(response: Response, token: str) -> None:
    """Gives the browser its session token, until it is closed or the session ends."""
    _set(response, SESSION, token, None)


def forget_session(response: Response) -> None:
    """Takes the session token away, and the state with it."""
    settings = deployment().settings
    response.delete_cookie(cookie_name(settings, SESSION), secure=settings.secure, httponly=True, samesite="Lax")
    response.delete_cookie(cookie_name(settings, STATE), secure=settings.secure, samesite="None" if settings.secure else "Lax")


def state(sid: str) -> str:
    """What tells a script of ours that this very session lasts. Nothing can be learnt from it, and nothing done with it."""
    key = deployment().ring.current().web_secrets[0]
    return base64url.encode(sm3.hmac(key, b"browser state\x00" + sid.encode())[:18])


def keep_state(response: Response, sid: str) -> None:
    """Gives the browser the state, where our scripts read it, in frames on pages of others too."""
    settings = deployment().settings
    same_site = "None" if settings.secure else "Lax"  # browsers take None by https only
    response.set_cookie(cookie_name(settings, STATE), state(sid), secure=settings.secure, httponly=False, samesite=same_site)


def secret() -> str:
    """This browser's secret, which flows are bound to; a fresh one where it has none. Kept by :func:`keep_secret`."""
    if "yima_browser" not in g:
        given = _cookie(BROWSER)
        g.yima_browser = given if len(given) == 43 else secrets.token_urlsafe(32)
    value: str = g.yima_browser
    return value


def keep_secret(response: Response) -> None:
    """Gives the browser its secret."""
    _set(response, BROWSER, secret(), None)


def signed_out_mark() -> str:
    """By what the page about its last sign-out knows this browser; empty if there was none."""
    return _cookie(SIGNED_OUT)


def keep_signed_out(response: Response, mark: str) -> None:
    """Gives the browser that mark, until it is closed."""
    _set(response, SIGNED_OUT, mark, None)


def known_for(account: str) -> str | None:
    """This browser's mark for ``account``, if somebody has signed in to it here before."""
    there = _cookie(KNOWN).split(".")
    return next((mark for mark in _marks(account) if mark in there), None)


def keep_known(response: Response, account: str) -> None:
    """Remembers that the account was signed in to here, so that strangers' failures do not slow this browser down."""
    marks = _marks(account)
    others = [old for old in _cookie(KNOWN).split(".") if old and old not in marks]
    _set(response, KNOWN, ".".join([marks[0], *others][:MAX_KNOWN]), ONE_YEAR)


def device_mark() -> str:
    """What this browser is known again by in the record of sign-ins; a fresh one where it has none."""
    if "yima_device" not in g:
        given = _cookie(DEVICE)
        g.yima_device = given if len(given) == 43 else secrets.token_urlsafe(32)
    value: str = g.yima_device
    return value


def keep_device_mark(response: Response) -> None:
    """Gives the browser its mark, for a year."""
    _set(response, DEVICE, device_mark(), ONE_YEAR)


def remembered(person_number: str) -> str:
    """What this browser keeps as this person's remembered device; empty if nothing."""
    tags = _tags(person_number)
    return next((entry.partition(":")[2] for entry in _remembered() if entry.startswith(tags)), "")


def keep_remembered(response: Response, person_number: str, cookie: str) -> None:
    """Has the browser keep this for the person from now on; an empty ``cookie`` forgets. Others at the same browser keep theirs."""
    tags = _tags(person_number)
    others = [entry for entry in _remembered() if not entry.startswith(tags)]
    entries = [*([tags[0] + cookie] if cookie else []), *others][:MAX_REMEMBERED]
    lifetime = deployment().settings.remembered_device_days * 86400
    _set(response, REMEMBERED, ".".join(entries), lifetime if entries else 0)


def _remembered() -> list[str]:
    return [entry for entry in _cookie(REMEMBERED).split(".") if entry]


def _tags(person_number: str) -> tuple[str, ...]:
    return tuple(f"{mark[:8]}:" for mark in _marks(person_number))


def _marks(account: str) -> list[str]:
    """The mark of today, and those by keys from before, which browsers may still have."""
    text = b"known browser\x00" + account.strip().casefold().encode("utf-8", "replace")
    return [base64url.encode(sm3.hmac(key, text)[:18]) for key in deployment().ring.current().web_secrets]


def _cookie(name: str) -> str:
    return request.cookies.get(cookie_name(deployment().settings, name), "")[:512]


def _set(response: Response, name: str, value: str, max_age: int | None) -> None:
    settings = deployment().settings
    response.set_cookie(cookie_name(settings, name), value, max_age=max_age, secure=settings.secure, httponly=True, samesite="Lax")
