"""An app with python-cas, in every version of the protocol that it knows: ``/3``, ``/2``, ``/1``, ``/CAS_2_SAML_1_0``.

``/proxy`` takes a proxy-granting ticket at ``/pgt`` and opens ``/3`` by it, for whoever has signed in.
"""

import os
import sys
import uuid
from html import escape
from http.cookies import SimpleCookie
from socketserver import ThreadingMixIn
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from cas import CASClient

SESSIONS = {}  # by cookie: ticket, user, attributes
GRANTING = {}  # by IOU


def client_for(version):
    url = os.environ["APP_URL"]
    known = {"service_url": f"{url}/{version}", "server_url": os.environ["CAS_SERVER"]}
    if version == "proxy":
        return CASClient(version=3, proxy_callback=f"{url}/pgt", **known)
    return CASClient(version=version, **known)


def by_proxy(iou):
    """Whom ``/3`` learns of by a proxy ticket."""
    back_end = client_for("3")
    ticket = back_end.get_proxy_ticket(GRANTING[iou])
    back_end.url_suffix = "p3/proxyValidate"
    user, attributes, _iou = back_end.verify_ticket(ticket)
    return ticket, user, attributes


def app(environ, respond):
    version = environ["PATH_INFO"].strip("/")
    if version == "alive":
        respond("200 OK", [("Content-Type", "text/plain")])
        return [b"alive"]
    query = parse_qs(environ["QUERY_STRING"])
    if version == "pgt":
        GRANTING.update(zip(query.get("pgtIou", []), query.get("pgtId", []), strict=True))
        respond("200 OK", [("Content-Type", "text/plain")])
        return [b""]
    client = client_for(version)
    if environ["REQUEST_METHOD"] == "POST":
        return sign_out(client, environ, respond)
    cookie = SimpleCookie(environ.get("HTTP_COOKIE", "")).get(f"v{version}")
    known = SESSIONS.get(cookie.value) if cookie else None
    ticket = query.get("ticket", [""])[0]
    headers = [("Content-Type", "text/html; charset=utf-8")]
    if known is None and ticket:
        user, attributes, iou = client.verify_ticket(ticket)
        if iou is not None:
            ticket, user, attributes = by_proxy(iou)
        if user is not None:
            known, key = (ticket, user, attributes or {}), uuid.uuid4().hex
            SESSIONS[key] = known
            headers.append(("Set-Cookie", f"v{version}={key}; Path=/{version}; HttpOnly"))
    if known is None:
        respond("302 Found", [("Location", client.get_login_url())])
        return []
    respond("200 OK", headers)
    return [f"<p id=user>{escape(known[1])} {escape(str(known[2].get('cn', '')))}</p>".encode()]


def sign_out(client, environ, respond):
    length = int(environ.get("CONTENT_LENGTH") or 0)
    message = parse_qs(environ["wsgi.input"].read(length).decode()).get("logoutRequest", [""])[0]
    slo = client_for(3)  # the older clients leave reading it to their user
    for key, (ticket, _user, _attributes) in list(SESSIONS.items()):
        if slo.verify_logout_request(message, ticket):
            del SESSIONS[key]
    respond("200 OK", [("Content-Type", "text/plain")])
    return [b"bye"]


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        """Says nothing."""


class Threaded(ThreadingMixIn, WSGIServer):
    """We are called back while we ask."""

    daemon_threads = True


if __name__ == "__main__":
    make_server("localhost", int(sys.argv[1]), app, server_class=Threaded, handler_class=Quiet).serve_forever()
