"""The messages of the phone: where each goes, what shape it has, and what an error becomes."""

import logging
import re
from collections.abc import Callable
from functools import partial
from urllib.parse import parse_qs

from idp.audit import Actor, Transaction
from idp.deployment import Deployment
from idp.mfa.challenges import OPEN, ChallengeState
from idp.mfa.errors import FactorError
from idp.mfa.factor import Site
from idp.mfa.factors.cosign import CoSigning
from idp.mfa.tables import Challenge
from idp.phone import ceremony, enrolment, reading
from idp.phone.ceremony import Elsewhere
from idp.phone.errors import Gone, PhoneError
from idp.phone.reading import Shape, Signed
from idp.web.machine import Endpoint, MachineAnswer, MachineRequest

log = logging.getLogger("yima.phone")

Handler = Callable[[Transaction, Site, str, Signed], dict[str, object]]

MESSAGES: dict[str, tuple[Shape, Handler]] = {
    "/cosign/enrol/begin": (enrolment.BEGIN, enrolment.begin),
    "/cosign/enrol/open": (enrolment.OPEN, enrolment.open_commitment),
    "/cosign/answer": (ceremony.ANSWER, ceremony.answer),
    "/cosign/finish": (ceremony.FINISH, ceremony.finish),
    "/cosign/decline": (ceremony.DECLINE, ceremony.decline),
    "/cosign/pin": (ceremony.ACT, ceremony.change_pin),
    "/cosign/refresh": (ceremony.REFRESH, ceremony.take_refresh),
    "/cosign/revoke": (ceremony.ACT, ceremony.revoke),
}
WAITING = "/cosign/waiting"
STATE = "/cosign/state"


def phone_endpoints(deployment: Deployment, elsewhere: Elsewhere) -> dict[str, tuple[tuple[str, ...], Endpoint]]:
    """Of the phone's origin. ``elsewhere`` says where else somebody's answer is waited for."""
    messages: dict[str, tuple[Shape, Handler]] = {
        **MESSAGES,
        WAITING: (ceremony.WAITING, partial(ceremony.waiting, elsewhere=elsewhere)),
    }
    return {
        address: (("POST",), partial(_receive, deployment, address, shape, handler))
        for address, (shape, handler) in messages.items()
    }


def page_endpoints(deployment: Deployment) -> dict[str, tuple[tuple[str, ...], Endpoint]]:
    """Of the main origin: what a waiting page asks every few seconds."""
    return {STATE: (("GET",), partial(_state, deployment))}


def _receive(deployment: Deployment, address: str, shape: Shape, handler: Handler, request: MachineRequest) -> MachineAnswer:
    refused: PhoneError | None = None
    answer: dict[str, object] = {}
    try:
        if request.content_type != "application/json":
            raise PhoneError
        sent = reading.read(request.body, shape)
        site = Site(deployment.ring.vault, deployment.settings)
        with deployment.transaction(Actor(kind="person", id="-", address=request.address)) as tx:
            try:
                answer = handler(tx, site, address, sent)
            except PhoneError as error:  # caught here, so that what was counted is kept
                refused = error
            except FactorError:
                refused = Gone()
    except PhoneError as error:
        refused = error
    if refused is None:
        return MachineAnswer(200, answer)
    log.info("%s: %s", address, refused.code)
    left = {} if refused.left is None else {"left": refused.left}
    return MachineAnswer(refused.status, {"error": refused.word, **left})


def _state(deployment: Deployment, request: MachineRequest) -> MachineAnswer:
    """``waiting``, ``done`` or ``over``, for whoever knows the challenge's name: the page that asked, and the phone.

    It opens nothing: what was proven is collected with the page's own cookie.
    """
    asked = parse_qs(request.query.decode("latin-1")).get("tx", [""])
    if len(asked) != 1 or not re.fullmatch(r"[A-Za-z0-9_-]{22}", asked[0]):
        return MachineAnswer(400, {"error": "invalid"})
    with deployment.reading() as session:
        row = session.get(Challenge, asked[0])
        if row is None or row.kind != CoSigning.kind or row.expires_at <= deployment.clock.now():
            return MachineAnswer(200, {"state": "over"})
        if row.state in OPEN:
            return MachineAnswer(200, {"state": "waiting"})
        return MachineAnswer(200, {"state": "done" if row.state == ChallengeState.DONE else "over"})
