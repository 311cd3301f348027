"""Telling an app who somebody is: the name, the attributes, the record of what was told, and of whom to tell at the end."""

import secrets
from datetime import datetime, timedelta

from lxml.etree import _Element as Element
from sqlalchemy import select

from idp.apps import register
from idp.audit import Transaction
from idp.login.sessions import SignedIn
from idp.login.tables import BrowserSession
from idp.registry import profile
from idp.registry.tables import Institution
from idp.release import ledger
from idp.release.claims import of_person
from idp.release.ledger import Place
from idp.sso.saml import contexts, names, response, sign_in
from idp.sso.saml.attributes import ATTRIBUTES, About
from idp.sso.saml.authn_request import Asked
from idp.sso.saml.errors import NoName
from idp.sso.saml.providers import Provider
from idp.sso.saml.response import Statement
from idp.sso.saml.server import SamlServer
from idp.sso.saml.tables import SamlLogin


def give(saml: SamlServer, tx: Transaction, provider: Provider, asked: Asked, signed_in: SignedIn) -> Element:
    """The answer to a request, which is answered by this and never again.

    Raises ``RequestReplayed``, or :class:`NoName` where the app could not know the person. What is told is written down in the
    same transaction, and that the app has been told, for the sign-out.
    """
    sign_in.answer_once(tx, provider.id, asked.request_id)
    about = _about(saml, tx, provider, signed_in)
    name_format = provider.format_for(asked.name_format)
    name = _name(about, name_format)
    if name is None:
        raise NoName
    told = provider.told(about)
    statement = Statement(
        name=name,
        name_format=name_format,
        session_index=response.new_id(),
        context=contexts.answered(asked.classes, asked.comparison, signed_in.level),
        auth_time=signed_in.auth_time,
        session_ends=_session_ends(saml, tx, signed_in),
        attributes=told,
    )
    claims = {"email" if name_format == names.EMAIL else "sub", *(ATTRIBUTES[friendly].claim for friendly in told)}
    ledger.record(tx, provider.id, signed_in.person_id, Place.SAML, claims)
    _note_login(saml, tx, provider, signed_in, statement)
    if provider.last_sign_in_at is None or provider.last_sign_in_at < tx.now - register.NOTED_EVERY:
        register.note_sign_in(tx, provider.id)
    return response.success(saml, provider, asked, statement, tx.now)


def context_of(session_index: str) -> str:
    """Where the sealed name of a login is kept."""
    return f"saml_login:{session_index}:name"


def name_index(saml: SamlServer, app_id: str, name: str) -> str:
    """By which the logins of a person at an app are found."""
    return saml.deployment.ring.vault.blind_index(f"saml_name:{app_id}", name)


def _about(saml: SamlServer, tx: Transaction, provider: Provider, signed_in: SignedIn) -> About:
    vault = saml.deployment.ring.vault
    seen = profile.read(tx.session, vault, signed_in.person_id, tx.now.date())
    codes = {view.institution_code for view in seen.affiliations}
    rows = tx.session.scalars(select(Institution).where(Institution.code.in_(codes)))
    scopes = {row.code: row.domains[0] for row in rows if row.domains}
    sub = vault.pairwise_subject(provider.sector, seen.number)
    return About(seen, provider.school, sub, saml.scope, scopes, provider.rules.entitlements)


def _name(about: About, name_format: str) -> str | None:
    if name_format == names.TRANSIENT:
        return f"_{secrets.token_hex(20)}"
    if name_format == names.PERSISTENT:
        return about.opaque
    email = of_person(about.profile, {"email"}).get("email")
    return str(email) if email else None


def _session_ends(saml: SamlServer, tx: Transaction, signed_in: SignedIn) -> datetime:
    started = tx.session.scalar(select(BrowserSession.created_at).where(BrowserSession.sid == signed_in.sid))
    return (started or tx.now) + timedelta(seconds=saml.deployment.settings.session_absolute)


def _note_login(saml: SamlServer, tx: Transaction, provider: Provider, signed_in: SignedIn, said: Statement) -> None:
    row = SamlLogin(
        session_index=said.session_index,
        sid=signed_in.sid,
        app_id=provider.id,
        person_id=signed_in.person_id,
        name_format=said.name_format,
        name_sealed=saml.deployment.ring.vault.seal(said.name, context=context_of(said.session_index)),
        name_index=name_index(saml, provider.id, said.name),
        created_at=tx.now,
    )
    tx.session.add(row)
