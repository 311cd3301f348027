"""An app with pysaml2: the service provider that its documentation describes, with the settings of ours."""

import ast
import os
import sys
import tempfile
import urllib.request
import uuid
from html import escape
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, make_server

from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.client import Saml2Client
from saml2.config import SPConfig
from saml2.metadata import entity_descriptor

APP = os.environ["APP_URL"]
IDP = os.environ["IDP_METADATA"]
SESSIONS = {}  # by cookie: the name of the person, and what the app was told
OUTSTANDING = {}


def make_client():
    with urllib.request.urlopen(IDP) as answer:
        file = Path(tempfile.mkdtemp()) / "idp.xml"
        file.write_bytes(answer.read())
    pair = {"key_file": "key.pem", "cert_file": "cert.pem"}
    endpoints = {
        "assertion_consumer_service": [(f"{APP}/acs", BINDING_HTTP_POST)],
        "single_logout_service": [(f"{APP}/slo", BINDING_HTTP_REDIRECT)],
    }
    settings = ast.literal_eval(os.environ["SP_SETTINGS"])["sp"] | {"endpoints": endpoints}
    described = {"entityid": f"{APP}/metadata", "xmlsec_binary": os.environ["XMLSEC"], "metadata": {"local": [str(file)]}}
    return Saml2Client(config=SPConfig().load({**described, **pair, "encryption_keypairs": [pair], "service": {"sp": settings}}))


CLIENT = make_client()


def app(environ, respond):
    path = environ["PATH_INFO"]
    if path == "/alive":
        return answer(respond, "alive")
    if path == "/metadata":
        return answer(respond, str(entity_descriptor(CLIENT.config)), kind="application/xml")
    if path == "/acs":
        return sign_in(environ, respond)
    if path == "/slo":
        return sign_out(environ, respond)
    known = SESSIONS.get(cookie(environ))
    if path == "/sign-out" and known:
        SESSIONS.pop(cookie(environ))
        asked = CLIENT.do_logout(known[0], [IDP], "", None, expected_binding=BINDING_HTTP_REDIRECT)
        return redirect(respond, next(iter(asked.values()))[1])
    if known is None:
        request_id, sent = CLIENT.prepare_for_authenticate(entityid=IDP, binding=BINDING_HTTP_REDIRECT)
        OUTSTANDING[request_id] = path
        return redirect(respond, sent)
    return answer(respond, f"<p id=user>{escape(' '.join(known[1].get('displayName', ['-'])))}</p>")


def sign_in(environ, respond):
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode()
    found = CLIENT.parse_authn_request_response(parse_qs(body)["SAMLResponse"][0], BINDING_HTTP_POST, OUTSTANDING)
    CLIENT.users.add_information_about_person(found.session_info())
    key = uuid.uuid4().hex
    SESSIONS[key] = (found.name_id, found.ava)
    respond("303 See Other", [("Location", f"{APP}/"), ("Set-Cookie", f"app={key}; Path=/; HttpOnly")])
    return []


def sign_out(environ, respond):
    given = {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
    if "SAMLResponse" in given:
        CLIENT.parse_logout_request_response(given["SAMLResponse"], BINDING_HTTP_REDIRECT)
        return answer(respond, "<p id=bye>bye</p>")
    known = SESSIONS.pop(cookie(environ), None)
    if known is None:
        return answer(respond, "nobody")
    sent = CLIENT.handle_logout_request(given["SAMLRequest"], known[0], BINDING_HTTP_REDIRECT, sign=True)
    return redirect(respond, sent)


def cookie(environ):
    found = SimpleCookie(environ.get("HTTP_COOKIE", "")).get("app")
    return found.value if found else ""


def redirect(respond, sent):
    sent = sent[1] if isinstance(sent, tuple) else sent
    respond("303 See Other", [("Location", dict(sent["headers"])["Location"])])
    return []


def answer(respond, text, kind="text/html"):
    respond("200 OK", [("Content-Type", f"{kind}; charset=utf-8")])
    return [text.encode()]


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        """Says nothing."""


if __name__ == "__main__":
    make_server("localhost", int(sys.argv[1]), app, handler_class=Quiet).serve_forever()
