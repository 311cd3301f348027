"""Single logout (SAML Profiles §4.4): telling apps that a session has ended, and being told by one."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from lxml import etree
from lxml.etree import _Element as Element
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from idp.apps import register
from idp.audit import Transaction
from idp.i18n import N_
from idp.login import sign_outs
from idp.login.participants import Farewell, Participant, Telling
from idp.outbox import queue
from idp.outbox.worker import NobodyThere
from idp.sso.saml import answer, authn_request, bindings, names, providers, response, sign_in, xml
from idp.sso.saml.bindings import Received
from idp.sso.saml.errors import MessageRefused, RequestLost, SamlError
from idp.sso.saml.metadata import Described
from idp.sso.saml.names import q
from idp.sso.saml.providers import Provider
from idp.sso.saml.rules import Rules
from idp.sso.saml.server import SamlServer
from idp.sso.saml.tables import SamlLogin, SamlProvider

KIND = "saml_logout"
MAX_INDICES = 50


class LogoutNotTaken(SamlError):
    """The app did not say that it has ended its session."""

    code = "saml.logout"
    default_message = N_("The app did not take the sign-out.")


@dataclass(frozen=True)
class Asked:
    """An app's request to end a session: ``sids`` are those it means, each with its person."""

    provider: Provider
    request_id: str
    relay_state: str | None
    sids: dict[str, int]


def participants(session: Session, sid: str) -> list[Participant]:
    """The apps that were told who somebody is from a session, one entry for each time."""
    found = []
    for login, described, rules in _logins(session, SamlLogin.sid == sid):
        in_browser = described.in_browser is not None and "front" in _channels(described, rules)
        found.append(Participant(login.app_id, tuple(_messages(login, described, rules)), in_browser))
    return found


def on_take_back(tx: Transaction, app_id: str, person_id: int) -> None:
    """One app, from which a person has taken back what it may know, is told to end its sessions."""
    for login, described, rules in _logins(tx.session, SamlLogin.app_id == app_id, SamlLogin.person_id == person_id):
        for message in _messages(login, described, rules):
            queue.put(tx, message.kind, message.payload, subject=f"app:{app_id}", url=message.url)


def sender(saml: SamlServer) -> Callable[[dict[str, Any]], None]:
    """Delivers one message by SOAP. Raises :class:`LogoutNotTaken`, ``FetchFailed`` or ``NobodyThere``."""

    def send(payload: dict[str, Any]) -> None:
        now = saml.deployment.clock.now()
        with saml.deployment.reading() as session:
            login, registered = session.get(SamlLogin, payload["login"]), session.get(SamlProvider, payload["app"])
            in_use = register.is_in_use(session, payload["app"])
        endpoint = Described(**registered.described).logout(names.SOAP_BINDING) if registered is not None else None
        if login is None or registered is None or endpoint is None or not in_use:
            raise NobodyThere(detail="the app is not in use")
        request = _request(saml, login, Described(**registered.described), endpoint.location)
        saml.sign(request, now, after=q("saml:Issuer"))
        header = {"SOAPAction": '"http://www.oasis-open.org/committees/security"'}
        fetched = saml.outgoing.post(
            endpoint.location, in_envelope(request), content_type="text/xml; charset=utf-8", headers=header
        )
        _check_taken(fetched.status, fetched.body, str(request.get("ID")))

    return send


def farewells(saml: SamlServer) -> Callable[[Session, str], list[Farewell]]:
    """The apps' own addresses for the page of the sign-out: a signed request by the redirect binding, or our page with a form."""

    def of_session(session: Session, sid: str) -> list[Farewell]:
        found = []
        for login, described, rules in _logins(session, SamlLogin.sid == sid):
            endpoint = described.in_browser
            if endpoint is None or "front" not in _channels(described, rules):
                continue
            if endpoint.binding == names.POST:
                url = bindings.with_query(saml.farewell, urlencode({"session": login.session_index}))
                found.append(Farewell(login.app_id, url, answers=True, leads_to=endpoint.location))
            else:
                request = _request(saml, login, described, endpoint.location)
                query = bindings.to_query(request, "SAMLRequest", None, saml.signer(saml.deployment.clock.now()))
                found.append(Farewell(login.app_id, bindings.with_query(endpoint.location, query), answers=True))
        return found

    return of_session


def farewell_form(saml: SamlServer, session: Session, index: str, mark: str) -> tuple[Provider, str, dict[str, str]]:
    """The app, its address and the fields of a signed request by the POST binding, for the browser that keeps ``mark``.

    Raises :class:`RequestLost` for a session that this browser has not just signed out of.
    """
    login, now = session.get(SamlLogin, index[:64]), saml.deployment.clock.now()
    if login is None or not sign_outs.belongs(session, mark, login.sid):
        raise RequestLost
    provider = providers.by_app(session, login.app_id, now)
    endpoint = provider.described.in_browser
    if endpoint is None or endpoint.binding != names.POST:
        raise RequestLost
    request = _request(saml, login, provider.described, endpoint.location)
    saml.sign(request, now, after=q("saml:Issuer"))
    return provider, endpoint.location, bindings.to_form(request, "SAMLRequest", None)


def read(saml: SamlServer, session: Session, received: Received, destination: str) -> Asked:
    """An app's ``LogoutRequest`` (SAML Core §3.7.1), always signed. Raises a :class:`SamlError`."""
    now = saml.deployment.clock.now()
    provider = providers.by_entity(session, authn_request.issuer_of(received.element), now)
    element = received.believed(provider.described.signing, required=True)
    if authn_request.issuer_of(element) != provider.described.entity_id:
        raise MessageRefused(detail="another Issuer under the signature")
    request_id = authn_request.check_message(element, "samlp:LogoutRequest", destination, now, signed=True)
    name = xml.text_of(xml.only(element, q("saml:NameID")))
    indices = [xml.text_of(one) or "" for one in element.findall(q("samlp:SessionIndex"))]
    if not name or len(indices) > MAX_INDICES:
        raise MessageRefused(detail="no NameID")
    sids = {
        login.sid: login.person_id
        # §3.7.3.2: the name it knows the person by; the session alone is not enough.
        for login in _of_app(session, provider.id, answer.name_index(saml, provider.id, name), indices)
    }
    return Asked(provider, request_id, received.relay_state, sids)


def forget(tx: Transaction, asked: Asked) -> None:
    """Takes the asking app out of those that are told, and notes that its request was acted upon. Raises ``RequestReplayed``."""
    sign_in.answer_once(tx, asked.provider.id, asked.request_id)
    mine = (SamlLogin.app_id == asked.provider.id, SamlLogin.sid.in_(asked.sids))
    tx.session.execute(delete(SamlLogin).where(*mine).execution_options(synchronize_session=False))


def answer_to(saml: SamlServer, asked: Asked, destination: str, *, partial: bool = False) -> Element:
    """The ``LogoutResponse``, not signed yet. A session that nobody knows has ended: that is a success too.

    ``partial``: the session here has ended, and an app of it could not be told (§3.7.3.2).
    """
    now = saml.deployment.clock.now()
    found = response.message(saml, "samlp:LogoutResponse", destination, now, in_response_to=asked.request_id)
    response.add_status(found, names.SUCCESS, names.PARTIAL_LOGOUT if partial else None)
    return found


def in_envelope(element: Element) -> bytes:
    """A message in a SOAP envelope (SAML Bindings §3.2)."""
    envelope = etree.Element(q("soap:Envelope"), nsmap={"soap": names.SOAP})
    etree.SubElement(envelope, q("soap:Body")).append(element)
    return xml.serialise(envelope)


def from_envelope(data: bytes) -> Element:
    """The one message in a SOAP body, as a document of its own. Raises :class:`MessageRefused`."""
    root = xml.parse(data)
    body = xml.only(root, q("soap:Body")) if root.tag == q("soap:Envelope") else None
    if body is None or len(body) != 1:
        raise MessageRefused(detail="not one message in a SOAP envelope")
    # Anew: nothing around it may be reached from it, nor count as signed with it.
    return xml.parse(xml.serialise(body[0]))


def _check_taken(status: int, body: bytes, request_id: str) -> None:
    if status != 200:
        raise LogoutNotTaken(detail=f"status {status}")
    try:
        found = from_envelope(body)
    except MessageRefused:
        raise LogoutNotTaken(detail="no SAML answer") from None
    if found.tag != q("samlp:LogoutResponse") or found.get("InResponseTo") != request_id:
        raise LogoutNotTaken(detail="no answer to this request")
    if _status_of(found) not in _ENDED:
        raise LogoutNotTaken(detail=f"status {_status_of(found)[-40:]}")


# §3.2.2.2: it is ours to blame if it is the requester's; the app does not know the session, and asking again changes nothing.
_ENDED = (names.SUCCESS, names.REQUESTER)


def _status_of(element: Element) -> str:
    code = element.find(f"{q('samlp:Status')}/{q('samlp:StatusCode')}")
    return str(code.get("Value")) if code is not None else ""


def _index_of(request_id: str) -> str:
    return request_id.partition(".")[0][:64]


def note_answer(saml: SamlServer, tx: Transaction, received: Received) -> None:
    """What an app answers to a request by the browser (§4.4.3.4), always signed: on the page it has ended its session, or not.

    Raises a :class:`SamlError` for an answer that is not the app's own to a request of ours.
    """
    provider = providers.by_entity(tx.session, authn_request.issuer_of(received.element), tx.now)
    element = received.believed(provider.described.signing, required=True)
    if authn_request.issuer_of(element) != provider.described.entity_id:
        raise MessageRefused(detail="another Issuer under the signature")
    authn_request.check_message(element, "samlp:LogoutResponse", saml.slo, tx.now, signed=True)
    login = tx.session.get(SamlLogin, _index_of(element.get("InResponseTo", "")))
    if login is None or login.app_id != provider.id:
        raise MessageRefused(detail="no answer to a request of ours")
    sign_outs.answered(tx, login.sid, provider.id, well=_status_of(element) in _ENDED)


def _request(saml: SamlServer, login: SamlLogin, described: Described, destination: str) -> Element:
    found = response.message(saml, "samlp:LogoutRequest", destination, saml.deployment.clock.now())
    # By this the answer is known to belong to it. The app has read the index in its assertion.
    found.set("ID", f"{login.session_index}.{secrets.token_hex(16)}")
    opened = saml.deployment.ring.vault.open(login.name_sealed, context=answer.context_of(login.session_index))
    response.name_id(found, saml, described.entity_id, opened, login.name_format)
    etree.SubElement(found, q("samlp:SessionIndex")).text = login.session_index
    return found


def _messages(login: SamlLogin, described: Described, rules: Rules) -> list[Telling]:
    endpoint = described.logout(names.SOAP_BINDING)
    if endpoint is None or "back" not in _channels(described, rules):
        return []
    return [Telling(KIND, {"login": login.session_index, "app": login.app_id}, endpoint.location)]


def _channels(described: Described, rules: Rules) -> tuple[str, ...]:
    """By which ways an app is told."""
    if rules.logout == "auto":
        return ("back",) if described.logout(names.SOAP_BINDING) is not None else ("front",)
    wanted = ("back", "front") if rules.logout == "both" else (rules.logout,)
    return tuple(way for way in wanted if way == "front" or described.logout(names.SOAP_BINDING) is not None)


def _of_app(session: Session, app_id: str, name: str, indices: list[str]) -> list[SamlLogin]:
    # §3.7.1: without an index every session of that person.
    statement = select(SamlLogin).where(SamlLogin.app_id == app_id, SamlLogin.name_index == name)
    return list(session.scalars(statement.where(SamlLogin.session_index.in_(indices)) if indices else statement))


def _logins(session: Session, *which: Any) -> list[tuple[SamlLogin, Described, Rules]]:
    statement = select(SamlLogin, SamlProvider).join(SamlProvider, SamlProvider.app_id == SamlLogin.app_id)
    rows = session.execute(statement.where(*which).order_by(SamlLogin.created_at, SamlLogin.session_index))
    return [(row[0], Described(**row[1].described), Rules(**row[1].rules)) for row in rows]
