"""``/.well-known/est/AUTHORITY/…``: HTTP in and out (RFC 7030 §3.2.2), answered before Flask is asked."""

import base64
import binascii
import logging
import re
import secrets
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import unquote

from sqlalchemy.exc import IntegrityError

from idp.audit import Actor
from idp.certification import authorities
from idp.certification.answers import Answer, posted
from idp.certification.enrolment import messages, requests, rights, together
from idp.certification.enrolment.messages import ATTRIBUTES_TYPE, CERTIFICATES_TYPE, MAX_BODY, REQUEST_TYPE
from idp.certification.enrolment.requests import Waiting
from idp.certification.enrolment.together import Ready
from idp.certification.errors import (
    AuthorityWaits,
    CertificationError,
    EnrolmentRefused,
    EnrolmentUsedUp,
    KeyKnown,
    NoSuchAuthority,
)
from idp.certification.office import Office, office_of
from idp.crypto.errors import CryptoError
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.errors import RequestRefused
from idp.crypto.x509.request import CertificateRequest
from idp.database.group_commit import GroupCommit
from idp.deployment import SYSTEM, Deployment
from idp.errors import YimaError
from idp.web.address import address_reader, certificate_reader

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger("yima.certification")

PREFIX = "/.well-known/est/"
RETRY_SECONDS = 300
_PATH = re.compile(r"/\.well-known/est/([a-z0-9-]{1,40})/(cacerts|csrattrs|simpleenroll|simplereenroll)")
_MAX_SHOWN, _MAX_CREDENTIAL, _MAX_HANDLE = 16384, 512, 16
_BASE64 = ("Content-Transfer-Encoding", "base64")  # RFC 8951 §3.1 does away with it; clients of before wait for it
_TEXT = "text/plain; charset=utf-8"


class EnrolmentSite:
    """A WSGI layer: what clients of EST ask is answered here, everything else by ``app``."""

    def __init__(self, app: "WSGIApplication", deployment: Deployment) -> None:
        self._app = app
        self._deployment = deployment
        self._office: Office = office_of(deployment.settings, deployment.ring.authority_vault)
        self._address = address_reader(deployment.settings.trusted_proxies)
        self._certificate = certificate_reader(deployment.settings)
        self._write = GroupCommit(self._write_all)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answers by itself, or passes on."""
        path = environ["PATH_INFO"]
        match = _PATH.fullmatch(path) if path.startswith(PREFIX) else None
        if match is None:
            return self._app(environ, start_response)
        answer = self._answer(environ, *match.groups())
        return answer.send(environ, start_response, self._deployment.clock.now())

    def _answer(self, environ: "WSGIEnvironment", authority: str, operation: str) -> Answer:
        method = "GET" if operation in ("cacerts", "csrattrs") else "POST"
        if environ["REQUEST_METHOD"] != method:
            return Answer(405, headers=(("Allow", method),))
        try:
            if operation == "cacerts":
                return self._authorities(authority)
            if operation == "csrattrs":
                return Answer(200, ATTRIBUTES_TYPE, messages.attributes(), headers=(_BASE64,))
            shown = self._shown(environ) if operation == "simplereenroll" else None
            return self._enrol(environ, authority) if shown is None else self._re_enrol(environ, authority, shown)
        except YimaError as error:
            return _refusal(error)
        except Exception:
            log.exception("unexpected error %s", secrets.token_hex(4))
            return Answer(500)

    def _authorities(self, name: str) -> Answer:
        with self._deployment.reading() as session:
            chain = authorities.chain_of(authorities.by_name(session, name))
        return Answer(200, CERTIFICATES_TYPE, messages.certificates(chain), headers=(_BASE64,))

    def _enrol(self, environ: "WSGIEnvironment", authority: str) -> Answer:
        handle, secret = _credential(environ.get("HTTP_AUTHORIZATION", ""))
        with self._deployment.reading() as session:  # before the body is read: a stranger costs one look
            right = rights.shown(session, authority, handle, secret, self._deployment.clock.now())
        body = posted(environ, REQUEST_TYPE, MAX_BODY)
        if isinstance(body, Answer):
            return body
        found = self._apply(Actor("enrolment", handle, self._address(environ)), right, messages.request_of(body))
        if isinstance(found, Waiting):  # RFC 7030 §4.2.3
            text = b"The request waits for an officer.\n"
            return Answer(202, _TEXT, text, headers=(("Retry-After", str(RETRY_SECONDS)),))
        return _issued(found)

    def _apply(self, actor: Actor, right: rights.Right, request: CertificateRequest) -> bytes | Waiting:
        try:
            if right.approval:
                with self._deployment.transaction(actor) as tx:
                    return requests.hand_in(tx, self._office, right, request)
            with self._deployment.reading() as session:
                now = self._deployment.clock.now()
                ready = together.prepare(session, self._office, actor, right, request, now)
            return self._write(ready) if isinstance(ready, Ready) else ready
        except (KeyKnown, RequestRefused, EnrolmentUsedUp, IntegrityError) as error:
            # The same request twice at once: the other one has won, and its answer is ours. Another's key stays refused.
            with self._deployment.reading() as session:
                again = requests.before(session, right, request)
            if again is None:
                if isinstance(error, IntegrityError):
                    raise KeyKnown from None
                raise
            return again

    def _write_all(self, ready: Sequence[Ready]) -> Sequence[bytes | Exception]:
        with self._deployment.transaction(SYSTEM) as tx:
            return together.write(tx, ready)

    def _re_enrol(self, environ: "WSGIEnvironment", authority: str, shown: Certificate) -> Answer:
        body = posted(environ, REQUEST_TYPE, MAX_BODY)
        if isinstance(body, Answer):
            return body
        request = messages.request_of(body)
        actor = Actor("enrolment", f"{shown.serial_number:x}", self._address(environ))
        with self._deployment.transaction(actor) as tx:
            return _issued(requests.re_enrol(tx, self._office, authority, shown, request))

    def _shown(self, environ: "WSGIEnvironment") -> Certificate | None:
        """The certificate that the client has proven to hold, to the proxy: RFC 9440's form, or PEM in percent-encoding."""
        text = self._certificate(environ).strip()
        if not text:
            return None
        try:
            if len(text) > _MAX_SHOWN:
                raise EnrolmentRefused
            if text.startswith(":") and text.endswith(":"):
                return Certificate(base64.b64decode(text[1:-1], validate=True))
            return Certificate.from_pem(unquote(text))
        except (CryptoError, binascii.Error, ValueError):
            raise EnrolmentRefused from None


def _issued(der: bytes) -> Answer:
    # RFC 7030 §4.2.3: the certificate that was issued, and no other.
    return Answer(200, CERTIFICATES_TYPE, messages.certificates([Certificate(der)]), headers=(_BASE64,))


def _refusal(error: YimaError) -> Answer:
    match error:
        case EnrolmentRefused():
            return Answer(401, headers=(("WWW-Authenticate", 'Basic realm="est", charset="UTF-8"'),))
        case NoSuchAuthority() | AuthorityWaits():
            return Answer(404)
        case KeyKnown():
            status = 409
        case CertificationError():
            status = 403
        case _:
            status = 400
    # RFC 7030 §4.2.3: a text that a person can read may stand in the answer.
    return Answer(status, _TEXT, f"{error}\n".encode())


def _credential(header: str) -> tuple[str, str]:
    """The handle and the secret (RFC 7617). Raises :class:`EnrolmentRefused`."""
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() != "basic" or len(rest) > _MAX_CREDENTIAL:
        raise EnrolmentRefused
    try:
        handle, colon, secret = base64.b64decode(rest.strip(), validate=True).decode("utf-8").partition(":")
    except (binascii.Error, ValueError):
        raise EnrolmentRefused from None
    if not colon or not handle.isascii() or not handle.isalnum() or len(handle) > _MAX_HANDLE:
        raise EnrolmentRefused
    return handle, secret
