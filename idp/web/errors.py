"""Errors as pages: a sentence that says what to do, never what went on inside."""

import logging
import secrets

from flask import Flask, render_template
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from idp.crypto.devices.errors import DeviceError
from idp.errors import YimaError
from idp.i18n import N_, translate
from idp.web.locale import current
from idp.web.locale import gettext as _

log = logging.getLogger("yima.web")

Page = tuple[str, int]

_TEXTS = {
    400: (N_("This did not work"), N_("The page sent something we cannot read. Please go back and try again.")),
    403: (N_("Not allowed"), N_("You may not open this page.")),
    404: (N_("Page not found"), N_("There is nothing at this address. Please check it.")),
    405: (N_("This did not work"), N_("This page cannot be called like that. Please go back and try again.")),
    413: (N_("Too much data"), N_("What was sent is too large.")),
    429: (N_("Please wait a moment"), N_("There were too many tries. Please wait and try again.")),
}
_FALLBACK = (N_("Something went wrong"), N_("This is our fault, not yours. Please try again later."))


def install(app: Flask) -> None:
    """Every error of every room ends here, unless a room has its own way to say it."""
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(YimaError, _ours)
    app.register_error_handler(DeviceError, _device)
    app.register_error_handler(Exception, _unexpected)


def message(error: YimaError) -> str:
    """The public text of an error in the language of the page."""
    locale = current()
    params = {key: translate(v, locale) if isinstance(v, str) else v for key, v in error.params.items()}
    return translate(error.message, locale, params)


def page(status: int, title: str, text: str, reference: str = "") -> Page:
    """The error page."""
    return render_template("error.html", title=title, text=text, reference=reference), status


def _csrf(_error: CSRFError) -> Page:
    return page(400, _("This page is too old"), _("Please go back, reload the page and try again. Cookies must be allowed."))


def _http(error: HTTPException) -> Page:
    title, text = _TEXTS.get(error.code or 500, _FALLBACK)
    return page(error.code or 500, _(title), _(text))


def _ours(error: YimaError) -> Page:
    log.info("refused: %s %s", error.code, error.detail or "")
    return page(400, _("This did not work"), message(error))


def _device(error: DeviceError) -> Page:
    log.error("a device failed: %s", error)  # what it is called, and what it says, is for the operator
    return page(503, _("Please wait a moment"), _("A part of this service does not answer now. Please try again in a few minutes."))


def _unexpected(error: Exception) -> Page:
    # The reader gets a number to name, the log what belongs to it. The text of a foreign exception may hold anything.
    reference = secrets.token_hex(4)
    log.error("unexpected error %s", reference, exc_info=error)
    return page(500, _(_FALLBACK[0]), _(_FALLBACK[1]), reference)
