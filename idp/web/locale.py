"""The language of a page: the reader's choice, then what the app asked for, then the browser's, then Chinese."""

from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, g, redirect, request
from werkzeug.wrappers.response import Response as Redirect

from idp.i18n import DEFAULT_LOCALE, LOCALES, negotiate, translate
from idp.web.context import cookie_name, deployment

COOKIE = "yima_language"
ASKED_COOKIE = "yima_asked_language"
ONE_YEAR = 365 * 86400
# China has one time, without summer time: no zone database is needed for it.
CHINA = timezone(timedelta(hours=8))

blueprint = Blueprint("language", __name__)


def install(app: Flask) -> None:
    """Gives templates ``_`` and the current language."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    # Jinja fills in the places of a message itself, escaped as the template's values are.
    app.jinja_env.install_gettext_callables(gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]
    app.register_blueprint(blueprint)
    app.add_template_filter(clock_time)
    app.add_template_filter(clock_day)
    app.after_request(_keep_asked)
    app.context_processor(lambda: {"locale": current(), "html_language": "zh-CN" if current() == DEFAULT_LOCALE else "en"})


def current() -> str:
    """The language of this request."""
    if "yima_locale" not in g:
        settings = deployment().settings
        kept = [request.cookies.get(cookie_name(settings, name), "") for name in (COOKIE, ASKED_COOKIE)]
        browser = [tag for tag, _ in request.accept_languages]
        g.yima_locale = negotiate([*kept, *browser]) or DEFAULT_LOCALE
    locale: str = g.yima_locale
    return locale


def ask_for(ui_locales: str) -> None:
    """The languages that an app would like (OpenID Connect Core 1.0 §3.1.2.1), for this visit.

    The reader's own choice stands above them.
    """
    wanted = negotiate(ui_locales[:100].split())
    if wanted is not None:
        g.yima_asked = wanted
        if not request.cookies.get(cookie_name(deployment().settings, COOKIE)):
            g.yima_locale = wanted


def _keep_asked(response: Response) -> Response:
    asked = g.get("yima_asked")
    if asked is not None:
        settings = deployment().settings
        name = cookie_name(settings, ASKED_COOKIE)
        response.set_cookie(name, asked, secure=settings.secure, httponly=True, samesite="Lax")
    return response


def gettext(message: str, **params: object) -> str:
    """``message`` in the language of this request."""
    return translate(message, current(), params)


def _ngettext(singular: str, plural: str, number: int) -> str:
    # Jinja wants both. Chinese has no plural.
    return gettext(singular if number == 1 else plural)


def clock_time(moment: datetime) -> str:
    """A moment as the clock on the wall shows it: ``2026-09-01 16:30``, China time."""
    return moment.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")


def clock_day(moment: datetime) -> str:
    """The day of a moment, ``2026-09-01``, China time."""
    return moment.astimezone(CHINA).strftime("%Y-%m-%d")


@blueprint.post("/language")
def choose() -> Redirect:
    """Keeps the reader's choice and goes back to the page they were on."""
    settings = deployment().settings
    chosen = request.form.get("language", "")
    response = redirect(_local(request.form.get("back", "")))
    if chosen in LOCALES:
        name = cookie_name(settings, COOKIE)
        response.set_cookie(name, chosen, max_age=ONE_YEAR, secure=settings.secure, httponly=True, samesite="Lax")
    return response


def _local(path: str) -> str:
    """``path`` if it leads to a page of ours, else the start page: never to another site."""
    parts = urlsplit(path)
    safe = path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.netloc and path.isprintable()
    return path if safe and "\\" not in path else "/"
