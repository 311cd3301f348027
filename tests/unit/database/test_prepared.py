"""Statements that go to the driver mean the same as SQLAlchemy's own, on both databases."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import bindparam, delete, event, insert, select, update
from sqlalchemy.exc import IntegrityError

from idp.database.prepared import Prepared
from idp.deployment import Deployment
from idp.registry.tables import Institution
from tests.people import make_school

SCHOOLS: Any = Institution.__table__
ADD = Prepared(insert(SCHOOLS))
MOMENT = datetime(2026, 9, 1, 8, 30, 15, 123456, tzinfo=UTC)


def row(code: str, **other: object) -> dict[str, Any]:
    empty = dict.fromkeys(SCHOOLS.c.keys())
    known = {"code": code, "name": "第一中学", "category": "21", "province": "11", "domains": ["学校.cn"], "status": "active"}
    return {**empty, **known, "created_at": MOMENT, **other}


def test_values_go_in_and_come_out_as_columns_have_them(deployment: Deployment) -> None:
    asking = Prepared(
        select(SCHOOLS.c.domains, SCHOOLS.c.created_at, SCHOOLS.c.credit_code).where(SCHOOLS.c.code == bindparam("x"))
    )
    with deployment.database.begin() as session:
        assert ADD.count(session, **row("2111000001")) == 1
        assert asking.first(session, x="2111000001") == (["学校.cn"], MOMENT, None)
        assert asking.first(session, x="nobody") is None
    with deployment.reading() as session:
        assert session.get_one(Institution, "2111000001").created_at == MOMENT


def test_what_is_pending_in_the_session_comes_first(deployment: Deployment) -> None:
    counting = Prepared(update(SCHOOLS).where(SCHOOLS.c.code == bindparam("which")).values(name=bindparam("to")))
    with deployment.database.begin() as session:
        session.add(Institution(**row("2111000002")))
        assert counting.count(session, which="2111000002", to="改名") == 1
        assert counting.count(session, which="2111000009", to="改名") == 0
        assert Prepared(delete(SCHOOLS)).count(session) == 1


def test_many_rows_are_one_statement_that_listeners_hear_of(deployment: Deployment) -> None:
    heard: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        heard.append(statement)

    event.listen(deployment.database.engine, "before_cursor_execute", listen)
    try:
        with deployment.database.begin() as session:
            ADD.many(session, [row(f"211100000{number}") for number in range(5)])
            found = Prepared(select(SCHOOLS.c.code).order_by(SCHOOLS.c.code).limit(2)).rows(session)
    finally:
        event.remove(deployment.database.engine, "before_cursor_execute", listen)
    assert found == [("2111000000",), ("2111000001",)]
    assert len(heard) == 2


def test_a_row_that_breaks_a_rule_is_refused_without_its_values_in_the_text(deployment: Deployment) -> None:
    code = make_school(deployment)
    with pytest.raises(IntegrityError) as refused, deployment.database.begin() as session:
        ADD.count(session, **row(code, name="秘密"))
    assert "秘密" not in str(refused.value)


def test_it_is_undone_with_its_transaction(deployment: Deployment) -> None:
    with pytest.raises(RuntimeError), deployment.database.begin() as session:
        ADD.count(session, **row("2111000003"))
        raise RuntimeError
    with deployment.reading() as session:
        assert session.get(Institution, "2111000003") is None
