"""What of a CAS app is not registered, and what is said of it in the register of apps."""

from typing import Any

import pytest

from idp.apps.errors import InvalidRegistration
from idp.sso.cas import registration
from idp.sso.cas.errors import UnknownService
from idp.sso.cas.rules import Rules
from idp.sso.cas.service_url import parse
from idp.sso.cas.tables import CasService
from tests.people import OPERATOR
from tests.unit.sso.people import Campus


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("user", "number"),
        ("attributes", {"x": "birthday"}),
        ("attributes", {"a b": "name"}),
        ("attributes", {"a:b": "name"}),
        ("attributes", {"xmlx": "name"}),
        ("attributes", {"isFromNewLogin": "name"}),
        ("attributes", {f"a{number}": "name" for number in range(51)}),
        ("required_level", 9),
        ("required_level", 0),
        ("logout", "maybe"),
        ("proxy_callbacks", ("https://a.cn/",) * 21),
        ("colour", "red"),
    ],
)
def test_rules_that_do_not_exist_are_refused_by_name(member: str, value: Any) -> None:
    with pytest.raises(InvalidRegistration) as refused:
        Rules.of(**{member: value})
    assert refused.value.field == member


def test_what_contradicts_a_rule_is_not_registered(campus: Campus) -> None:
    for addresses, changes in (
        (("https://jw.example.edu.cn/?a",), {}),
        (("http://jw.example.edu.cn/",), {}),
        (("https://jw.example.edu.cn/",) * 21, {}),
        ((), {"user": "person_number"}),
        ((), {"attributes": {"no": "person_number"}}),
        ((), {"school": "9999999999"}),
        ((), {"proxy_callbacks": ("http://jw.example.edu.cn/pgt",)}),
        ((), {"logout_url": "https://elsewhere.example/"}),
        ((), {"scopes": ("openid", "school", "everything")}),
    ):
        with pytest.raises(InvalidRegistration):
            campus.register(*addresses, **changes)


def test_two_apps_cannot_have_one_address_but_one_may_lie_below_another(campus: Campus) -> None:
    outer = campus.register("https://www.example.edu.cn/")
    with pytest.raises(InvalidRegistration):
        campus.register("https://WWW.example.edu.cn:443")
    inner = campus.register("https://www.example.edu.cn/jw")
    services = campus.cas.services.now()
    assert services.at(parse("https://www.example.edu.cn/jw/x")).id == inner
    assert services.at(parse("https://www.example.edu.cn/jwx")).id == outer


def test_another_user_name_needs_the_administrators_word_for_its_data(campus: Campus) -> None:
    app = campus.register()
    rules = Rules(user="person_number")
    with campus.deployment.transaction(OPERATOR) as tx:
        with pytest.raises(InvalidRegistration):
            registration.change(tx, app, rules=rules)
        registration.change(tx, app, rules=rules, allow_data=True)
    assert "person_number" in campus.cas.services.now().get(app).scopes


def test_a_registration_that_cannot_be_read_any_more_takes_no_other_app_along(
    campus: Campus, caplog: pytest.LogCaptureFixture
) -> None:
    broken, whole = campus.register("https://a.cn/"), campus.register("https://b.cn/")
    with campus.deployment.transaction(OPERATOR) as tx:
        tx.session.get_one(CasService, broken).rules = {"colour": "red"}
    services = campus.cas.services.now()
    assert services.get(whole).id == whole
    with pytest.raises(UnknownService):
        services.get(broken)
    assert broken in caplog.text
