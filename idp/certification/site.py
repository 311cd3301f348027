"""``/ocsp``, time-stamps and the files under ``/ca``: HTTP in and out for programs, answered before Flask is asked.

``/ca/NAME.crt`` is the authority's certificate (DER), ``/ca/NAME.pem`` its chain, ``/ca/NAME.crl`` the list of all its revoked
certificates and ``/ca/NAME-N.crl`` that of a shard. Anybody may read them; they are cached on the way for as long as they hold.
``/ca/NAME/tsa`` gives time-stamps.
"""

import logging
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

from idp.certification import authorities
from idp.certification.answers import MAX_AGE, Answer, posted
from idp.certification.errors import CertificationError, TooManyTimeStamps
from idp.certification.office import Office, office_of
from idp.certification.status import hosting, lists, responder
from idp.certification.status.allowance import Allowance
from idp.certification.status.responder import Reply, Responders
from idp.certification.timestamping import keys as timestamp_keys
from idp.certification.timestamping import stamps as timestamps
from idp.crypto.x509.ocsp import ResponseStatus
from idp.crypto.x509.ocsp.request import MAX_BYTES
from idp.crypto.x509.ocsp.response import refusal
from idp.crypto.x509.timestamp import FailureInfo, TimeStampRequest
from idp.crypto.x509.timestamp.request import MAX_BYTES as MAX_QUERY
from idp.deployment import SYSTEM, Deployment
from idp.web.address import address_reader

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger("yima.certification")

OCSP, FILES = "/ocsp", "/ca/"
_FILE = re.compile(r"/ca/([a-z0-9-]{1,40}?)(?:-(\d{1,6}))?\.(crt|pem|crl)")
_STAMP = re.compile(r"/ca/([a-z0-9-]{1,40})/tsa")
_QUERY_TYPE, _REPLY_TYPE = "application/timestamp-query", "application/timestamp-reply"  # RFC 3161 §3.4
_REQUEST_TYPE, _RESPONSE_TYPE = "application/ocsp-request", "application/ocsp-response"
# RFC 5280 §4.2.1.13, §4.2.2.1: certificates and lists are served as DER, under these types.
_TYPES = {"crt": "application/pkix-cert", "pem": "application/pem-certificate-chain", "crl": "application/pkix-crl"}
_REFRESH_SECONDS = 5.0


_NOT_FOUND = Answer(404)
# RFC 6960 §4.2.1, RFC 3161 §2.4.2: who is in trouble says so in its own words.
_OCSP_TROUBLE = Answer(200, _RESPONSE_TYPE, refusal(ResponseStatus.INTERNAL_ERROR))
_STAMP_TROUBLE = Answer(200, _REPLY_TYPE, timestamps.Refused(FailureInfo.SYSTEM_FAILURE).der)


class AuthoritySite:
    """A WSGI layer: what programs ask an authority is answered here, everything else by ``app``."""

    def __init__(self, app: "WSGIApplication", deployment: Deployment) -> None:
        self._app = app
        self._deployment = deployment
        self._office: Office = office_of(deployment.settings, deployment.ring.authority_vault)
        self._digests = timestamps.digests_of(deployment.settings.ca_timestamp_digests)
        self._address = address_reader(deployment.settings.trusted_proxies)
        self._allowance = Allowance(deployment.settings.ca_ocsp_signatures_per_minute)
        self._responders: tuple[float, Responders] | None = None
        self._lock = threading.Lock()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answers by itself, or passes on."""
        path = environ["PATH_INFO"]
        if path == OCSP or path.startswith(f"{OCSP}/"):
            answer = self._guarded(environ, ("GET", "POST", "HEAD"), self._ocsp, _OCSP_TROUBLE)
        elif path.startswith(FILES) and _FILE.fullmatch(path):
            answer = self._guarded(environ, ("GET", "HEAD"), self._file, Answer(500))
        elif path.startswith(FILES) and _STAMP.fullmatch(path):
            answer = self._guarded(environ, ("POST",), self._stamp, _STAMP_TROUBLE)
        else:
            return self._app(environ, start_response)
        return answer.send(environ, start_response, self._deployment.clock.now())

    def _guarded(
        self,
        environ: "WSGIEnvironment",
        methods: tuple[str, ...],
        answering: "Callable[[WSGIEnvironment], Answer]",
        trouble: Answer,
    ) -> Answer:
        if environ["REQUEST_METHOD"] not in methods:
            return Answer(405, headers=(("Allow", ", ".join(methods)),))
        try:
            return answering(environ)
        except Exception:
            log.exception("unexpected error %s", secrets.token_hex(4))
            return trouble

    def _ocsp(self, environ: "WSGIEnvironment") -> Answer:
        question: bytes | None
        if environ["REQUEST_METHOD"] == "POST":
            body = posted(environ, _REQUEST_TYPE, MAX_BYTES)
            if isinstance(body, Answer):
                return body
            question = body
        else:
            question = responder.question_of_path(environ["PATH_INFO"][len(OCSP) + 1 :])
        if not question:
            return Answer(200, _RESPONSE_TYPE, refusal(ResponseStatus.MALFORMED_REQUEST))
        now = self._deployment.clock.now()
        with self._deployment.reading() as session:
            may_sign = partial(self._allowance.take, self._address(environ), now)
            found = responder.reply(session, self._known(), question, now, may_sign)
        if not isinstance(found, Reply):
            with self._deployment.transaction(SYSTEM) as tx:
                found = responder.sign_in_advance(tx, found)
        return Answer(200, _RESPONSE_TYPE, found.der, found.fresh_until)

    def _known(self) -> Responders:
        with self._lock:
            if self._responders is None or time.monotonic() - self._responders[0] > _REFRESH_SECONDS:
                with self._deployment.reading() as session:
                    self._responders = time.monotonic(), Responders(session, self._office)
            return self._responders[1]

    def _stamp(self, environ: "WSGIEnvironment") -> Answer:
        match = _STAMP.fullmatch(environ["PATH_INFO"])
        if match is None:
            return _NOT_FOUND
        with self._deployment.reading() as session:
            try:
                timestamp_keys.of(session, authorities.by_name(session, match[1]))
            except CertificationError:
                return _NOT_FOUND
        body = posted(environ, _QUERY_TYPE, MAX_QUERY)
        if isinstance(body, Answer):
            return body
        asked = timestamps.question(body, self._digests)
        if isinstance(asked, timestamps.Refused):
            return Answer(200, _REPLY_TYPE, asked.der)
        try:
            return self._stamped(environ, match[1], asked)
        except TooManyTimeStamps as error:
            return Answer(429, headers=(("Retry-After", str(error.seconds)),))

    def _stamped(self, environ: "WSGIEnvironment", name: str, asked: TimeStampRequest) -> Answer:
        with self._deployment.transaction(SYSTEM) as tx:
            timestamps.check_allowance(tx, self._address(environ), self._deployment.settings.ca_timestamps_per_minute)
            return Answer(200, _REPLY_TYPE, timestamps.reply(tx, self._office, authorities.by_name(tx.session, name), asked))

    def _file(self, environ: "WSGIEnvironment") -> Answer:
        match = _FILE.fullmatch(environ["PATH_INFO"])
        if match is None:
            return _NOT_FOUND
        name, shard, kind = match.groups()
        if shard is not None and kind != "crl":
            return _NOT_FOUND
        with self._deployment.reading() as session:
            try:
                elsewhere = hosting.find(session, name)
                if kind == "crl":
                    part = lists.ALL if shard is None else int(shard)
                    if elsewhere is not None:
                        taken = hosting.newest(session, name, part)
                        return Answer(200, _TYPES[kind], taken.der, taken.next_update)
                    found = lists.newest(session, authorities.by_name(session, name), part)
                    return Answer(200, _TYPES[kind], found.der, found.this_update + lists.EVERY)
                chain = (
                    hosting.chain_of(elsewhere)
                    if elsewhere is not None
                    else authorities.chain_of(authorities.by_name(session, name))
                )
            except CertificationError:
                return _NOT_FOUND
        body = chain[0].der if kind == "crt" else "".join(one.to_pem() for one in chain).encode()
        return Answer(200, _TYPES[kind], body, headers=(("Cache-Control", f"public, max-age={MAX_AGE}"),))
