"""The life of an institution: codes are given once, and nothing of the past is lost."""

import pytest
from sqlalchemy import select

from idp.audit.tables import AuditEvent
from idp.deployment import Deployment
from idp.registry import affiliations, institution_lifecycle, institutions
from idp.registry.affiliations import Role
from idp.registry.errors import CodeTaken, InvalidCreditCode, InvalidField, InvalidInstitutionCode, NoSuchInstitution, WrongState
from idp.registry.institutions import Particulars
from idp.registry.tables import Person
from tests.at_once import at_once
from tests.people import OPERATOR, make_person, make_school


def state_of(deployment: Deployment, code: str) -> tuple[str, str | None]:
    with deployment.reading() as session:
        row = institutions.by_code(session, code)
        return row.status, row.successor


def test_the_next_code_of_a_category_and_province_is_given(deployment: Deployment) -> None:
    assert [make_school(deployment) for _ in range(3)] == ["2111000001", "2111000002", "2111000003"]
    assert make_school(deployment, province="44") == "2144000001"
    assert make_school(deployment, category="41") == "4111000001"


def test_twenty_schools_at_once_get_twenty_codes(deployment: Deployment) -> None:
    codes = at_once(lambda number: make_school(deployment, f"第{number}小学"))
    assert sorted(str(code) for code in codes) == [f"2111{serial:06}" for serial in range(1, 21)]


@pytest.mark.parametrize(("category", "province"), [("99", "11"), ("21", "99"), ("", "11"), ("2x", "11"), ("211", "1")])
def test_a_category_or_province_that_does_not_exist_is_refused(deployment: Deployment, category: str, province: str) -> None:
    with pytest.raises(InvalidInstitutionCode):
        make_school(deployment, category=category, province=province)


@pytest.mark.parametrize("name", ["", "   ", "长" * 201])
def test_a_name_is_needed_and_has_an_end(deployment: Deployment, name: str) -> None:
    with pytest.raises(InvalidField):
        make_school(deployment, name)


def test_a_credit_code_belongs_to_one_institution(deployment: Deployment) -> None:
    def with_credit(name: str, code: str) -> None:
        with deployment.transaction(OPERATOR) as tx:
            institutions.issue(tx, category="41", province="33", particulars=Particulars(name, credit_code=code))

    with_credit("浙江大学", "12100000470095016Q")
    with pytest.raises(CodeTaken):
        with_credit("另一所", "12100000470095016q")
    with pytest.raises(InvalidCreditCode):
        with_credit("又一所", "12100000470095016A")


def test_a_rename_keeps_the_code_and_the_old_name_in_its_history(deployment: Deployment) -> None:
    code = make_school(deployment)
    with deployment.transaction(OPERATOR) as tx:
        institution_lifecycle.rename(tx, code, "实验小学", reason="市里的决定")
    with deployment.reading() as session:
        assert institutions.by_code(session, code).name == "实验小学"
        last = institutions.history(session, code)[-1]
    assert (last.kind, last.before, last.after, last.reason) == ("renamed", "第一小学", "实验小学", "市里的决定")


def test_a_closed_code_is_void_never_given_again_and_comes_back_on_restoring(deployment: Deployment) -> None:
    code = make_school(deployment)
    with deployment.transaction(OPERATOR) as tx:
        institution_lifecycle.close(tx, code)
    assert make_school(deployment) != code
    with pytest.raises(WrongState), deployment.transaction(OPERATOR) as tx:
        institution_lifecycle.rename(tx, code, "x")
    with deployment.transaction(OPERATOR) as tx:
        institution_lifecycle.restore(tx, code)
    assert state_of(deployment, code) == ("active", None)


def test_closing_ends_everyones_affiliation(deployment: Deployment) -> None:
    code = make_school(deployment)
    person = make_person(deployment, code)
    with deployment.transaction(OPERATOR) as tx:
        institution_lifecycle.close(tx, code)
    with deployment.reading() as session:
        assert not affiliations.current(session, person.id, deployment.clock.now().date())


def test_another_category_is_another_code_and_the_old_one_is_void_for_ever(deployment: Deployment) -> None:
    code = make_school(deployment)
    person = make_person(deployment, code, local_number="7")
    with deployment.transaction(OPERATOR) as tx:
        successor = institution_lifecycle.recategorise(tx, code, "31").code
    assert successor.startswith("3111")
    assert state_of(deployment, code) == ("recategorised", successor)
    with deployment.reading() as session:
        rows = affiliations.current(session, person.id, deployment.clock.now().date())
    assert [(institution.code, row.local_number) for row, institution in rows] == [(successor, "7")]
    for turn in (institution_lifecycle.restore, institution_lifecycle.close):
        with pytest.raises(WrongState), deployment.transaction(OPERATOR) as tx:
            turn(tx, code)
    assert make_school(deployment) == "2111000002"


def test_the_credit_code_moves_with_the_institution(deployment: Deployment) -> None:
    with deployment.transaction(OPERATOR) as tx:
        old = institutions.issue(tx, category="21", province="33", particulars=Particulars("a", credit_code="12100000470095016Q"))
        new = institution_lifecycle.recategorise(tx, old.code, "31")
        assert (old.credit_code, new.credit_code) == (None, "12100000470095016Q")


def test_the_same_category_is_no_change(deployment: Deployment) -> None:
    code = make_school(deployment)
    with pytest.raises(InvalidField), deployment.transaction(OPERATOR) as tx:
        institution_lifecycle.recategorise(tx, code, "21")


def test_a_merger_keeps_one_code_and_everyone_goes_over(deployment: Deployment) -> None:
    one, other = make_school(deployment), make_school(deployment, "第二小学")
    person = make_person(deployment, one)
    with deployment.transaction(OPERATOR) as tx:
        institution_lifecycle.merge(tx, one, other)
    assert state_of(deployment, one) == ("merged", other)
    with deployment.reading() as session:
        rows = affiliations.current(session, person.id, deployment.clock.now().date())
    assert [institution.code for _, institution in rows] == [other]


def test_a_merger_with_itself_or_across_categories_is_refused(deployment: Deployment) -> None:
    one, other = make_school(deployment), make_school(deployment, category="31")
    for into in (one, other):
        with pytest.raises(InvalidField), deployment.transaction(OPERATOR) as tx:
            institution_lifecycle.merge(tx, one, into)
    assert state_of(deployment, one) == ("active", None)


def test_an_institution_that_does_not_exist_is_said_so(deployment: Deployment) -> None:
    with pytest.raises(NoSuchInstitution), deployment.transaction(OPERATOR) as tx:
        institution_lifecycle.close(tx, "2111999999")


def test_search_finds_by_name_and_code_and_takes_wildcards_literally(deployment: Deployment) -> None:
    code = make_school(deployment, "100%小学")
    make_school(deployment, "第二小学")
    with deployment.reading() as session:
        assert [row.code for row in institutions.search(session, "100%")] == [code]
        assert [row.code for row in institutions.search(session, "%")] == [code]
        assert [row.code for row in institutions.search(session, "_")] == []
        assert len(institutions.search(session, "2111")) == 2
        assert institutions.search(session, province="44") == []


def test_every_turn_is_in_the_journal(deployment: Deployment) -> None:
    code = make_school(deployment)
    with deployment.transaction(OPERATOR) as tx:
        institution_lifecycle.rename(tx, code, "新名")
        institution_lifecycle.close(tx, code)
        institution_lifecycle.restore(tx, code)
    with deployment.reading() as session:
        actions = session.scalars(
            select(AuditEvent.action).where(AuditEvent.subject == f"institution:{code}").order_by(AuditEvent.seq)
        ).all()
    assert [action.rpartition(".")[2] for action in actions] == ["issued", "renamed", "closed", "restored"]


def test_only_active_institutions_take_people(deployment: Deployment) -> None:
    code, other = make_school(deployment), make_school(deployment, "b")
    person = make_person(deployment, other)
    with deployment.transaction(OPERATOR) as tx:
        institution_lifecycle.close(tx, code)
    with pytest.raises(WrongState), deployment.transaction(OPERATOR) as tx:
        affiliations.add(tx, tx.session.get_one(Person, person.id), code, Role.TEACHER)
