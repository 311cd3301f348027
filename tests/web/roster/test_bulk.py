"""Bulk (RFC 7644 §3.7): each operation by itself, in any order that their references ask for."""

from typing import Any

from tests.web.roster.conftest import BULK, GROUP, PATCH, System, user


def post(number: int, bulk_id: str | None = None, **changes: Any) -> dict[str, Any]:
    return {"method": "POST", "path": "/Users", "bulkId": bulk_id or f"u{number}", "data": user(number, **changes)}


def group_of(*references: str, bulk_id: str = "g") -> dict[str, Any]:
    data = {"schemas": [GROUP], "displayName": "三年级3班", "members": [{"value": f"bulkId:{one}"} for one in references]}
    return {"method": "POST", "path": "/Groups", "bulkId": bulk_id, "data": data}


def statuses(body: dict[str, Any]) -> list[str]:
    return [one["status"] for one in body["Operations"]]


def test_references_are_resolved_whichever_comes_first(sis: System) -> None:
    change = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "displayName", "value": "小雨"}]}
    answer = sis.bulk(
        group_of("u1", "u2"), post(1), post(2), {"method": "PATCH", "path": "/Users/bulkId:u1", "data": change}, post(3)
    )
    assert answer.status == 200
    assert statuses(answer.body) == ["201", "201", "201", "200", "201"]
    assert [one.get("bulkId") for one in answer.body["Operations"]] == ["g", "u1", "u2", None, "u3"]
    made = [one["location"].rsplit("/", 1)[1] for one in answer.body["Operations"]]
    assert [one["value"] for one in sis.call("GET", f"/Groups/{made[0]}").body["members"]] == made[1:3]
    assert sis.call("GET", f"/Users/{made[1]}").body["displayName"] == "小雨"
    gone = sis.bulk(
        {"method": "DELETE", "path": f"/Users/{made[1]}"}, {"method": "PUT", "path": f"/Users/{made[2]}", "data": user(2)}
    )
    assert statuses(gone.body) == ["204", "200"]


def test_what_fails_is_undone_by_itself_and_what_needs_it_fails_too(sis: System) -> None:
    answer = sis.bulk(post(1), post(2, emails=[{"value": "wrong"}]), group_of("u2"), group_of("never", bulk_id="h"), post(3))
    assert statuses(answer.body) == ["201", "400", "409", "409", "201"]
    refused = answer.body["Operations"][1]
    assert refused["response"]["scimType"] == "invalidValue"
    assert "location" not in refused
    assert sis.call("GET", "/Users?count=0").body["totalResults"] == 2
    again = sis.bulk(post(1), post(2), post(3))
    assert statuses(again.body) == ["409", "201", "409"]


def test_it_stops_after_as_many_errors_as_was_said(sis: System) -> None:
    wrong = {"method": "DELETE", "path": "/Users/nobody"}
    answer = sis.bulk(wrong, wrong, post(1), failOnErrors=2)
    assert statuses(answer.body) == ["404", "404"]
    assert sis.call("GET", "/Users?count=0").body["totalResults"] == 0


NO_OPERATIONS: list[tuple[Any, str, str]] = [
    ("x", "400", "invalidSyntax"),
    ({"method": "GET", "path": "/Users"}, "400", "invalidSyntax"),
    ({"method": "POST", "path": "/Users", "data": {}}, "400", "invalidValue"),
    ({"method": "POST", "path": "/Users", "bulkId": 7, "data": {}}, "400", "invalidValue"),
    ({"method": "POST", "path": "/Users/x", "bulkId": "a", "data": {}}, "400", "invalidPath"),
    ({"method": "PUT", "path": "/Users", "data": {}}, "400", "invalidPath"),
    ({"method": "PUT", "path": "/Bulk/x", "data": {}}, "400", "invalidPath"),
    ({"method": "POST", "path": "/Users", "bulkId": "a"}, "400", "invalidSyntax"),
    ({"method": "DELETE", "path": "/Users/bulkId:a"}, "409", "invalidValue"),
    ({"method": "POST", "path": "/Groups", "bulkId": "a", "data": {"x": {"y": "bulkId:a"}}}, "409", "invalidValue"),
]


def test_an_operation_that_is_none_is_answered_in_its_place(sis: System) -> None:
    for number, (operation, status, word) in enumerate(NO_OPERATIONS):
        answer = sis.bulk(operation, post(number))
        assert statuses(answer.body) == [status, "201"], operation
        assert answer.body["Operations"][0]["response"]["scimType"] == word, operation


def test_a_request_that_is_none_does_nothing(sis: System) -> None:
    for body, status in (
        ({"Operations": []}, 400),
        ({"schemas": [BULK], "Operations": {}}, 400),
        ({"schemas": [BULK], "Operations": [post(1), post(2, "u1")]}, 400),
        ({"schemas": [BULK], "Operations": [post(1)], "failOnErrors": 0}, 400),
        ({"schemas": [BULK], "Operations": [{"method": "DELETE", "path": "/Users/x"}] * 1001}, 413),
    ):
        assert sis.call("POST", "/Bulk", body).status == status
    assert sis.call("GET", "/Users?count=0").body["totalResults"] == 0


def test_a_version_in_an_operation_is_held_against_the_resource(sis: System) -> None:
    made = sis.add()
    doomed = {"method": "DELETE", "path": f"/Users/{made['id']}"}
    assert statuses(sis.bulk({**doomed, "version": 'W/"old"'}).body) == ["412"]
    assert statuses(sis.bulk({**doomed, "version": made["meta"]["version"]}).body) == ["204"]
