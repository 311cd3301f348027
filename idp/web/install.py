"""Putting the glue on a Flask application."""

from datetime import timedelta

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from idp.deployment import Deployment
from idp.web import context, csrf, errors, headers, locale, page_sessions

MAX_BODY_BYTES = 256 * 1024


def install(app: Flask, deployment: Deployment) -> None:
    """Makes ``deployment`` the one that requests to ``app`` work on, and protects every page the same way."""
    settings = deployment.settings
    app.extensions[context.EXTENSION] = deployment
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_BODY_BYTES,
        MAX_FORM_PARTS=200,
        SEND_FILE_MAX_AGE_DEFAULT=timedelta(days=1),
        SESSION_COOKIE_NAME=context.cookie_name(settings, "yima_page"),
        SESSION_COOKIE_SECURE=settings.secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
    )
    page_sessions.follow(app, deployment.ring)
    app.session_interface = page_sessions.PageSessions(deployment.ring)
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=0)  # type: ignore[method-assign]
    csrf.install(app)
    locale.install(app)
    headers.install(app, secure=settings.secure)
    errors.install(app)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.context_processor(lambda: {"organisation": settings.organisation})
