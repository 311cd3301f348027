"""What must happen once happens once, on both databases."""

import pytest
from sqlalchemy import func, select

from idp.deployment import Deployment
from idp.registry.tables import Affiliation, Person
from idp.upstream import links, pending, people, providers
from idp.upstream.arrival import Arrival
from idp.upstream.errors import LinkedToAnother, ReturnLost
from idp.upstream.pending import Pending
from idp.upstream.providers import Wanted
from idp.upstream.rules import Rules
from idp.upstream.tables import UpstreamLink
from tests.at_once import TRIES, at_once, refused, succeeded
from tests.people import OPERATOR, make_person, make_school

CITIZEN = "110101200001010010"


@pytest.fixture
def school(deployment: Deployment) -> str:
    school = make_school(deployment)
    rules = Rules.of(match=("document",), register={"institution": school, "role": "student"})
    settings = {"issuer": "https://id.example.edu.cn", "client_id": "yima"}
    with deployment.transaction(OPERATOR) as tx:
        providers.add(tx, deployment.ring.vault, Wanted("campus", "oidc", "校园账号", "", settings, rules))
    return school


def test_of_twenty_returns_with_one_state_one_goes_on(deployment: Deployment, school: str) -> None:
    vault, state = deployment.ring.vault, pending.new_state()
    with deployment.transaction(OPERATOR) as tx:
        pending.keep(tx, vault, state, "campus", "browser", {"nonce": "n"}, flow_id="flow")

    def spend(_: int) -> Pending:
        with deployment.transaction(OPERATOR) as tx:
            return pending.spend(tx, vault, state, "campus", "browser")

    results = at_once(spend)
    assert succeeded(results) == [Pending("campus", "flow", None, {"nonce": "n"})]
    assert refused(results) == {ReturnLost}


def test_of_twenty_answers_by_a_form_the_first_stays(deployment: Deployment, school: str) -> None:
    vault, state = deployment.ring.vault, pending.new_state()
    with deployment.transaction(OPERATOR) as tx:
        pending.keep(tx, vault, state, "campus", "browser", {}, flow_id="flow")

    def post(number: int) -> int:
        with deployment.transaction(OPERATOR) as tx:
            pending.keep_answer(tx, vault, state, "campus", {"code": str(number)})
        return number

    results = at_once(post)
    kept = succeeded(results)
    assert len(kept) == 1
    assert refused(results) == {ReturnLost}
    with deployment.transaction(OPERATOR) as tx:
        assert pending.spend(tx, vault, state, "campus", "browser").posted == {"code": str(kept[0])}


def test_of_twenty_first_sign_ins_at_once_one_person_comes_to_be(deployment: Deployment, school: str) -> None:
    arrival = Arrival("u-1", {"name": ("林小雨",), "document": (CITIZEN,)}, {})

    def arrive(_: int) -> int:
        with deployment.transaction(OPERATOR) as tx:
            row = providers.by_slug(tx.session, "campus")
            return people.who(tx, deployment.ring.vault, row, Rules.of(**row.rules), arrival).person.id

    results = at_once(arrive)
    assert len(succeeded(results)) == TRIES, refused(results)
    assert len(set(succeeded(results))) == 1
    with deployment.reading() as session:
        counts = [session.scalar(select(func.count()).select_from(table)) for table in (Person, UpstreamLink, Affiliation)]
    assert counts == [1, 1, 1]


def test_of_twenty_who_link_one_account_at_once_one_has_it(deployment: Deployment, school: str) -> None:
    everybody = [make_person(deployment, school, document=f"DEMO{number}0", password=None) for number in range(TRIES)]

    def link(number: int) -> int:
        with deployment.transaction(OPERATOR) as tx:
            person = tx.session.get_one(Person, everybody[number].id)
            row = providers.by_slug(tx.session, "campus")
            return links.link(tx, deployment.ring.vault, row, "u-1", person, "person").person_id

    results = at_once(link)
    assert len(succeeded(results)) == 1
    assert refused(results) == {LinkedToAnother}


def test_a_state_is_of_one_provider_and_of_one_browser(deployment: Deployment, school: str) -> None:
    vault, state = deployment.ring.vault, pending.new_state()
    assert state.isalnum()
    assert len(state) == 48
    with deployment.transaction(OPERATOR) as tx:
        pending.keep(tx, vault, state, "campus", "browser", {"nonce": "n"}, flow_id="flow")
    for provider, browser in (("other", "browser"), ("campus", "another")):
        with pytest.raises(ReturnLost), deployment.transaction(OPERATOR) as tx:
            pending.spend(tx, vault, state, provider, browser)
    with deployment.transaction(OPERATOR) as tx:
        assert pending.spend(tx, vault, state, "campus", "browser").flow_id == "flow"
