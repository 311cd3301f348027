"""Single logout (§2.3.3): telling apps, from server to server or in the browser, that a session has ended."""

import base64
import secrets
import zlib
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

from sqlalchemy import select
from sqlalchemy.orm import Session

from idp.apps import register
from idp.audit import Transaction
from idp.i18n import N_
from idp.keys import Vault
from idp.login.participants import Farewell, Participant, Telling
from idp.outbox import queue
from idp.outbox.worker import NobodyThere
from idp.sso.cas import service_url, tickets
from idp.sso.cas.errors import CasError
from idp.sso.cas.rules import Rules
from idp.sso.cas.server import CasServer
from idp.sso.cas.tables import CasLogin, CasService
from idp.sso.cas.tickets import Ticket
from idp.web.machine import FORM

KIND = "cas_logout"
_PROTOCOL, _ASSERTION = "urn:oasis:names:tc:SAML:2.0:protocol", "urn:oasis:names:tc:SAML:2.0:assertion"
ET.register_namespace("samlp", _PROTOCOL)
ET.register_namespace("saml", _ASSERTION)


class LogoutNotTaken(CasError):
    """The app did not say that it has ended its session."""

    code = "cas.logout"
    default_message = N_("The app did not take the sign-out.")


def note_login(tx: Transaction, vault: Vault, text: str, ticket: Ticket) -> None:
    """Notes that an app has let somebody in by the ticket ``text``, by which it will know whom we mean."""
    key = tickets.digest(text)
    row = CasLogin(
        sid=ticket.sid,
        app_id=ticket.app_id,
        person_id=ticket.person_id,
        service=ticket.service,
        ticket_hash=key,
        ticket_sealed=vault.seal(text, context=_context(key)),
        created_at=tx.now,
    )
    tx.session.add(row)


def participants(session: Session, sid: str) -> list[Participant]:
    """The apps that let somebody in from a session, one entry for each ticket."""
    found = []
    for login, rules in _logins(session, CasLogin.sid == sid):
        messages = (_message(login, rules),) if rules.logout in ("back", "both") else ()
        found.append(Participant(login.app_id, messages, rules.logout in ("front", "both")))
    return found


def on_take_back(tx: Transaction, app_id: str, person_id: int) -> None:
    """One app, from which a person has taken back what it may know, loses its tickets and is told to end its sessions."""
    tickets.end_of_app(tx, app_id, person_id)
    for login, rules in _logins(tx.session, CasLogin.app_id == app_id, CasLogin.person_id == person_id):
        if rules.logout in ("back", "both"):
            message = _message(login, rules)
            queue.put(tx, message.kind, message.payload, subject=f"app:{app_id}", url=message.url)


def sender(cas: CasServer) -> Callable[[dict[str, Any]], None]:
    """Delivers one message. Raises :class:`LogoutNotTaken`, ``FetchFailed`` or ``NobodyThere``."""

    def send(payload: dict[str, Any]) -> None:
        with cas.deployment.reading() as session:
            login, registered = session.get(CasLogin, payload["login"]), session.get(CasService, payload["app"])
            in_use = register.is_in_use(session, payload["app"])
        if login is None or registered is None or not in_use:
            raise NobodyThere(detail="the app is not in use")
        message = logout_request(_opened(cas.deployment.ring.vault, login), cas.deployment.clock.now())
        address = service_url.to_ascii(Rules(**registered.rules).logout_url or login.service)
        answer = cas.outgoing.post(address, urlencode({"logoutRequest": message}).encode(), content_type=FORM)
        # §2.3.3.2: a success. Many an app ends its session and then sends whoever it takes this for to its start page.
        if answer.status >= 400:
            raise LogoutNotTaken(detail=f"status {answer.status}")

    return send


def farewells(vault: Vault, now: Callable[[], datetime]) -> Callable[[Session, str], list[Farewell]]:
    """The apps' own pages, to be shown at a sign-out: as a CAS server of the reference implementation calls them in a browser."""

    def of_session(session: Session, sid: str) -> list[Farewell]:
        found = []
        for login, rules in _logins(session, CasLogin.sid == sid):
            if rules.logout in ("front", "both"):
                message = logout_request(_opened(vault, login), now())
                packed = base64.b64encode(zlib.compress(message.encode())).decode()
                # Clients read the one name or, of before 2017, the other.
                query = urlencode({"logoutRequest": packed, "SAMLRequest": packed})
                found.append(Farewell(login.app_id, service_url.with_parameters(rules.logout_url or login.service, query)))
        return found

    return of_session


def logout_request(ticket: str, now: datetime) -> str:
    """Appendix C: the document; the session index is the ticket by which the app let somebody in, the name is not used."""
    moment = now.isoformat(timespec="seconds").replace("+00:00", "Z")
    head = {"ID": f"LR-{secrets.token_hex(20)}", "Version": "2.0", "IssueInstant": moment}
    root = ET.Element(f"{{{_PROTOCOL}}}LogoutRequest", head)
    ET.SubElement(root, f"{{{_ASSERTION}}}NameID").text = "@NOT_USED@"
    ET.SubElement(root, f"{{{_PROTOCOL}}}SessionIndex").text = ticket
    return ET.tostring(root, encoding="unicode")


def _message(login: CasLogin, rules: Rules) -> Telling:
    return Telling(KIND, {"login": login.id, "app": login.app_id}, rules.logout_url or login.service)


def _logins(session: Session, *which: Any) -> list[tuple[CasLogin, Rules]]:
    statement = select(CasLogin, CasService.rules).join(CasService, CasService.app_id == CasLogin.app_id)
    return [(row[0], Rules(**row[1])) for row in session.execute(statement.where(*which).order_by(CasLogin.id))]


def _opened(vault: Vault, login: CasLogin) -> str:
    return vault.open(login.ticket_sealed, context=_context(login.ticket_hash))


def _context(key: str) -> str:
    return f"cas_login:{key}:ticket"
