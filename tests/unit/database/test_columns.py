"""Column types that mean the same on both databases."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Integer, delete, insert, select
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from idp.database import JSONText, UTCDateTime
from idp.deployment import Deployment


class Base(DeclarativeBase):
    pass


class Sample(Base):
    __tablename__ = "sample"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    value: Mapped[object | None] = mapped_column(JSONText)


@pytest.mark.parametrize("value", [None, 1, "文", [1, 2], {"键": {"a": [True, None]}}])
def test_a_moment_and_a_json_value_come_back(deployment: Deployment, value: object) -> None:
    Base.metadata.create_all(deployment.database.engine)
    moment = datetime(2026, 9, 1, 16, 30, 5, 123456, tzinfo=timezone(timedelta(hours=8)))
    with deployment.database.begin() as session:
        session.execute(delete(Sample))
        session.execute(insert(Sample).values(id=1, at=moment, value=value))
    with deployment.database.read() as session:
        row = session.scalars(select(Sample)).one()
    assert row.at == moment
    assert row.at.tzinfo is UTC or row.at.utcoffset() == timedelta(0)
    assert row.value == value


def test_a_moment_without_a_time_zone_is_refused(deployment: Deployment) -> None:
    Base.metadata.create_all(deployment.database.engine)
    with pytest.raises(StatementError), deployment.database.begin() as session:
        session.execute(insert(Sample).values(id=2, at=datetime(2026, 9, 1), value=1))  # noqa: DTZ001
