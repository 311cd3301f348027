"""What Active Directory answers, by its documented texts, from a server that answers by a script."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.directory.check import Ready, check_password
from idp.directory.described import Described
from idp.directory.errors import CredentialsRefused, Disabled, Expired, Locked, MustChange, NotNow, Unavailable
from idp.directory.messages import read
from idp.directory.reachability import Reachability
from tests.scripted_directory import answering, long_form, policy, result

NOW = datetime(2026, 9, 1, 8, tzinfo=UTC)
BIND, SEARCH_DONE, ENTRY, REFERENCE, EXTENDED = 0x61, 0x65, 0x64, 0x73, 0x78
TEXT = "80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data {}, v4563\x00"


def ask(server: str, **said: object) -> None:
    described = Described.of(servers=(server,), plain=True, seconds=1, **(said or {"bind_name": "{number}@school.edu.cn"}))
    check_password(Ready(described), {"number": "20260001"}, "violet-tram-93", Reachability(), NOW)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ("525", CredentialsRefused),
        ("52e", CredentialsRefused),
        ("530", NotNow),
        ("531", NotNow),
        ("532", Expired),
        ("533", Disabled),
        ("701", Disabled),
        ("773", MustChange),
        ("775", Locked),
        ("57", CredentialsRefused),
    ],
)
def test_the_number_in_its_text_says_why(data: str, error: type[Exception]) -> None:
    with answering(result(1, BIND, 49, TEXT.format(data))) as (server, _got), pytest.raises(error) as refused:
        ask(server)
    assert type(refused.value) is error


def test_people_bind_by_the_name_that_they_have_there() -> None:
    with answering(result(1, BIND, 0)) as (server, got):
        ask(server)
    assert b"20260001@school.edu.cn" in got[0]


def test_a_bind_that_is_good_for_a_change_alone_is_no_sign_in() -> None:
    with answering(result(1, BIND, 0, controls=policy(2))) as (server, _got), pytest.raises(MustChange):
        ask(server)


@pytest.mark.parametrize("code", [1, 2, 7, 8, 10, 13, 51, 52, 53, 80])
def test_a_code_that_judges_neither_name_nor_password_is_no_refusal(code: int) -> None:
    with answering(result(1, BIND, code)) as (server, _got), pytest.raises(Unavailable):
        ask(server)


def test_a_reference_to_another_server_is_not_followed() -> None:
    reference = long_form(0x30, long_form(2, b"\x01") + long_form(REFERENCE, long_form(4, b"ldap://127.0.0.1:1/dc=elsewhere")))
    with answering(reference + result(1, SEARCH_DONE, 0), result(2, BIND, 49)) as (server, got), pytest.raises(CredentialsRefused):
        ask(server, base="dc=school", filter="(sAMAccountName={number})")
    assert b"violet-tram-93" not in b"".join(got)


def test_an_entry_without_a_name_is_nobody() -> None:
    entry = long_form(0x30, long_form(2, b"\x01") + long_form(ENTRY, long_form(4, b"") + long_form(0x30, b"")))
    with answering(entry + result(1, SEARCH_DONE, 0), result(2, BIND, 0)) as (server, got), pytest.raises(CredentialsRefused):
        ask(server, base="dc=school", filter="(sAMAccountName={number})")
    assert b"violet-tram-93" not in b"".join(got)


def test_nothing_is_said_where_tls_does_not_begin() -> None:
    for answer in (result(1, EXTENDED, 52), result(1, EXTENDED, 0) + result(2, BIND, 0)):
        with answering(answer, result(2, BIND, 0)) as (server, got), pytest.raises(Unavailable):
            check_password(
                Ready(Described.of(servers=(server,), bind_name="uid={number},o=x")), {"number": "1"}, "violet", Reachability(), NOW
            )
        assert b"violet" not in b"".join(got)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x30\x80\x02\x01\x01\x00\x00",
        b"\x30\x84\x7f\xff\xff\xff\x02\x01\x01",
        b"\x30\x03\x02\x01\x01",
        b"\x30\x05\x02\x01\x01\x61\x00",
        b"\x30\x0c\x02\x01\x02\x61\x07\x0a\x01\x00\x04\x00\x04\x00",
        b"\x30\x0d\x02\x01\x01\x61\x08\x0a\x01\x00\x04\x00\x04\x01\xff",
        b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x00\x04\x00\x04\x01x\x00",
        b"\x1f\x00",
        b"\x00\x00",
        result(0, EXTENDED, 52, "going down"),
    ],
)
def test_what_is_no_answer_is_no_refusal_and_no_sign_in(answer: bytes) -> None:
    with answering(answer) as (server, _got), pytest.raises(Unavailable):
        ask(server)


def test_a_server_that_falls_silent_in_the_middle_is_no_refusal() -> None:
    with answering(b"\x30\x0c\x02\x01") as (server, _got), pytest.raises(Unavailable):
        ask(server)


@given(
    st.one_of(st.binary(max_size=40), st.binary(max_size=40).map(lambda inside: long_form(2, b"\x01") + long_form(0x61, inside)))
)
def test_whatever_a_message_holds_it_is_read_or_refused(inside: bytes) -> None:
    with suppress(Unavailable):
        read(long_form(0x30, inside))
