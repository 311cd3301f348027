"""Which account elsewhere opens whose account here."""

from collections.abc import Sequence

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from idp.audit import Action, Transaction
from idp.database.compare_and_set import compare_and_set
from idp.keys import Vault
from idp.notices import book
from idp.notices.events import Event
from idp.registry import persons
from idp.registry.tables import Person
from idp.upstream.errors import LinkedToAnother, NoSuchLink
from idp.upstream.tables import UpstreamLink, UpstreamProvider


def find(session: Session, vault: Vault, provider: str, subject: str) -> UpstreamLink | None:
    """The link of an account elsewhere, if there is one."""
    index = _index(vault, provider, subject)
    return session.scalar(select(UpstreamLink).where(UpstreamLink.provider == provider, UpstreamLink.subject_index == index))


def of_person(session: Session, person_id: int) -> Sequence[tuple[UpstreamLink, UpstreamProvider]]:
    """The person's links with their providers, the oldest first; those of providers that are switched off among them."""
    statement = (
        select(UpstreamLink, UpstreamProvider)
        .join(UpstreamProvider, UpstreamProvider.slug == UpstreamLink.provider)
        .where(UpstreamLink.person_id.in_(select(Person.id).where(or_(Person.id == person_id, Person.merged_into == person_id))))
        .order_by(UpstreamLink.linked_at, UpstreamLink.id)
    )
    return [(row[0], row[1]) for row in session.execute(statement)]


def link(tx: Transaction, vault: Vault, provider: UpstreamProvider, subject: str, person: Person, how: str) -> UpstreamLink:
    """Has the account elsewhere open this person's account from now on; whoever it is hears of it. Repeating it changes nothing.

    Raises :class:`LinkedToAnother`.
    """
    tx.serialise()  # two first sign-ins at once must not make two links
    there = find(tx.session, vault, provider.slug, subject)
    if there is not None:
        if persons.by_id(tx.session, there.person_id).id != person.id:
            raise LinkedToAnother(provider=provider.title_zh)
        return there
    index = _index(vault, provider.slug, subject)
    row = UpstreamLink(
        provider=provider.slug,
        subject_index=index,
        subject_sealed=vault.seal(subject, context=f"upstream_link:{index}:subject"),
        person_id=person.id,
        how=how,
        linked_at=tx.now,
    )
    tx.session.add(row)
    tx.session.flush()
    tx.record(Action.UPSTREAM_LINKED, subject=f"person:{person.number}", detail={"provider": provider.slug, "how": how})
    book.give(tx, person.id, Event.ACCOUNT_LINKED, detail={"provider": provider.title_zh})
    return row


def note_use(tx: Transaction, row: UpstreamLink) -> None:
    """Notes that somebody has come in by it."""
    using = update(UpstreamLink).where(UpstreamLink.id == row.id).values(last_used_at=tx.now)
    tx.session.execute(using.execution_options(synchronize_session=False))


def unlink(tx: Transaction, person: Person, link_id: int) -> None:
    """Takes one of the person's links away. Raises :class:`NoSuchLink`."""
    row = tx.session.get(UpstreamLink, link_id)
    if row is None or persons.by_id(tx.session, row.person_id).id != person.id:
        raise NoSuchLink
    _remove(tx, person, row)


def unlink_all(tx: Transaction, person_id: int) -> None:
    """Takes every link of a person away: somebody else may have made one of them."""
    person = persons.by_id(tx.session, person_id)
    for row, _ in of_person(tx.session, person_id):
        _remove(tx, person, row)


def _remove(tx: Transaction, person: Person, row: UpstreamLink) -> None:
    if not compare_and_set(tx.session, delete(UpstreamLink).where(UpstreamLink.id == row.id)):
        raise NoSuchLink
    provider = tx.session.get_one(UpstreamProvider, row.provider)
    tx.record(Action.UPSTREAM_UNLINKED, subject=f"person:{person.number}", detail={"provider": row.provider, "how": row.how})
    book.give(tx, person.id, Event.ACCOUNT_UNLINKED, detail={"provider": provider.title_zh})


def _index(vault: Vault, provider: str, subject: str) -> str:
    return vault.blind_index("upstream_subject", f"{provider}\x00{subject}")
