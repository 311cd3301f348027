"""One person, one number, for life: at however many schools, and through every correction."""

from datetime import date

import pytest
from sqlalchemy import func, select, text

from idp.deployment import Deployment
from idp.registry import affiliations, documents, guardianships, lookup, merging, persons, profile
from idp.registry.affiliations import Role
from idp.registry.documents import DocumentKind
from idp.registry.errors import (
    GuardianshipRefused,
    InvalidField,
    LocalNumberTaken,
    NoSuchAffiliation,
    NoSuchInstitution,
    NoSuchPerson,
    PersonsDiffer,
)
from idp.registry.persons import Details
from idp.registry.tables import Person
from tests.at_once import at_once, succeeded
from tests.clocks import SettableClock
from tests.people import OPERATOR, Known, make_person, make_school


def places(deployment: Deployment, person: Known) -> list[tuple[str, str]]:
    with deployment.reading() as session:
        rows = affiliations.current(session, person.id, deployment.clock.now().date())
        return [(institution.code, row.role) for row, institution in rows]


def test_the_same_document_at_a_second_school_finds_the_same_person(deployment: Deployment) -> None:
    one, other = make_school(deployment), make_school(deployment, "第二小学")
    first, second = make_person(deployment, one), make_person(deployment, other)
    assert first == second
    assert places(deployment, first) == [(one, "student"), (other, "student")]


def test_twenty_registrations_of_one_document_at_once_make_one_person(deployment: Deployment) -> None:
    school = make_school(deployment)
    results = at_once(lambda number: make_person(deployment, school, password=None))
    assert len(set(succeeded(results))) == 1
    assert len(succeeded(results)) == 20
    with deployment.reading() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 1


def test_a_document_under_another_name_is_refused(deployment: Deployment) -> None:
    school = make_school(deployment)
    make_person(deployment, school)
    with pytest.raises(PersonsDiffer):
        make_person(deployment, school, name="别人")


def test_a_name_written_with_another_middle_dot_is_the_same_name(deployment: Deployment) -> None:
    school = make_school(deployment)
    one = make_person(deployment, school, name="阿卜杜拉·买买提")
    assert make_person(deployment, school, name="阿卜杜拉•买买提") == one


def test_the_same_number_on_another_kind_of_document_is_another_person(deployment: Deployment) -> None:
    school = make_school(deployment)
    one = make_person(deployment, school)
    with deployment.transaction(OPERATOR) as tx:
        paper = documents.read(DocumentKind.HK_MACAO_PERMIT, "DEMO12345")
        other = persons.register(tx, deployment.ring.vault, paper, Details("林小雨"), verified_by=school).person
    assert other.id != one.id


def test_a_second_document_leads_to_the_same_person_and_nobody_elses_can_be_taken(deployment: Deployment) -> None:
    school = make_school(deployment)
    one, other = make_person(deployment, school), make_person(deployment, school, name="王五", document="OTHER1234")
    paper = documents.read(DocumentKind.TAIWAN_PERMIT, "12345678")
    with deployment.transaction(OPERATOR) as tx:
        persons.add_document(tx, deployment.ring.vault, tx.session.get_one(Person, one.id), paper, verified_by=school)
        found = persons.by_document(tx.session, deployment.ring.vault, paper)
        assert found is not None
        assert found.id == one.id
    with pytest.raises(PersonsDiffer), deployment.transaction(OPERATOR) as tx:
        persons.add_document(tx, deployment.ring.vault, tx.session.get_one(Person, other.id), paper, verified_by=school)


def test_what_identifies_a_person_is_not_readable_in_the_database(deployment: Deployment) -> None:
    school = make_school(deployment)
    make_person(deployment, school, phone="13800000000", email="lin@example.edu.cn", born=date(2015, 4, 1))
    with deployment.reading() as session:
        dump = ""
        for table in ("person", "person_document", "audit_event"):
            dump += repr(session.execute(text(f"SELECT * FROM {table}")).all())
    for secret in ("13800000000", "lin@example", "2015-04-01", "DEMO12345"):
        assert secret not in dump


def test_what_is_missing_is_filled_in_and_what_is_there_is_not_overwritten(deployment: Deployment) -> None:
    school = make_school(deployment)
    make_person(deployment, school, phone="13800000000")
    person = make_person(deployment, school, phone="13900000000", email="lin@example.edu.cn")
    with deployment.reading() as session:
        seen = profile.read(session, deployment.ring.vault, person.id, date(2026, 9, 1))
    assert (seen.phone, seen.email) == ("+8613800000000", "lin@example.edu.cn")


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"name": "长" * 101}, {"phone": "123"}, {"email": "x"}, {"born": date(2030, 1, 1)}]
)
def test_a_wrong_detail_registers_nobody(deployment: Deployment, wrong: dict[str, object]) -> None:
    school = make_school(deployment)
    with pytest.raises(InvalidField):
        make_person(deployment, school, **wrong)  # type: ignore[arg-type]
    with deployment.reading() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 0


def test_a_school_that_does_not_exist_registers_nobody(deployment: Deployment) -> None:
    with pytest.raises(NoSuchInstitution):
        make_person(deployment, "2111999999")


def test_a_student_number_is_one_persons_in_a_school_and_free_again_after_them(
    deployment: Deployment, clock: SettableClock
) -> None:
    school, other_school = make_school(deployment), make_school(deployment, "b")
    first = make_person(deployment, school, local_number="S1")
    with pytest.raises(LocalNumberTaken):
        make_person(deployment, school, name="王五", document="OTHER1234", local_number="S1")
    make_person(deployment, other_school, name="王五", document="OTHER1234", local_number="S1")
    with deployment.transaction(OPERATOR) as tx:
        affiliations.end(tx, tx.session.get_one(Person, first.id), school, Role.STUDENT)
    clock.forward(days=1)
    make_person(deployment, school, name="王五", document="OTHER1234", local_number="S1")


def test_adding_an_affiliation_again_changes_nothing_and_ending_one_that_is_not_there_is_refused(deployment: Deployment) -> None:
    school = make_school(deployment)
    person = make_person(deployment, school)
    make_person(deployment, school)
    assert places(deployment, person) == [(school, "student")]
    with pytest.raises(NoSuchAffiliation), deployment.transaction(OPERATOR) as tx:
        affiliations.end(tx, tx.session.get_one(Person, person.id), school, Role.TEACHER)


def test_a_transfer_keeps_the_number_and_moves_the_affiliation(deployment: Deployment) -> None:
    one, other = make_school(deployment), make_school(deployment, "b")
    person = make_person(deployment, one)
    with deployment.transaction(OPERATOR) as tx:
        row = tx.session.get_one(Person, person.id)
        affiliations.transfer(tx, row, Role.STUDENT, source=one, target=other, local_number="N7")
        assert row.number == person.number
    assert places(deployment, person) == [(other, "student")]


def test_a_transfer_to_nowhere_leaves_the_person_where_they_are(deployment: Deployment) -> None:
    one = make_school(deployment)
    person = make_person(deployment, one)
    with pytest.raises(NoSuchInstitution), deployment.transaction(OPERATOR) as tx:
        affiliations.transfer(tx, tx.session.get_one(Person, person.id), Role.STUDENT, source=one, target="2111999999")
    assert places(deployment, person) == [(one, "student")]


def test_two_numbers_become_one_person_and_the_old_number_still_leads_there(deployment: Deployment) -> None:
    one, other = make_school(deployment), make_school(deployment, "b")
    old = make_person(deployment, one, phone="13800000000")
    new = make_person(deployment, other, document="OTHER1234")
    with deployment.transaction(OPERATOR) as tx:
        rows = [tx.session.get_one(Person, person.id) for person in (old, new)]
        merging.merge(tx, deployment.ring.vault, rows[0], rows[1], reason="同一人")
    with deployment.reading() as session:
        assert persons.by_number(session, old.number).number == new.number
        seen = profile.read(session, deployment.ring.vault, new.id, date(2026, 9, 1))
    assert seen.phone == "+8613800000000"
    assert places(deployment, new) == [(one, "student"), (other, "student")]
    assert make_person(deployment, one).number == new.number
    with pytest.raises(InvalidField), deployment.transaction(OPERATOR) as tx:
        row = tx.session.get_one(Person, new.id)
        merging.merge(tx, deployment.ring.vault, row, row, reason="x")


def test_a_number_nobody_has_is_nobodys(deployment: Deployment) -> None:
    with deployment.reading() as session, pytest.raises(NoSuchPerson):
        persons.by_number(session, "Y34567ABCDEFGHJ0")


def family(deployment: Deployment) -> tuple[Known, Known, str]:
    school = make_school(deployment)
    child = make_person(deployment, school, born=date(2016, 5, 1))
    parent = make_person(deployment, school, name="林大雨", document="PARENT123", role=Role.GUARDIAN, born=date(1985, 1, 1))
    return parent, child, school


def test_a_guardian_sees_their_ward_until_it_ends_or_the_ward_is_grown(deployment: Deployment, clock: SettableClock) -> None:
    parent, child, school = family(deployment)
    with deployment.transaction(OPERATOR) as tx:
        one, other = (tx.session.get_one(Person, person.id) for person in (parent, child))
        guardianships.add(tx, deployment.ring.vault, one, other, relation="father", verified_by=school)
        guardianships.add(tx, deployment.ring.vault, one, other, relation="father", verified_by=school)
        assert [ward.id for ward in guardianships.wards(tx.session, parent.id, tx.now.date())] == [child.id]
        guardianships.end(tx, one, other)
        assert list(guardianships.wards(tx.session, parent.id, tx.now.date())) == []
        with pytest.raises(GuardianshipRefused):
            guardianships.end(tx, one, other)


def test_nobody_is_guardian_of_themselves_of_an_adult_or_while_a_minor(deployment: Deployment) -> None:
    parent, child, school = family(deployment)
    for guardian, ward in (
        (parent, parent),
        (child, parent),
        (parent, make_person(deployment, school, name="某", document="NOBIRTH12")),
    ):
        with pytest.raises(GuardianshipRefused), deployment.transaction(OPERATOR) as tx:
            one, other = tx.session.get_one(Person, guardian.id), tx.session.get_one(Person, ward.id)
            guardianships.add(tx, deployment.ring.vault, one, other, relation="other", verified_by=school)
    with pytest.raises(GuardianshipRefused), deployment.transaction(OPERATOR) as tx:
        one, other = tx.session.get_one(Person, parent.id), tx.session.get_one(Person, child.id)
        guardianships.add(tx, deployment.ring.vault, one, other, relation="uncle", verified_by=school)


def test_an_account_is_a_number_a_phone_an_address_or_a_local_number(deployment: Deployment) -> None:
    school = make_school(deployment)
    person = make_person(deployment, school, phone="13800000000", email="lin@example.edu.cn", local_number="S1")

    def found(account: str, institution: str | None = None) -> int | None:
        with deployment.reading() as session:
            row = lookup.person_for_account(session, deployment.ring.vault, account, institution, date(2026, 9, 1))
            return row.id if row is not None else None

    for account in (person.number, person.number.lower(), "138 0000 0000", "+8613800000000", "LIN@example.edu.cn"):
        assert found(account) == person.id
    assert found("S1", school) == person.id
    for account, institution in (
        ("S1", None),
        ("S1", "2111999999"),
        ("S2", school),
        ("", None),
        ("x" * 500, None),
        ("'; --", None),
    ):
        assert found(account, institution) is None


def test_a_telephone_number_that_a_family_shares_names_nobody(deployment: Deployment) -> None:
    school = make_school(deployment)
    make_person(deployment, school, phone="13800000000")
    make_person(deployment, school, name="林大雨", document="PARENT123", phone="13800000000")
    with deployment.reading() as session:
        assert lookup.person_for_account(session, deployment.ring.vault, "13800000000", None, date(2026, 9, 1)) is None
