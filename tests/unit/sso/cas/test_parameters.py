"""Parameters are read once and strictly (CAS Protocol 3.0 §2.1.1: names are case-sensitive)."""

import pytest

from idp.sso.cas.errors import BadRequest, InvalidRequest
from idp.sso.cas.parameters import parse
from idp.sso.cas.sign_in import read


@pytest.mark.parametrize(
    "text",
    [
        b"service=a&service=b",
        b"service=a%00",
        b"service=%ff",
        b"service=a%0d%0ab",
        b"\xff=1",
        b"a=" + b"x" * 4097,
        b"&".join(b"%d=1" % number for number in range(40)),
        b"x" * 200_000,
    ],
)
def test_what_two_readers_could_read_differently_is_refused(text: bytes) -> None:
    with pytest.raises(InvalidRequest):
        parse(text)


def test_one_without_a_value_counts_as_left_out() -> None:
    assert parse(b"service=&ticket=ST-1&renew") == {"ticket": "ST-1"}


def test_names_are_case_sensitive() -> None:
    assert read({"Service": "https://a.cn/", "SERVICE": "https://a.cn/"}) is None


def test_renew_and_gateway_are_set_by_any_value_but_false() -> None:
    asked = read({"service": "https://a.cn/", "gateway": "1"})
    assert asked is not None
    assert (asked.gateway, asked.renew) == (True, False)
    off = read({"service": "https://a.cn/", "renew": "false", "gateway": "False"})
    assert off is not None
    assert (off.gateway, off.renew) == (False, False)


def test_a_service_named_twice_by_two_names_is_refused() -> None:
    with pytest.raises(BadRequest):
        read({"service": "https://a.cn/", "TARGET": "https://b.cn/"})
