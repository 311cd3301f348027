"""An app with python-cas, in every version of the protocol that it knows: ``/3``, ``/2``, ``/1``, ``/CAS_2_SAML_1_0``."""

import os
import sys
import uuid
from html import escape
from http.cookies import SimpleCookie
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, make_server

from cas import CASClient

SESSIONS = {}  # by cookie: ticket, user, attributes


def client_for(version):
    service = f"{os.environ['APP_URL']}/{version}"
    return CASClient(version=version, service_url=service, server_url=os.environ["CAS_SERVER"])


def app(environ, respond):
    version = environ["PATH_INFO"].strip("/")
    if version == "alive":
        respond("200 OK", [("Content-Type", "text/plain")])
        return [b"alive"]
    client = client_for(version)
    if environ["REQUEST_METHOD"] == "POST":
        return sign_out(client, environ, respond)
    cookie = SimpleCookie(environ.get("HTTP_COOKIE", "")).get(f"v{version}")
    known = SESSIONS.get(cookie.value) if cookie else None
    ticket = parse_qs(environ["QUERY_STRING"]).get("ticket", [""])[0]
    headers = [("Content-Type", "text/html; charset=utf-8")]
    if known is None and ticket:
        user, attributes, _iou = client.verify_ticket(ticket)
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


if __name__ == "__main__":
    make_server("localhost", int(sys.argv[1]), app, handler_class=Quiet).serve_forever()
