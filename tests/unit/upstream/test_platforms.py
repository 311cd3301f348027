"""Every shipped description against a platform that behaves as documented, and refuses as documented."""

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from idp.upstream.arrival import Arrival
from idp.upstream.errors import AnswerRefused, InvalidUpstream, SignInDeclined, UpstreamError, UpstreamSilent
from idp.upstream.kinds import Asked, Upstream, read_settings
from idp.upstream.oauth2 import presets
from idp.upstream.oauth2.kind import OAuth2Kind
from idp.upstream.server import UpstreamServer
from tests.services.platforms import CALLBACK, PLATFORMS, Platform, Province, WeCom, running_platform

KIND, STATE = OAuth2Kind(), "a1" * 24


@pytest.fixture(params=PLATFORMS, ids=lambda platform: platform.preset)
def platform(request: pytest.FixtureRequest) -> Iterator[Platform]:
    with running_platform(request.param()) as one:
        yield one


def upstream(platform: Platform, *, fields: dict[str, str] | None = None, **secrets: str) -> Upstream:
    described = presets.filled(presets.preset(platform.preset), platform.values(), fields or {})
    return Upstream("platform", "平台", read_settings(KIND, described), CALLBACK, platform.secrets() | secrets)


def sign_in(server: UpstreamServer, platform: Platform, *, browser: str = "", **changes: Any) -> Arrival:
    """There and back; ``changes`` are made to what the browser brings back."""
    there = upstream(platform)
    departure = KIND.depart(server, there, Asked(STATE, user_agent=browser))
    answer = {name: value for name, value in {**platform.come(departure.url), **changes}.items() if value is not None}
    assert answer.get("state", STATE) == STATE
    return KIND.arrive(server, there, answer, departure.memory)


def test_a_member_comes_in_and_is_known_by_the_platforms_own_name(server: UpstreamServer, platform: Platform) -> None:
    assert sign_in(server, platform).subject == "lin001"


def test_a_wrong_secret_is_refused(server: UpstreamServer, platform: Platform) -> None:
    there = upstream(platform, client_secret="wrong")
    departure = KIND.depart(server, there, Asked(STATE))
    with pytest.raises(AnswerRefused) as refused:
        KIND.arrive(server, there, platform.come(departure.url), departure.memory)
    assert "wrong" not in f"{refused.value} {refused.value.detail}"


def test_a_code_is_good_once(server: UpstreamServer, platform: Platform) -> None:
    there = upstream(platform)
    departure = KIND.depart(server, there, Asked(STATE))
    answer = platform.come(departure.url)
    assert KIND.arrive(server, there, answer, departure.memory).subject == "lin001"
    with pytest.raises(AnswerRefused):
        KIND.arrive(server, there, answer, departure.memory)


def test_a_code_for_another_address_is_refused(server: UpstreamServer, platform: Platform) -> None:
    there = upstream(platform)
    departure = KIND.depart(server, there, Asked(STATE))
    answer = platform.come(departure.url)
    platform.codes = dict.fromkeys(platform.codes, "https://thief.example.cn/callback")
    with pytest.raises(AnswerRefused):
        KIND.arrive(server, there, answer, departure.memory)


def test_whoever_is_no_member_does_not_come_in(server: UpstreamServer, platform: Platform) -> None:
    platform.member = None
    with pytest.raises(AnswerRefused):
        sign_in(server, platform)


def test_without_a_code_nobody_was_signed_in(server: UpstreamServer, platform: Platform) -> None:
    for changes in ({"code": None, "authCode": None}, {"error": "access_denied"}):
        with pytest.raises(SignInDeclined):
            sign_in(server, platform, **changes)


def test_no_secret_is_in_what_the_browser_sees(server: UpstreamServer, platform: Platform) -> None:
    departure = KIND.depart(server, upstream(platform), Asked(STATE))
    assert not any(secret in departure.url for secret in platform.secrets().values())


def test_what_can_be_tried_without_a_person_is_tried(server: UpstreamServer, platform: Platform) -> None:
    found = KIND.check(server, upstream(platform))
    assert found["authorization_endpoint"]
    with_token = platform.preset in ("wecom", "province")
    assert found["accepts_our_secret"] is (True if with_token else None)
    if with_token:
        with pytest.raises(AnswerRefused):
            KIND.check(server, upstream(platform, client_secret="wrong"))


@pytest.mark.parametrize("platform", [WeCom, Province], indirect=True, ids=lambda platform: platform.preset)
def test_the_apps_own_token_is_kept_and_asked_for_anew_when_it_is_void(server: UpstreamServer, platform: Platform) -> None:
    sign_in(server, platform)
    first = platform.calls[0]
    sign_in(server, platform)
    assert platform.calls.count(first) == 1
    platform.tokens.clear()  # taken back, or another process of ours has asked for one
    assert sign_in(server, platform).subject == "lin001"
    assert platform.calls.count(first) == 2


@pytest.mark.parametrize("platform", [WeCom], indirect=True, ids=["wecom"])
def test_within_wecom_the_member_is_not_asked_and_elsewhere_there_is_a_code_to_scan(
    server: UpstreamServer, platform: Platform
) -> None:
    there = upstream(platform)
    within = KIND.depart(server, there, Asked(STATE, user_agent="Mozilla/5.0 (iPhone) wxwork/4.1.0 MicroMessenger/7.0.1"))
    assert within.url.startswith(f"{platform.url}/connect/oauth2/authorize?")
    assert within.url.endswith("#wechat_redirect")
    assert KIND.depart(server, there, Asked(STATE, user_agent="Chrome")).url.startswith(f"{platform.url}/wwlogin/sso/login?")
    assert not KIND.can_ask_anew(there.settings)


@pytest.mark.parametrize("platform", [WeCom], indirect=True, ids=["wecom"])
def test_a_member_name_that_is_the_staff_number_is_told_as_one(server: UpstreamServer, platform: Platform) -> None:
    there = upstream(platform, fields={"local_number": "userid"})
    departure = KIND.depart(server, there, Asked(STATE))
    assert KIND.arrive(server, there, platform.come(departure.url), departure.memory).first("local_number") == "lin001"


def test_a_value_that_another_key_opens_is_refused(server: UpstreamServer) -> None:
    carsi, other = PLATFORMS[-1](), PLATFORMS[-1]()
    with running_platform(carsi):
        there = upstream(carsi, private_key=other.secrets()["private_key"])
        departure = KIND.depart(server, there, Asked(STATE))
        with pytest.raises(UpstreamError):
            KIND.arrive(server, there, carsi.come(departure.url), departure.memory)


def test_a_platform_that_is_not_there_does_not_answer(server: UpstreamServer) -> None:
    with running_platform(WeCom()) as platform:
        there = upstream(platform)
    with pytest.raises(UpstreamSilent):
        KIND.check(server, there)


SMALL = """
[values]
client_id = "x"
[[authorize]]
url = "https://a.example.cn/authorize"
query = { client_id = "{client_id}", state = "{state}" }
[[call]]
url = "https://a.example.cn/user"
query = { code = "{code}" }
take = { id = "id" }
[fields]
subject = "id"
"""


@pytest.mark.parametrize(
    ("what", "instead"),
    [
        ('client_id = "x"', ""),
        ("{state}", "{client_secret}"),  # a secret in the browser's address
        ("{state}", "{surprise}"),
        ("{code}", "{surprise}"),
        ('subject = "id"', 'subject = "other"'),
        ('subject = "id"', 'name = "id"'),
        ('subject = "id"', 'subject = "id"\nsurprise = "id"'),
        ('take = { id = "id" }', 'take = { id = "id" }\nkeep_seconds = 60'),
        ('take = { id = "id" }', 'take = { id = "id" }\nform = { a = "b" }'),
        ('url = "https://a.example.cn/authorize"', 'url = "https://a.example.cn/authorize"\nbrowser = "wxwork"'),
        ("[fields]", '[surprise]\na = "b"\n[fields]'),
    ],
)
def test_a_description_that_cannot_work_is_not_entered(what: str, instead: str) -> None:
    assert read_settings(KIND, tomllib.loads(SMALL))
    with pytest.raises(InvalidUpstream):
        read_settings(KIND, tomllib.loads(SMALL.replace(what, instead)))


def test_an_address_holds_what_came_back_as_one_part_of_it(server: UpstreamServer) -> None:
    text = SMALL.replace("https://a.example.cn/user", "https://a.example.cn/user/{code}")
    from idp.upstream.oauth2.templates import fill_address

    settings = read_settings(KIND, tomllib.loads(text))
    url = fill_address("https://a.example.cn/{client_id}/{code}", {"client_id": "x/y", "code": "../../admin?a=b#c"}, {"client_id"})
    assert url == "https://a.example.cn/x/y/..%2F..%2Fadmin%3Fa%3Db%23c"
    assert settings
