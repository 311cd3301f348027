"""Tables that flows fill do not grow: after ten thousand flows and a purge, what is alive remains, and nobody waited for it."""

import threading
from datetime import date, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import Column, ColumnElement, String, Table, UniqueConstraint, case, cast, func, insert, literal, select, true

from idp import housekeeping
from idp.audit import Transaction
from idp.crypto.jose import generate_signer
from idp.database import Base, JSONText, SealedText, UTCDateTime
from idp.deployment import Deployment
from idp.oidc.clients import initial_access
from idp.upstream import providers
from idp.upstream.providers import Wanted
from tests.clocks import SettableClock
from tests.people import OPERATOR, Known, make_person
from tests.web.conftest import give_totp, sign_in_to
from tests.web.pages import Browser
from tests.web.relying_party import RelyingParty, register_app
from tests.web.test_device_flow import begin as begin_on_a_screen
from tests.web.test_dpop import TOKEN, Prover, exchange
from tests.web.test_pushed_and_signed_requests import push

FLOWS = 10_000


def bounded_tables(deployment: Deployment) -> list[Table]:
    rules = housekeeping.rules(deployment.settings)
    tables = {key.class_.__table__ for key, _, _ in rules}
    return [table for table in Base.metadata.sorted_tables if table in tables]


def over_columns(deployment: Deployment) -> dict[Any, str]:
    """For each table the name of the column that says when a row is over."""
    # The last of two rules is the one that holds whatever happened to the row.
    return {key.class_.__table__: column.key for key, column, _ in housekeeping.rules(deployment.settings)}


def counts(deployment: Deployment) -> dict[str, int]:
    with deployment.reading() as session:
        return {table.name: session.scalar(select(func.count()).select_from(table)) or 0 for table in bounded_tables(deployment)}


def one_of_each(app: Flask, deployment: Deployment, rp: RelyingParty, screen: RelyingParty, who: Known, prover: Prover) -> None:
    """Goes through the provider so that every table has a row of it, of things under way as well as of things done."""
    browser = Browser(app)
    browser.get(rp.authorize_url())
    browser.sign_in(who.number, "not this one")
    rp_code = sign_in_to(browser, rp, who, scope="openid offline_access", prompt="consent")
    assert exchange(rp, rp_code, prover.proof(TOKEN)).status == 200
    push(rp)
    begin_on_a_screen(screen)
    Browser(app).get(rp.authorize_url())


def fill(deployment: Deployment, school: str, clock: SettableClock) -> None:
    """What no flow above leaves behind."""
    give_totp(deployment, make_person(deployment, school, document="DEMO2"), clock)
    with deployment.transaction(OPERATOR) as tx:
        initial_access.issue(tx, owner=school, scopes=(), uses=1, lifetime=timedelta(minutes=1))
        settings = {"issuer": "https://id.example.edu.cn", "client_id": "yima"}
        providers.add(tx, deployment.ring.vault, Wanted("campus", "oidc", "校园账号", "", settings))
    over = over_columns(deployment)
    for table in bounded_tables(deployment):
        with deployment.transaction(OPERATOR) as tx:
            if not tx.session.scalar(select(func.count()).select_from(table)):
                tx.session.execute(insert(table), [{column.name: some(tx, column, over[table]) for column in table.columns}])


def some(tx: Transaction, column: Column[Any], over: str) -> Any:
    """A value that the column takes: of other protocols and of messages a row is as good as a real one here."""
    if column.nullable and column.name != over:
        return None
    for key in column.foreign_keys:
        return tx.session.scalar(select(key.column).limit(1))
    if isinstance(column.type, JSONText):
        return {}
    if isinstance(column.type, UTCDateTime):
        return tx.now
    if isinstance(column.type, SealedText):
        return "x"
    return {date: tx.now.date(), bool: False, int: 1, str: "x", float: 1.0}[column.type.python_type]


def multiply(tx: Transaction, table: Table, over: str) -> None:
    """Ten thousand rows like the first one, each of its own flow: keys differ, and members belong to their own family."""
    assert tx.session.scalar(select(func.count()).select_from(table)), f"no flow filled {table.name}"
    numbers = select(literal(1).label("number")).cte("numbers", recursive=True)
    numbers = numbers.union_all(select(numbers.c.number + 1).where(numbers.c.number < FLOWS))
    model = select(table).limit(1).subquery("model")

    unlike = {one for group in table.constraints if isinstance(group, UniqueConstraint) for one in group.columns}

    def copied(column: Column[Any]) -> ColumnElement[Any]:
        if column.name == over and column.nullable:  # read, ended, given up
            return literal(tx.now, column.type)
        if not (column.primary_key or column.unique or (column in unlike and not column.foreign_keys) or column.name == "grant_id"):
            return model.c[column.name]
        if column.type.python_type is int:
            return numbers.c.number + FLOWS
        copy = literal("copy-").concat(cast(numbers.c.number, String))
        return case((model.c[column.name].is_(None), None), else_=copy) if column.nullable else copy

    columns = list(table.columns)
    copies = select(*(copied(column) for column in columns)).select_from(numbers.join(model, true()))
    tx.session.execute(insert(table).from_select(columns, copies))


def test_after_ten_thousand_flows_and_a_purge_only_what_is_alive_remains_and_sign_ins_go_on(
    app: Flask, deployment: Deployment, school: str, rp: RelyingParty, person: Known, clock: SettableClock
) -> None:
    screen = register_app(
        app,
        deployment,
        school,
        token_endpoint_auth_method="none",
        grant_types=("urn:ietf:params:oauth:grant-type:device_code",),
        redirect_uris=(),
    )
    prover = Prover(generate_signer("ES256"), clock)
    one_of_each(app, deployment, rp, screen, person, prover)
    fill(deployment, school, clock)
    over = over_columns(deployment)
    for table in bounded_tables(deployment):
        with deployment.transaction(OPERATOR) as tx:
            multiply(tx, table, over[table])
    assert min(counts(deployment).values()) > FLOWS

    clock.forward(days=deployment.settings.release_memory_days + 1)
    housekeeping.end_expired_sessions(deployment, ())
    before = counts(deployment)
    alive_browser = Browser(app)
    tokens = rp.exchange(sign_in_to(alive_browser, rp, person)).body
    alive = {name: number - before[name] for name, number in counts(deployment).items()}

    answers: list[int] = []
    purge = threading.Thread(target=housekeeping.purge, args=(deployment,))
    purge.start()
    while purge.is_alive():
        answers.append(rp.exchange(sign_in_to(alive_browser, rp, person)).status)
    purge.join()
    assert set(answers) == {200}
    assert len(answers) > 1
    left = counts(deployment)
    assert left["oidc_grant"] == alive["oidc_grant"] + len(answers)
    assert {name for name, number in left.items() if number > alive[name] + 3 * len(answers)} == set()
    assert rp.introspect(tokens["access_token"]).body["active"]
