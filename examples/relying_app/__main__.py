"""Start the app: ``python -m examples.relying_app``, told by environment variables what the school told you."""

import os
from urllib.parse import urlsplit

from werkzeug.serving import WSGIRequestHandler, make_server

from examples.relying_app.app import Config, create_app


class Quiet(WSGIRequestHandler):
    """Without a line for every request."""

    def log_request(self, *_unused: object) -> None:
        """Says nothing."""


def main() -> None:
    """Serves until it is stopped."""
    config = Config(
        name=os.environ["APP_NAME"],
        url=os.environ["APP_URL"],
        issuer=os.environ["ISSUER"],
        client_id=os.environ["CLIENT_ID"],
        client_secret=os.environ["CLIENT_SECRET"],
        other_url=os.environ.get("OTHER_APP_URL", ""),
    )
    address = urlsplit(config.url)
    server = make_server("127.0.0.1", address.port or 80, create_app(config), threaded=True, request_handler=Quiet)
    server.serve_forever()


if __name__ == "__main__":
    main()
