"""``/signing/v1/…``: JSON in and out for programs. Every request is admitted, read, counted and then done, in this order."""

import base64
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from idp.certification import authorities
from idp.certification.errors import CertificationError
from idp.crypto import sm3
from idp.crypto.devices.errors import DeviceError
from idp.crypto.errors import CryptoError
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.cms.document import Document
from idp.crypto.x509.cms.enveloped_data import EnvelopedData
from idp.crypto.x509.cms.signed_data import SignedData
from idp.errors import YimaError
from idp.oidc.endpoints import error_answer
from idp.oidc.errors import InvalidAccessToken, OAuthError, TemporarilyUnavailable, UnknownClient
from idp.signing import admission, envelopes, keys, permissions, requests, trust
from idp.signing import signing as acts
from idp.signing.admission import Caller
from idp.signing.errors import SigningError, TooManyRequests
from idp.signing.permissions import Operation
from idp.signing.requests import (
    DigestRequest,
    EncryptRequest,
    OpenRequest,
    SignRequest,
    TimestampRequest,
    VerifyRequest,
)
from idp.signing.service import PREFIX, Service
from idp.signing.signing import SYNTAXES
from idp.signing.tables import SigningKey
from idp.signing.verification import Judge, Verdict, check_raw, refusal
from idp.web.machine import Endpoint, MachineAnswer, MachineRequest

log = logging.getLogger("yima.signing")

Answer = dict[str, Any]
JSON = "application/json"


def list_keys(service: Service, caller: Caller) -> Answer:
    """The keys that the app may use, with their certificates up to below the root."""
    _count(service, caller)
    deployment = service.deployment
    with deployment.reading() as session:
        found = []
        for one in permissions.of_app(session, caller.app_id):
            row = keys.certificate_row(session, keys.current(session, one.key))
            chain = [Certificate(row.der), *authorities.chain_of(keys.authority_of(session, one.key))]
            found.append(
                {
                    "key": one.key.name,
                    "use": one.key.use,
                    "operations": sorted(one.operations),
                    "per_minute": one.per_minute,
                    "state": keys.state(session, one.key, deployment.clock.now()),
                    "valid_until": row.not_after.isoformat(),
                    "certificates": [certificate.to_pem() for certificate in chain],
                }
            )
    return {"keys": found}


def digest(service: Service, caller: Caller, asked: DigestRequest) -> Answer:
    """SM3."""
    _count(service, caller)
    return {"digest": sm3.digest(asked.document).hex()}


def sign(service: Service, caller: Caller, asked: SignRequest) -> Answer:
    """A signature, written down before it leaves."""
    wanted = asked.wanted()
    number = _permitted(service, caller, asked.key, wanted.operation)
    with service.deployment.transaction(caller.actor) as tx:
        made = acts.sign(tx, service.office, tx.session.get_one(SigningKey, number), wanted)
    return {
        "signature": _text(made.signature),
        "format": asked.format,
        "digest": wanted.document.digest.hex(),
        "key": asked.key,
        "version": made.version,
        "certificate": made.certificate.to_pem(),
    }


def timestamp(service: Service, caller: Caller, asked: TimestampRequest) -> Answer:
    """A time-stamp token."""
    _count(service, caller)
    document = asked.given() or Document.of(b"")
    with service.deployment.transaction(caller.actor) as tx:
        authority = authorities.by_name(tx.session, asked.authority)
        made = acts.stamp(tx, service.office, authority, document)
    return {"response": _text(made.response), "at": made.info.at.isoformat(), "serial": f"{made.info.serial_number:x}"}


def verify(service: Service, caller: Caller, asked: VerifyRequest) -> Answer:
    """The verdict on a signature, or on each of a message. What cannot be read at all is no signature either."""
    if asked.key is not None:
        _permitted(service, caller, asked.key, Operation.VERIFY)
    else:
        _count(service, caller)
    lists = [requests.revocation_list(one) for one in asked.lists]
    others = [requests.certificate("certificates", one) for one in asked.certificates]
    deployment = service.deployment
    with deployment.reading() as session:
        judge = Judge(session, trust.of(session, service.roots), deployment.clock.now(), lists=lists, others=others)
        try:
            verdicts = _raw(judge, asked) if asked.raw else judge.message(SignedData.from_der(asked.signature), asked.given())
        except CryptoError as error:
            return {"valid": False, "refusal": refusal(error), "signatures": []}
        found = [one.to_json() for one in verdicts]
    return {"valid": all(one.valid for one in verdicts), "refusal": None, "signatures": found}


def encrypt(service: Service, caller: Caller, asked: EncryptRequest) -> Answer:
    """An envelope. Certificates must lead to a root that is believed, and be good now."""
    used = [_permitted(service, caller, name, Operation.ENCRYPT) for name in dict.fromkeys(asked.keys)]
    if not used:
        _count(service, caller)
    found = [requests.certificate("recipients", one) for one in asked.recipients]
    lists = [requests.revocation_list(one) for one in asked.lists]
    deployment = service.deployment
    with deployment.transaction(caller.actor) as tx:
        believed = trust.of(tx.session, service.roots)
        for one in found:
            trust.check(tx.session, believed, one, at=tx.now, lists=lists)
        to_keys = [tx.session.get_one(SigningKey, number) for number in used]
        recipients = dict.fromkeys([*found, *(envelopes.recipient(tx, key) for key in to_keys)])
        message = envelopes.seal(tx, asked.document, list(recipients), SYNTAXES[asked.format])
    return {"envelope": _text(message), "format": asked.format}


def open_(service: Service, caller: Caller, asked: OpenRequest) -> Answer:
    """What is in an envelope."""
    number = _permitted(service, caller, asked.key, Operation.OPEN)
    message = EnvelopedData.from_der(asked.envelope)
    try:
        with service.deployment.transaction(caller.actor) as tx:
            content = envelopes.open_(tx, service.office, tx.session.get_one(SigningKey, number), message)
    except CryptoError as error:
        with service.deployment.transaction(caller.actor) as tx:
            envelopes.record_refusal(tx, keys.by_name(tx.session, asked.key), asked.envelope, error)
        raise
    return {"document": _text(content)}


OPERATIONS: dict[str, tuple[type[Any], Callable[[Service, Caller, Any], Answer]]] = {
    "sign": (SignRequest, sign),
    "verify": (VerifyRequest, verify),
    "digest": (DigestRequest, digest),
    "timestamp": (TimestampRequest, timestamp),
    "encrypt": (EncryptRequest, encrypt),
    "open": (OpenRequest, open_),
}


def machine_endpoints(service: Service) -> dict[str, tuple[tuple[str, ...], Endpoint]]:
    """Paths, methods and functions."""
    found: dict[str, tuple[tuple[str, ...], Endpoint]] = {
        f"{PREFIX}/{name}": (("POST",), partial(_guarded, service, name)) for name in OPERATIONS
    }
    return found | {f"{PREFIX}/keys": (("GET",), partial(_guarded, service, "keys"))}


def _guarded(service: Service, name: str, request: MachineRequest) -> MachineAnswer:
    try:
        caller = admission.admit(service, request, f"{service.url}/{name}")
        if name == "keys":
            return MachineAnswer(200, list_keys(service, caller))
        if request.content_type != JSON:
            return MachineAnswer(415, {"error": "invalid_request"}, (("Accept-Post", JSON),))
        model, act = OPERATIONS[name]
        return MachineAnswer(200, act(service, caller, requests.read(model, request.body)))
    except (OAuthError, UnknownClient) as error:
        issuer = service.provider.issuers["sm"]
        told = InvalidAccessToken() if isinstance(error, UnknownClient) else error
        log.info("%s: %s %s", name, told.error, error.detail or "")
        return error_answer(service.provider, issuer, request, told)
    except DeviceError as error:
        log.error("%s: a device failed: %s", name, error)
        return error_answer(service.provider, service.provider.issuers["sm"], request, TemporarilyUnavailable())
    except (SigningError, CryptoError, CertificationError) as error:
        log.info("%s: %s %s", name, error.code, error.detail or "")
        return _refusal(error)


def _refusal(error: YimaError) -> MachineAnswer:
    status, code = (error.status, error.error) if isinstance(error, SigningError) else (400, error.code)
    headers = (("Retry-After", str(error.seconds)),) if isinstance(error, TooManyRequests) else ()
    return MachineAnswer(status, {"error": code, "error_description": str(error)}, headers)


def _permitted(service: Service, caller: Caller, name: str, operation: Operation) -> int:
    """The key's number in our tables."""
    with service.deployment.transaction(caller.actor) as tx:
        return permissions.spend(tx, caller.app_id, name, operation).id


def _count(service: Service, caller: Caller) -> None:
    """What needs no key has a limit of its own."""
    allowed = service.deployment.settings.signing_requests_per_minute
    with service.deployment.transaction(caller.actor) as tx:
        permissions.count(tx, caller.app_id, "", allowed)


def _raw(judge: Judge, asked: VerifyRequest) -> list[Verdict]:
    document = asked.given() or Document.of(b"")
    if asked.public_key is not None:
        verdict = Verdict(at=judge.now)
        try:
            check_raw(requests.public_key(asked.public_key), asked.signature, document)
            verdict.checked.append("signature")
        except CryptoError as error:
            verdict.refusal = error
        return [verdict]
    if asked.certificate is not None:
        return [judge.raw(asked.signature, document, requests.certificate("certificate", asked.certificate))]
    key = keys.by_name(judge.session, asked.key or "")
    return [_by_any_version(judge, key, asked.signature, document)]


def _by_any_version(judge: Judge, key: Any, signature: bytes, document: Document) -> Verdict:
    """By the newest pair of the key whose signature it is; a bare signature does not say which."""
    verdicts = [
        judge.raw(signature, document, Certificate(keys.certificate_row(judge.session, version).der))
        for version in keys.versions(judge.session, key)
    ]
    return next((one for one in verdicts if "signature" in one.checked), verdicts[0])


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
