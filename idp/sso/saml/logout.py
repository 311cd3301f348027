"""Single logout (SAML Profiles §4.4): telling apps that a session has ended, and being told by one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lxml import etree
from lxml.etree import _Element as Element
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from idp.apps.tables import App
from idp.audit import Transaction
from idp.i18n import N_
from idp.login.extension import Farewell
from idp.outbox import queue
from idp.sso.saml import answer, authn_request, bindings, names, providers, response, sign_in, xml
from idp.sso.saml.bindings import Received
from idp.sso.saml.errors import MessageRefused, SamlError
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


def on_session_end(tx: Transaction, sid: str) -> None:
    """What is to be done when a session ends: every app that was told who somebody is, is told."""
    _tell(tx, SamlLogin.sid == sid)


def on_take_back(tx: Transaction, app_id: str, person_id: int) -> None:
    """The same for one app, from which a person has taken back what it may know."""
    _tell(tx, SamlLogin.app_id == app_id, SamlLogin.person_id == person_id)


def sender(saml: SamlServer) -> Callable[[dict[str, Any]], None]:
    """Delivers one message by SOAP. Raises :class:`LogoutNotTaken`, or ``FetchFailed``; the outbox tries again by itself."""

    def send(payload: dict[str, Any]) -> None:
        now = saml.deployment.clock.now()
        with saml.deployment.reading() as session:
            login, registered = session.get(SamlLogin, payload["login"]), session.get(SamlProvider, payload["app"])
        endpoint = Described(**registered.described).logout(names.SOAP_BINDING) if registered is not None else None
        if login is None or registered is None or endpoint is None:  # long over: there is nobody to tell
            return
        request = _request(saml, login, Described(**registered.described), endpoint.location)
        saml.sign(request, now, after=q("saml:Issuer"))
        header = {"SOAPAction": '"http://www.oasis-open.org/committees/security"'}
        fetched = saml.outgoing.post(
            endpoint.location, in_envelope(request), content_type="text/xml; charset=utf-8", headers=header
        )
        _check_taken(fetched.status, fetched.body, str(request.get("ID")))

    return send


def farewells(saml: SamlServer) -> Callable[[Session, str], list[Farewell]]:
    """The apps' own addresses for the farewell page: a signed request by the redirect binding."""

    def of_session(session: Session, sid: str) -> list[Farewell]:
        found = []
        for login, name, described, rules in _logins(session, SamlLogin.sid == sid):
            endpoint = described.logout(names.REDIRECT)
            if endpoint is not None and "front" in _channels(described, rules):
                request = _request(saml, login, described, endpoint.location)
                query = bindings.to_query(request, "SAMLRequest", None, saml.signer(saml.deployment.clock.now()))
                found.append(Farewell(name, bindings.with_query(endpoint.location, query)))
        return found

    return of_session


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


def answer_to(saml: SamlServer, asked: Asked, destination: str) -> Element:
    """The ``LogoutResponse``, not signed yet. A session that nobody knows has ended: that is a success too."""
    now = saml.deployment.clock.now()
    found = response.message(saml, "samlp:LogoutResponse", destination, now, in_response_to=asked.request_id)
    response.add_status(found, names.SUCCESS)
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
    code = found.find(f"{q('samlp:Status')}/{q('samlp:StatusCode')}")
    if found.tag != q("samlp:LogoutResponse") or found.get("InResponseTo") != request_id or code is None:
        raise LogoutNotTaken(detail="no answer to this request")
    # §3.2.2.2: it is ours to blame if it is the requester's; the app does not know the session, and asking again changes nothing.
    if code.get("Value") not in (names.SUCCESS, names.REQUESTER):
        raise LogoutNotTaken(detail=f"status {str(code.get('Value'))[-40:]}")


def _request(saml: SamlServer, login: SamlLogin, described: Described, destination: str) -> Element:
    found = response.message(saml, "samlp:LogoutRequest", destination, saml.deployment.clock.now())
    opened = saml.deployment.ring.vault.open(login.name_sealed, context=answer.context_of(login.session_index))
    response.name_id(found, saml, described.entity_id, opened, login.name_format)
    etree.SubElement(found, q("samlp:SessionIndex")).text = login.session_index
    return found


def _tell(tx: Transaction, *which: Any) -> None:
    for login, _name, described, rules in _logins(tx.session, *which):
        endpoint = described.logout(names.SOAP_BINDING)
        if endpoint is not None and "back" in _channels(described, rules):
            payload = {"login": login.session_index, "app": login.app_id}
            queue.put(tx, KIND, payload, subject=f"app:{login.app_id}", url=endpoint.location)


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


def _logins(session: Session, *which: Any) -> list[tuple[SamlLogin, str, Described, Rules]]:
    statement = (
        select(SamlLogin, App.name, SamlProvider)
        .join(App, App.id == SamlLogin.app_id)
        .join(SamlProvider, SamlProvider.app_id == SamlLogin.app_id)
        .where(*which)
        .order_by(App.name, SamlLogin.session_index)
    )
    return [(row[0], row[1], Described(**row[2].described), Rules(**row[2].rules)) for row in session.execute(statement)]
