"""``/.well-known/webauthn``: which other origins may use the passkeys that were made for this domain."""

from flask import Blueprint, jsonify
from werkzeug.exceptions import NotFound

from idp.login.routes.pages import Answer
from idp.web.context import deployment

blueprint = Blueprint("passkeys", __name__)


@blueprint.get("/.well-known/webauthn")
def related_origins() -> Answer:
    """WebAuthn §5.11: ``{"origins": [...]}``, in the order of the setting; browsers read the first five names at least."""
    origins = deployment().settings.related_origins
    if not origins:
        raise NotFound
    return jsonify(origins=list(origins))
