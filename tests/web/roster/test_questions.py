"""Filters, sorting, paging and projection (RFC 7644 §3.4.2, §3.9, §3.10) over sealed columns, and discovery (§4)."""

import pytest
from flask import Flask

from idp.deployment import Deployment
from tests.web.conftest import app_with
from tests.web.roster.conftest import GROUP, SCHOOL, SEARCH, USER, System, system


@pytest.fixture
def three(sis: System) -> System:
    sis.add(1, phoneNumbers=[{"value": "13800000001"}, {"value": "+86 138 0000 0009", "type": "home"}])
    sis.add(2, userType="teacher", externalId=None, emails=None, displayName="Teacher 100%", school={"grade": None})
    sis.add(3, active=False, userName="Zoë", school={"className": "4班"})
    return sis


FOUND: list[tuple[str, list[int]]] = [
    ('userName eq "PUPIL1"', [1]),
    ('userName ne "pupil1"', [2, 3]),
    ('userName sw "PUP"', [1, 2]),
    ('userName ew "ë"', [3]),
    ('userName eq "ZOË"', [3]),
    ('userName co "p" and not (userName eq "pupil1")', [2]),
    (f'{USER}:userName eq "pupil1"', [1]),
    ("userName pr", [1, 2, 3]),
    ('externalId eq "sis-1"', [1]),
    ('externalId eq "SIS-1"', []),
    ("externalId eq null", [2]),
    ("externalId pr", [1, 3]),
    ('externalId co "IS"', []),
    ("active eq true", [1, 2]),
    ("active eq false", [3]),
    ("active ne true", [3]),
    ('userType eq "teacher"', [2]),
    ('userType ne "teacher"', [1, 3]),
    ('displayName co "100%"', [2]),
    ('displayName co "%"', [2]),
    ('name.formatted sw "林"', [1, 2, 3]),
    ('emails eq "Pupil1@EXAMPLE.edu.cn"', [1]),
    ('emails.value eq "pupil3@example.edu.cn"', [3]),
    ('emails[value eq "pupil3@example.edu.cn"]', [3]),
    ('emails.value ne "pupil3@example.edu.cn"', [1, 2]),
    ('emails eq "no address"', []),
    ('phoneNumbers.value eq "138-0000-0009"', [1]),
    (f'{SCHOOL}:number eq "S00001"', [1]),
    (f'{SCHOOL}:number gt "S00001"', [2]),
    (f"not ({SCHOOL}:grade pr)", [2]),
    (f'{SCHOOL}:className eq "4班" or userName eq "pupil2"', [2, 3]),
    ('meta.created gt "2020-01-01T00:00:00Z"', [1, 2, 3]),
    ('meta.lastModified lt "2020-01-01T00:00:00Z"', []),
    ('userName eq "\' OR 1=1 --"', []),
    ('userName eq "pupil\\u0031"', [1]),
]


def test_a_filter_finds(three: System) -> None:
    names = {1: "pupil1", 2: "pupil2", 3: "Zoë"}
    for text, found in FOUND:
        assert three.find(text) == [names[number] for number in found], text


REFUSED = [
    'userName eq "a',
    "userName",
    "userName eq",
    'userName is "a"',
    "userName eq a",
    "userName eq 7",
    "active gt true",
    'active eq "true"',
    'nickName eq "x"',
    'name.familyName eq "林"',
    f'{SCHOOL}:documentNumber eq "ROSTER00001"',
    f'{SCHOOL}:documentNumber sw "R"',
    f'{SCHOOL}:birthDate gt "2010-01-01"',
    'emails co "@example"',
    'phoneNumbers.value sw "138"',
    'meta.created gt "yesterday"',
    'userName[value eq "a"]',
    'emails[value eq "a" and type eq "work"]',
    "(" * 30 + 'userName eq "a"' + ")" * 30,
    " or ".join(['userName eq "a"'] * 60),
    'userName eq "' + "x" * 5000 + '"',
    'userName eq "a") or (1 eq 1',
    "groups gt 1",
]


def test_what_cannot_be_asked_is_said_to_be_so(sis: System) -> None:
    for text in REFUSED:
        answer = sis.call("POST", "/Users/.search", {"schemas": [SEARCH], "filter": text})
        assert (answer.status, answer.word) == (400, "invalidFilter"), (text, answer.body)


def test_personal_data_do_not_stand_in_an_address(sis: System) -> None:
    """§7.5.2: logs keep addresses."""
    for text in ('emails eq "a@example.cn"', 'phoneNumbers.value eq "13800000000"'):
        answer = sis.call("GET", f"/Users?filter={text}")
        assert (answer.status, answer.word) == (403, "sensitive")


def test_pages_do_not_overlap_and_counts_are_kept_within_bounds(three: System) -> None:
    first = three.call("GET", "/Users?startIndex=1&count=2").body
    second = three.call("GET", "/Users?startIndex=3&count=2").body
    assert (first["totalResults"], first["itemsPerPage"], second["itemsPerPage"]) == (3, 2, 1)
    assert [one["userName"] for one in (*first["Resources"], *second["Resources"])] == ["pupil1", "pupil2", "Zoë"]
    assert three.call("GET", "/Users?count=0").body["Resources"] == []
    assert three.call("GET", "/Users?count=-5&startIndex=-3").body["startIndex"] == 1
    assert three.call("GET", "/Users?startIndex=999999").body["Resources"] == []
    for query in ("count=many", "startIndex=1.5", "count=1&count=2", "attributes=userName&excludedAttributes=name"):
        assert three.call("GET", f"/Users?{query}").word == "invalidValue", query


def test_sorting(three: System) -> None:
    def names(query: str) -> list[str]:
        return [one["userName"] for one in three.call("GET", f"/Users?{query}").body["Resources"]]

    assert names("sortBy=userName&sortOrder=descending") == ["Zoë", "pupil2", "pupil1"]
    assert names(f"sortBy={SCHOOL}:className")[-1] == "Zoë"
    assert three.call("GET", "/Users?sortBy=emails").word == "invalidPath"
    assert three.call("GET", "/Users?sortBy=userName&sortOrder=up").word == "invalidValue"


def test_only_what_is_wanted(three: System) -> None:
    (one,) = three.call("GET", '/Users?filter=userName eq "pupil1"&attributes=userName,emails.value,name.formatted').body[
        "Resources"
    ]
    assert set(one) == {"schemas", "id", "userName", "emails", "name"}
    assert one["emails"] == [{"value": "pupil1@example.edu.cn"}]
    (one,) = three.call("GET", f'/Users?filter=userName eq "pupil1"&attributes={SCHOOL}:grade').body["Resources"]
    assert one[SCHOOL] == {"grade": "三年级"}
    (one,) = three.call("GET", '/Users?filter=userName eq "pupil1"&excludedAttributes=emails,id,meta.version').body["Resources"]
    assert "emails" not in one
    assert "id" in one  # always returned
    assert "version" not in one["meta"]
    assert set(three.call("GET", f"/Users/{one['id']}?attributes=nothing").body) == {"schemas", "id"}


def test_discovery_is_public_and_says_what_is_there(app: Flask, deployment: Deployment) -> None:
    nobody = System(app, "", "")
    config = nobody.call("GET", "/ServiceProviderConfig").body
    assert {name: config[name]["supported"] for name in ("patch", "bulk", "filter", "sort", "etag", "changePassword")} == {
        **dict.fromkeys(("patch", "bulk", "filter", "sort", "etag"), True),
        "changePassword": False,
    }
    assert [one["id"] for one in nobody.call("GET", "/ResourceTypes").body["Resources"]] == ["User", "Group"]
    assert [one["id"] for one in nobody.call("GET", "/Schemas").body["Resources"]] == [USER, SCHOOL, GROUP]
    extension = nobody.call("GET", f"/Schemas/{SCHOOL}").body
    document = next(one for one in extension["attributes"] if one["name"] == "documentNumber")
    assert (document["mutability"], document["returned"]) == ("writeOnly", "never")
    assert nobody.call("GET", "/Schemas/urn:none").status == 404
    assert nobody.call("GET", "/Schemas?filter=id eq 1").status == 403
    assert nobody.call("POST", "/Schemas", {}).status == 405


def test_what_is_left_out_says_so(sis: System) -> None:
    assert sis.call("GET", "/Me").status == 501
    assert sis.call("POST", "/.search", {"schemas": [SEARCH]}).status == 501
    assert sis.call("GET", "/Devices").status == 404
    assert sis.call("GET", "/Users/a/b").status == 404
    assert sis.call("DELETE", "/Users").status == 405
    assert sis.call("POST", "/Users/x", {}).status == 405


def test_a_token_asks_as_often_as_is_allowed(deployment: Deployment, school: str) -> None:
    app = app_with(deployment, roster_requests_per_minute=10)
    sis = system(app, deployment, school)
    answers = [sis.call("GET", "/Users?count=0") for _ in range(12)]
    assert [one.status for one in answers] == [200] * 10 + [429] * 2
    assert answers[-1].headers["Retry-After"] == "60"
