"""Transactions: whole or not at all, and a reader waits for nobody."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from idp.database import Database
from idp.deployment import Deployment
from idp.registry.tables import Institution
from tests.people import OPERATOR, make_school


def test_a_transaction_that_raises_leaves_nothing(deployment: Deployment) -> None:
    with pytest.raises(RuntimeError), deployment.transaction(OPERATOR) as tx:
        tx.session.add(
            Institution(code="2111000001", name="x", category="21", province="11", domains=[], status="active", created_at=tx.now)
        )
        tx.session.flush()
        raise RuntimeError
    with deployment.reading() as session:
        assert session.scalar(select(func.count()).select_from(Institution)) == 0


def test_a_reader_sees_the_last_kept_state_while_another_writes(deployment: Deployment) -> None:
    make_school(deployment)
    with deployment.transaction(OPERATOR) as tx:
        tx.session.execute(text("UPDATE institution SET name = 'changed'"))
        with deployment.reading() as session:
            assert session.scalar(select(Institution.name)) == "第一小学"


def test_what_is_done_while_reading_is_not_kept(deployment: Deployment) -> None:
    code = make_school(deployment)
    with deployment.reading() as session:
        session.get_one(Institution, code).name = "changed"
        session.flush()
    with deployment.reading() as session:
        assert session.get_one(Institution, code).name == "第一小学"


def test_a_process_killed_in_a_transaction_leaves_nothing_and_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "test.db"
    program = textwrap.dedent(f"""
        import os, signal
        from sqlalchemy import text
        from idp.database import Database
        database = Database("sqlite:///{path}")
        with database.begin() as session:
            session.execute(text("CREATE TABLE t (x INTEGER)"))
            session.execute(text("INSERT INTO t VALUES (1)"))
        with database.begin() as session:
            session.execute(text("INSERT INTO t VALUES (2)"))
            os.kill(os.getpid(), signal.SIGKILL)
    """)
    done = subprocess.run([sys.executable, "-c", program], check=False, cwd=Path(__file__).parents[3])
    assert done.returncode == -9
    database = Database(f"sqlite:///{path}")
    with database.begin() as session:
        assert session.execute(text("SELECT x FROM t")).scalars().all() == [1]
    database.close()
