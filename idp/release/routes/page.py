"""The page that asks whether an app may know something: the same words in every protocol."""

from collections.abc import Collection

from flask import render_template
from sqlalchemy.orm import Session

from idp.registry import institutions
from idp.release.recipient import Recipient
from idp.release.scopes import SCOPES


def consent_page(
    session: Session,
    app: Recipient,
    scopes: Collection[str],
    *,
    target: str,
    request_id: str,
    details: Collection[str] = (),
    policy_uri: str | None = None,
    tos_uri: str | None = None,
) -> str:
    """The page. Its form goes to ``target`` with ``request`` and ``decision``, which is ``agree`` or ``refuse``."""
    return render_template(
        "release/consent.html",
        app=app,
        owner=institutions.by_code(session, app.owner).name,
        scopes=[SCOPES[name] for name in scopes],
        details=details,
        target=target,
        request_id=request_id,
        policy_uri=policy_uri,
        tos_uri=tos_uri,
    )
