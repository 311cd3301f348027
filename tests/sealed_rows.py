"""A row for every place where something is sealed, whatever else its table wants."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Column, Table, insert, select
from sqlalchemy.orm import Session

from idp.database import JSONText, SealedText, UTCDateTime
from idp.deployment import Deployment
from idp.keys.places import Place, SealedColumn
from idp.outbox.sealed import SealedPayload
from idp.outbox.tables import Message
from idp.sealed import PLACES

DUMMIES: dict[type, Any] = {
    str: "x",
    int: 7,
    bool: False,
    bytes: b"x",
    datetime: datetime(2026, 9, 1, tzinfo=UTC),
    date: date(2026, 9, 1),
    dict: {},
}


def _value(column: Column[Any], number: int) -> Any:
    own = {JSONText: dict, UTCDateTime: datetime, SealedText: str}
    kind = own.get(type(column.type)) or column.type.python_type
    if kind is str:
        return f"x{number}"[: getattr(column.type, "length", None) or 99]
    if kind is int and (column.unique or column.primary_key):
        return 1000 + number
    return DUMMIES[kind]


def _row(session: Session, table: Table, number: int) -> dict[str, Any]:
    """The values of a row with this number, made with the rows that it refers to unless it is there."""
    key = list(table.primary_key.columns)
    values = {}
    for column in table.columns:
        if column.foreign_keys and (column.primary_key or not column.nullable):
            (foreign,) = column.foreign_keys
            values[column.name] = _row(session, foreign.column.table, number)[foreign.column.name]
        elif column.primary_key or not column.nullable:
            values[column.name] = _value(column, number)
    there = select(*key).where(*(column == values[column.name] for column in key))
    if session.execute(there).first() is None:
        session.execute(insert(table).values(values))
    return values


def fill(deployment: Deployment, rows: int, places: Sequence[Place] = PLACES) -> dict[tuple[str, tuple[Any, ...]], str]:
    """Seals a secret in ``rows`` rows of every place; returns what each holds."""
    secrets: dict[tuple[str, tuple[Any, ...]], str] = {}
    with deployment.database.begin() as session:
        for place in places:
            for number in range(rows):
                secret = f"{place.name} {number}"
                if isinstance(place, SealedColumn):
                    _row(session, place.column.table, number)
                    _put(session, deployment, place, number, secret)
                elif isinstance(place, SealedPayload):
                    _send(session, deployment, place, number, secret)
                else:
                    raise TypeError(place)
    with deployment.database.read() as session:
        for place in places:
            for found in place.stale(session, "none", None, 10_000):
                opened = deployment.ring.vaults[place.purpose].open(found.sealed, context=found.context)
                secrets[place.name, found.row] = opened
    assert len(secrets) == rows * len(places)
    return secrets


def _put(session: Session, deployment: Deployment, place: SealedColumn, number: int, secret: str) -> None:
    keys = list(place.column.table.primary_key.columns)
    row = _row(session, place.column.table, number)
    here = [key == row[key.name] for key in keys]
    # Put there as a text that no key has sealed, the inventory finds it and says its context.
    session.execute(place.column.table.update().where(*here).values({place.column.name: f"bare {number}"}))
    (found,) = [one for one in place.stale(session, "none", None, 10_000) if one.sealed == f"bare {number}"]
    sealed = deployment.ring.vaults[place.purpose].seal(secret, context=found.context)
    assert place.replace(session, found, sealed)


def _send(session: Session, deployment: Deployment, place: SealedPayload, number: int, secret: str) -> None:
    names: dict[str, Any] = {"mail": f"m{number}", "message": number, "context": f"person:{number}:phone"}
    context = place.pattern.format(**names)
    holder = {**names, "sealed": deployment.ring.vaults[place.purpose].seal(secret, context=context)}
    payload = holder if place.inside is None else {"notice": number, place.inside: holder}
    moment = DUMMIES[datetime]
    message = Message(kind=place.kind, subject="x:1", payload=json.loads(json.dumps(payload)), tries=0)
    message.created_at = message.due_at = moment
    session.add(message)
    session.flush()


def opened(deployment: Deployment, places: Sequence[Place] = PLACES) -> dict[tuple[str, tuple[Any, ...]], str]:
    """Every secret there is, by place and row. Raises where one does not open."""
    vaults = deployment.ring.vaults
    with deployment.database.read() as session:
        return {
            (place.name, found.row): vaults[place.purpose].open(found.sealed, context=found.context)
            for place in places
            for found in place.stale(session, "none", None, 10_000)
        }
