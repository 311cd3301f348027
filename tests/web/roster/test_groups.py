"""Groups, and the paths of PATCH on both kinds of resource (RFC 7644 §3.5.2)."""

from typing import Any

from tests.web.roster.conftest import GROUP, SCHOOL, System


def group(name: str = "三年级3班", *members: str, **more: Any) -> dict[str, Any]:
    return {"schemas": [GROUP], "displayName": name, "members": [{"value": one} for one in members], **more}


def members(body: dict[str, Any]) -> list[str]:
    return [one["value"] for one in body.get("members", [])]


def test_the_life_of_a_group(sis: System) -> None:
    one, two, three = (sis.add(number)["id"] for number in (1, 2, 3))
    made = sis.call("POST", "/Groups", group("三年级3班", one, externalId="c33"))
    assert (made.status, members(made.body)) == (201, [one])
    group_id = made.body["id"]
    shown = sis.call("GET", f"/Users/{one}").body["groups"]
    assert [(entry["value"], entry["display"]) for entry in shown] == [(group_id, "三年级3班")]

    added = sis.patch(group_id, {"op": "add", "path": "members", "value": [{"value": two}, {"value": one}]}, kind="Groups")
    assert members(added.body) == [one, two]
    removed = sis.patch(group_id, {"op": "remove", "path": f'members[value eq "{one}"]'}, kind="Groups")
    assert members(removed.body) == [two]
    by_value = sis.patch(group_id, {"op": "remove", "path": "members", "value": [{"value": two}]}, kind="Groups")
    assert members(by_value.body) == []
    replaced = sis.patch(group_id, {"op": "replace", "value": {"members": [{"value": three}], "displayName": "4班"}}, kind="Groups")
    assert (members(replaced.body), replaced.body["displayName"]) == ([three], "4班")

    assert sis.find('displayName eq "4班"', "Groups") == ["4班"]
    assert sis.find(f'members eq "{three}"', "Groups") == ["4班"]
    assert sis.find(f'groups.value eq "{group_id}"') == ["pupil3"]
    (listed,) = sis.call("GET", "/Groups?excludedAttributes=members").body["Resources"]
    assert "members" not in listed
    assert listed["meta"]["version"] == sis.call("GET", f"/Groups/{group_id}").headers["ETag"]

    assert sis.call("DELETE", f"/Users/{three}").status == 204
    assert members(sis.call("GET", f"/Groups/{group_id}").body) == []
    assert sis.call("DELETE", f"/Groups/{group_id}").status == 204
    assert sis.call("GET", f"/Groups/{group_id}").status == 404


def test_nobody_of_another_school_is_in_a_group(sis: System, another: System) -> None:
    stranger = another.add()["id"]
    for body in (group("班", stranger), group("班", "nobody"), group(""), group("x" * 201), {**group(), "members": "x" * 30}):
        answer = sis.call("POST", "/Groups", body)
        assert (answer.status, answer.word) == (400, "invalidValue"), body
    mine = sis.call("POST", "/Groups", group()).body["id"]
    assert another.call("GET", f"/Groups/{mine}").status == 404
    assert another.patch(mine, {"op": "replace", "path": "displayName", "value": "x"}, kind="Groups").status == 404


def test_what_systems_send_to_a_user(sis: System) -> None:
    user_id = sis.add()["id"]
    answer = sis.patch(
        user_id,
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "new@example.edu.cn"},
        {"op": "Add", "path": 'phoneNumbers[type eq "mobile"].value', "value": "13800000002"},
        {"op": "replace", "value": {"displayName": "小雨", f"{SCHOOL}:grade": "四年级", SCHOOL: {"className": "1班"}}},
        {"op": "add", "path": "name.familyName", "value": "林"},
        {"op": "remove", "path": "externalId"},
    )
    assert answer.status == 200, answer.body
    body = answer.body
    assert body["emails"] == [{"value": "new@example.edu.cn", "type": "work", "primary": True}]
    assert body["phoneNumbers"] == [{"type": "mobile", "value": "13800000002"}]
    assert (body["displayName"], body["name"]["familyName"], body[SCHOOL]["grade"], body[SCHOOL]["className"]) == (
        "小雨",
        "林",
        "四年级",
        "1班",
    )
    assert "externalId" not in body
    same = sis.patch(user_id, {"op": "replace", "path": "displayName", "value": "小雨"})
    assert same.body["meta"] == body["meta"]  # what changes nothing is no change


NO_PATCHES: list[tuple[dict[str, Any], str]] = [
    ({"op": "move", "path": "displayName", "value": "x"}, "invalidSyntax"),
    ({"op": "replace", "path": "displayName"}, "invalidValue"),
    ({"op": "replace", "path": "nickName", "value": "x"}, "invalidPath"),
    ({"op": "replace", "path": "name.middleName", "value": "x"}, "invalidPath"),
    ({"op": "replace", "path": "emails[", "value": "x"}, "invalidPath"),
    ({"op": "replace", "path": 7, "value": "x"}, "invalidPath"),
    ({"op": "replace", "path": "emails[type is x].value", "value": "x"}, "invalidFilter"),
    ({"op": "replace", "path": 'emails[colour eq "red"].value', "value": "x"}, "invalidFilter"),
    ({"op": "replace", "path": 'emails[value eq "nobody@example.cn"].type', "value": "x"}, "noTarget"),
    ({"op": "remove", "path": 'emails[type eq "fax"]'}, "noTarget"),
    ({"op": "remove"}, "noTarget"),
    ({"op": "replace", "path": "id", "value": "x"}, "mutability"),
    ({"op": "add", "path": "groups", "value": [{"value": "x"}]}, "mutability"),
    ({"op": "replace", "path": "meta.version", "value": "x"}, "mutability"),
    ({"op": "remove", "path": "userName"}, "mutability"),
    ({"op": "replace", "path": "active", "value": [True]}, "invalidValue"),
    ({"op": "replace", "value": "x"}, "invalidValue"),
    ({"op": "replace", "path": SCHOOL, "value": "x"}, "invalidValue"),
]


def test_what_cannot_be_patched_changes_nothing(sis: System) -> None:
    made = sis.add()
    for operation, word in NO_PATCHES:
        answer = sis.patch(made["id"], {"op": "replace", "path": "displayName", "value": "kept?"}, operation)
        assert (answer.status, answer.word) == (400, word), (operation, answer.body)
    assert sis.call("GET", f"/Users/{made['id']}").body == made


def test_a_patch_is_a_patch(sis: System) -> None:
    user_id = sis.add()["id"]
    for body in ({}, {"schemas": ["urn:x"], "Operations": []}, {"schemas": [GROUP], "Operations": [{}]}):
        assert sis.call("PATCH", f"/Users/{user_id}", body).word == "invalidSyntax"
    assert sis.patch(user_id, *[{"op": "add", "path": "displayName", "value": "x"}] * 201).word == "invalidSyntax"
