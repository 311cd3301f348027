"""Users (RFC 7644 §3.3 to §3.6, RFC 7643 §4.1), and what a second school may and may not do."""

from typing import Any

from sqlalchemy import select

from idp.deployment import Deployment
from idp.login.tables import BrowserSession
from idp.registry import affiliations, documents, merging, persons
from idp.registry.affiliations import Role
from idp.registry.documents import DocumentKind
from idp.registry.tables import Affiliation, Person
from tests.people import OPERATOR, PASSWORD, Known, make_person
from tests.web.conftest import sign_in_to
from tests.web.pages import Browser
from tests.web.relying_party import RelyingParty
from tests.web.roster.conftest import SCHOOL, USER, System, user


def person_of(deployment: Deployment, number: int = 1) -> Person:
    with deployment.reading() as session:
        paper = documents.read(DocumentKind.PASSPORT, f"ROSTER{number:05}")
        found = persons.by_document(session, deployment.ring.vault, paper)
        assert found is not None
        return found


def test_the_life_of_a_user(sis: System, deployment: Deployment) -> None:
    made = sis.call("POST", "/Users", user())
    assert made.status == 201
    assert made.headers["Content-Type"] == "application/scim+json"
    assert made.headers["Location"] == made.body["meta"]["location"] == f"http://localhost:8000/scim/v2/Users/{made.body['id']}"
    assert made.headers["ETag"] == made.body["meta"]["version"]
    person = person_of(deployment)
    assert person.number not in str(made.body)  # the id is the school's own
    assert "ROSTER" not in str(made.body)  # §7.7: what is never returned
    assert made.body[SCHOOL] == {"number": "S00001", "grade": "三年级", "className": "3班"}
    assert made.body["active"] is True

    path = f"/Users/{made.body['id']}"
    assert sis.call("GET", path).body == made.body
    assert sis.call("GET", path, If_None_Match=made.headers["ETag"]).status == 304

    changed = sis.call("PUT", path, user(name={"formatted": "林小雨"}, school={"documentNumber": None, "className": "4班"}))
    assert (changed.status, changed.body[SCHOOL]["className"], changed.body["name"]["formatted"]) == (200, "4班", "林小雨")
    assert changed.body["meta"]["version"] != made.body["meta"]["version"]
    assert person_of(deployment).name == "林小雨"

    left = sis.patch(made.body["id"], {"op": "replace", "path": "active", "value": False})
    assert (left.status, left.body["active"]) == (200, False)
    back = sis.patch(made.body["id"], {"op": "replace", "value": {"active": True}})
    assert (back.body["active"], back.body[SCHOOL]["number"]) == (True, "S00001")

    gone = sis.call("DELETE", path)
    assert (gone.status, gone.body) == (204, None)
    assert sis.call("GET", path).status == 404
    again = sis.add(name={"formatted": "林小雨"})
    assert again["id"] != made.body["id"]
    assert person_of(deployment).number == person.number  # one for life


def test_what_comes_by_another_way_is_on_the_roster_and_the_schools_system_takes_it_over(
    sis: System, deployment: Deployment, school: str
) -> None:
    make_person(deployment, school, name="林雨1", document="ROSTER00001", local_number="S00001", email="private@example.cn")
    (found,) = sis.call("GET", '/Users?filter=userName eq "s00001"').body["Resources"]
    assert (found["name"]["formatted"], found[SCHOOL]["number"]) == ("林雨1", "S00001")
    assert "emails" not in found  # this school's system has not given it
    taken = sis.add(name={"formatted": "林雨1"}, emails=None)
    assert (taken["id"], taken["userName"]) == (found["id"], "pupil1")
    assert "emails" not in taken
    assert sis.call("POST", "/Users", user(name={"formatted": "林雨1"})).word == "uniqueness"


def test_two_schools_have_one_person_and_each_changes_its_own_part(sis: System, another: System, deployment: Deployment) -> None:
    here = sis.add(phoneNumbers=[{"value": "13800000001"}])
    there = another.add(userName="transfer-1", emails=[{"value": "other@example.edu.cn"}])
    assert here["id"] != there["id"]
    assert "phoneNumbers" not in there
    assert there["emails"][0]["value"] == "other@example.edu.cn"
    with deployment.reading() as session:
        assert len(session.scalars(select(Person)).all()) == 1
        (person,) = session.scalars(select(Person))
        assert deployment.ring.vault.open(person.email_sealed, context=f"person:{person.id}:email") == "pupil1@example.edu.cn"

    for method, path in (("GET", "/Users"), ("PUT", "/Users"), ("DELETE", "/Users")):
        answer = another.call(method, f"{path}/{here['id']}", user() if method == "PUT" else None)
        assert answer.status == 404, method
    assert another.patch(here["id"], {"op": "replace", "path": "active", "value": False}).status == 404
    assert another.find('userName eq "pupil1"') == []
    assert another.find(f'id eq "{here["id"]}"') == []

    refused = another.patch(there["id"], {"op": "replace", "path": "name.formatted", "value": "别人"})
    assert (refused.status, refused.word) == (400, "mutability")
    assert another.call("DELETE", f"/Users/{there['id']}").status == 204
    assert sis.call("GET", f"/Users/{here['id']}").body["active"] is True


def test_a_leaver_is_signed_out_everywhere_with_the_last_affiliation(
    sis: System, another: System, deployment: Deployment, browser: Browser, rp: RelyingParty
) -> None:
    here, there = sis.add(), another.add()
    person = person_of(deployment)
    with deployment.transaction(OPERATOR) as tx:
        from idp.login import passwords

        passwords.set_password(tx, persons.by_id(tx.session, person.id), deployment.ring.current().passwords.hash(PASSWORD))
    tokens = rp.exchange(
        sign_in_to(browser, rp, Known(person.id, person.number), scope="openid profile offline_access", prompt="consent")
    ).body
    assert rp.userinfo(tokens["access_token"]).status == 200

    assert another.call("DELETE", f"/Users/{there['id']}").status == 204
    assert rp.userinfo(tokens["access_token"]).status == 200
    assert sis.patch(here["id"], {"op": "Replace", "path": "active", "value": "False"}).status == 200
    assert rp.userinfo(tokens["access_token"]).status == 401
    assert rp.refresh(tokens["refresh_token"]).body["error"] == "invalid_grant"
    with deployment.reading() as session:
        assert all(row.ended_at is not None for row in session.scalars(select(BrowserSession)))
        assert session.get_one(Person, person.id).number == person.number


WRONG: list[tuple[dict[str, Any], int, str]] = [
    ({"schemas": None}, 400, "invalidSyntax"),
    ({"schemas": ["urn:other"]}, 400, "invalidSyntax"),
    ({"userName": None}, 400, "invalidValue"),
    ({"userName": ""}, 400, "invalidValue"),
    ({"userName": 7}, 400, "invalidValue"),
    ({"userName": "x" * 129}, 400, "invalidValue"),
    ({"userName": "a\nb"}, 400, "invalidValue"),
    ({"name": "林小雨"}, 400, "invalidValue"),
    ({"name": {"formatted": " "}}, 400, "invalidValue"),
    ({"name": {"formatted": "x" * 101}}, 400, "invalidValue"),
    ({"userType": None}, 400, "invalidValue"),
    ({"userType": "region_admin"}, 400, "invalidValue"),
    ({"userType": "school_admin"}, 400, "invalidValue"),
    ({"active": "perhaps"}, 400, "invalidValue"),
    ({"emails": [{"value": "no address"}]}, 400, "invalidValue"),
    ({"emails": [{"type": "work"}]}, 400, "invalidValue"),
    ({"emails": [{"value": f"a{n}@example.cn"} for n in range(6)]}, 400, "invalidValue"),
    ({"emails": [{"value": f"a{n}@example.cn", "primary": True} for n in range(2)]}, 400, "invalidValue"),
    ({"phoneNumbers": [{"value": "12"}]}, 400, "invalidValue"),
    ({SCHOOL: "x"}, 400, "invalidValue"),
    ({"school": {"documentNumber": None}}, 400, "invalidValue"),
    ({"school": {"documentType": "library_card"}}, 400, "invalidValue"),
    ({"school": {"documentType": "citizen"}}, 400, "invalidValue"),
    ({"school": {"number": "a b"}}, 400, "invalidValue"),
    ({"school": {"sex": "3"}}, 400, "invalidValue"),
    ({"school": {"birthDate": "yesterday"}}, 400, "invalidValue"),
    ({"school": {"stateCode": "X1"}}, 400, "invalidValue"),
]


def test_what_is_wrong_is_refused_and_leaves_nothing(sis: System) -> None:
    for changes, status, word in WRONG:
        answer = sis.call("POST", "/Users", user(**changes))
        assert (answer.status, answer.word) == (status, word), (changes, answer.body)
        assert answer.body["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
        assert answer.body["status"] == str(status)
        assert "ROSTER" not in str(answer.body)
    assert sis.call("GET", "/Users").body["totalResults"] == 0


def test_what_is_anothers_cannot_be_taken(sis: System) -> None:
    sis.add(1)
    for changes in (
        {"userName": "PUPIL1"},
        {"school": {"number": "S00001"}},
        {"school": {"documentNumber": "ROSTER00001"}},  # and another name
    ):
        answer = sis.call("POST", "/Users", user(2, **changes))
        assert (answer.status, answer.word) == (409, "uniqueness"), changes
    second = sis.add(2)
    assert sis.patch(second["id"], {"op": "replace", "path": "userName", "value": "pupil1"}).status == 409
    assert sis.patch(second["id"], {"op": "add", "path": f"{SCHOOL}:documentNumber", "value": "ROSTER00001"}).status == 400


def test_names_of_attributes_have_no_case_and_what_is_ours_or_unknown_is_passed_over(sis: System) -> None:
    body = {name.upper() if name != "schemas" else name: value for name, value in user().items()}
    made = sis.call("POST", "/Users", {**body, "id": "mine", "meta": {"version": "1"}, "nickName": "x", "groups": [{"value": "g"}]})
    assert made.status == 201
    assert made.body["id"] != "mine"
    assert "nickName" not in made.body
    assert "groups" not in made.body


def test_a_number_that_is_merged_into_another_stays_on_the_roster(sis: System, deployment: Deployment) -> None:
    sis.add(1)
    other = sis.add(2, name={"formatted": "林雨"})
    with deployment.transaction(OPERATOR) as tx:
        one, two = (persons.by_id(tx.session, person_of(deployment, number).id) for number in (1, 2))
        affiliations.end(tx, two, sis.institution, Role.STUDENT)
        merging.merge(tx, deployment.ring.vault, two, one, reason="one person")
    assert sis.call("GET", f"/Users/{other['id']}").body["active"] is False
    assert sis.call("DELETE", f"/Users/{other['id']}").status == 204


def test_a_change_of_what_somebody_is_ends_the_one_and_begins_the_other(sis: System, deployment: Deployment) -> None:
    made = sis.add()
    answer = sis.patch(made["id"], {"op": "replace", "path": f"{USER}:userType", "value": "alumnus"})
    assert answer.body["userType"] == "alumnus"
    with deployment.reading() as session:
        rows = session.scalars(select(Affiliation).order_by(Affiliation.id)).all()
        assert [(row.role, row.ends is None) for row in rows] == [("student", False), ("alumnus", True)]
