"""The room behind a request."""

from typing import cast

from flask import current_app

from idp.upstream.server import UpstreamServer
from idp.upstream.tables import UpstreamProvider
from idp.web.locale import current

EXTENSION = "yima_upstream"


def server() -> UpstreamServer:
    """That of this application."""
    return cast(UpstreamServer, current_app.extensions[EXTENSION])


def title_of(row: UpstreamProvider) -> str:
    """What the provider is called in the reader's language."""
    return row.title_en if current() == "en" else row.title_zh
