"""The journal: whatever is done to it afterwards is seen, and named."""

from collections.abc import Callable

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from idp.audit import Action, chain
from idp.audit.tables import AuditEvent, AuditHead
from idp.deployment import Deployment
from tests.at_once import at_once
from tests.people import OPERATOR


def write(deployment: Deployment, count: int = 6) -> int:
    """Writes events and returns the number of the first of them."""
    with deployment.transaction(OPERATOR) as tx:
        first = tx.chain.lock() + 1
        for number in range(count):
            tx.record(Action.PERSON_UPDATED, subject=f"person:{number}", detail={"n": number})
    return first


def found(deployment: Deployment) -> list[tuple[int, str]]:
    with deployment.reading() as session:
        return [(item.seq, item.kind) for item in chain.breaks(session, deployment.ring.current().audit.keys)]


def test_an_untouched_journal_is_whole(deployment: Deployment) -> None:
    write(deployment)
    assert found(deployment) == []


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("subject", "person:other"),
        ("actor_id", "somebody"),
        ("actor_kind", "system"),
        ("address", "10.0.0.1"),
        ("action", "registry.person.merged"),
        ("institution", "2111000001"),
        ("outcome", "failure"),
        ("detail", {"n": 99}),
        ("mac", "0" * 64),
    ],
)
def test_a_changed_event_is_named(deployment: Deployment, column: str, value: object) -> None:
    seq = write(deployment) + 2
    with deployment.database.begin() as session:
        session.execute(update(AuditEvent).where(AuditEvent.seq == seq).values({column: value}))
    assert (seq, "changed") in found(deployment)


def test_a_changed_time_is_named(deployment: Deployment) -> None:
    seq = write(deployment) + 2
    with deployment.database.begin() as session:
        event = session.get_one(AuditEvent, seq)
        event.at = event.at.replace(microsecond=(event.at.microsecond + 1) % 1_000_000)
    assert found(deployment) == [(seq, "changed")]


@pytest.mark.parametrize("offset", [0, 2, 5])
def test_a_removed_event_is_named_wherever_it_stood(deployment: Deployment, offset: int) -> None:
    seq = write(deployment) + offset
    with deployment.database.begin() as session:
        session.execute(delete(AuditEvent).where(AuditEvent.seq == seq))
    assert (seq, "removed") in found(deployment)


def test_the_last_events_cut_off_together_are_named(deployment: Deployment) -> None:
    seq = write(deployment)
    with deployment.database.begin() as session:
        session.execute(delete(AuditEvent).where(AuditEvent.seq >= seq + 3))
    assert found(deployment) == [(seq + 3, "removed"), (seq + 4, "removed"), (seq + 5, "removed")]


def test_events_that_changed_places_are_named(deployment: Deployment) -> None:
    seq = write(deployment)
    with deployment.database.begin() as session:
        for old, new in ((seq + 1, -1), (seq + 2, seq + 1), (-1, seq + 2)):
            session.execute(update(AuditEvent).where(AuditEvent.seq == old).values(seq=new))
    assert {(seq + 1, "moved"), (seq + 2, "moved")} <= set(found(deployment))


def test_cutting_off_the_end_and_mending_the_head_by_hand_is_seen_against_a_head_noted_elsewhere(deployment: Deployment) -> None:
    seq = write(deployment)
    with deployment.reading() as session:
        noted = chain.head(session)
    with deployment.database.begin() as session:
        kept = session.get_one(AuditEvent, seq + 1)
        session.execute(delete(AuditEvent).where(AuditEvent.seq > kept.seq))
        session.execute(update(AuditHead).values(seq=kept.seq, mac=kept.mac))
    assert found(deployment) == []  # as documented: whoever writes the whole database can cut its end …
    with deployment.reading() as session:
        assert chain.head(session) != noted  # … and the head noted elsewhere tells


def test_an_event_forged_without_the_key_is_named(deployment: Deployment) -> None:
    seq = write(deployment)

    def forge(session: Session) -> None:
        last = session.get_one(AuditEvent, seq + 5)
        values = {column.key: getattr(last, column.key) for column in AuditEvent.__table__.columns}
        session.add(AuditEvent(**{**values, "seq": seq + 6, "previous": last.mac, "mac": "f" * 64}))
        session.execute(update(AuditHead).values(seq=seq + 6, mac="f" * 64))

    with deployment.database.begin() as session:
        forge(session)
    assert found(deployment) == [(seq + 6, "changed")]


def test_an_event_under_an_unknown_key_is_named(deployment: Deployment) -> None:
    seq = write(deployment)
    with deployment.database.begin() as session:
        session.execute(update(AuditEvent).where(AuditEvent.seq == seq).values(key_id="elsewhere"))
    assert (seq, "unknown_key") in found(deployment)


def test_a_transaction_that_raises_leaves_no_event_and_a_whole_chain(deployment: Deployment) -> None:
    write(deployment)
    with pytest.raises(RuntimeError), deployment.transaction(OPERATOR) as tx:
        tx.record(Action.PERSON_UPDATED, subject="person:undone")
        raise RuntimeError
    write(deployment, 1)
    assert found(deployment) == []
    with deployment.reading() as session:
        assert session.scalar(select(AuditEvent).where(AuditEvent.subject == "person:undone")) is None


def test_a_savepoint_that_raises_takes_its_events_with_it(deployment: Deployment) -> None:
    with deployment.transaction(OPERATOR) as tx:
        tx.record(Action.PERSON_UPDATED, subject="person:before")
        with pytest.raises(RuntimeError), tx.savepoint():
            tx.record(Action.PERSON_UPDATED, subject="person:undone")
            raise RuntimeError
        tx.record(Action.PERSON_UPDATED, subject="person:after")
    assert found(deployment) == []
    with deployment.reading() as session:
        subjects = session.scalars(select(AuditEvent.subject).order_by(AuditEvent.seq.desc()).limit(2)).all()
    assert subjects == ["person:after", "person:before"]


def test_many_writers_at_once_make_one_whole_chain(deployment: Deployment) -> None:
    with deployment.reading() as session:
        before = chain.head(session).seq
    results = at_once(lambda number: write(deployment, 2))
    assert not [result for result in results if isinstance(result, Exception)]
    with deployment.reading() as session:
        assert chain.head(session).seq == before + 40
    assert found(deployment) == []


def test_an_actor_and_a_moment_are_in_every_event(deployment: Deployment, clock: Callable[[], object]) -> None:
    seq = write(deployment, 1)
    with deployment.reading() as session:
        event = session.get_one(AuditEvent, seq)
    assert (event.actor_kind, event.actor_id, event.at) == ("operator", "test", deployment.clock.now())
