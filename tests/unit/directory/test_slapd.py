"""Asking a real OpenLDAP whether a password is right."""

from datetime import UTC, datetime, timedelta

import pytest
import trustme

from idp.directory.check import Ready, check_password
from idp.directory.described import Described
from idp.directory.errors import CredentialsRefused, Expired, Locked, MustChange, Unavailable
from idp.directory.probe import probe
from idp.directory.reachability import LEFT_ALONE, Reachability
from tests.scripted_directory import answering
from tests.services.processes import free_port
from tests.services.slapd import BASE, PEOPLE, READER, READER_PASSWORD, Slapd

NOW = datetime(2026, 9, 1, 8, tzinfo=UTC)
PASSWORD = "violet-tram-93"


def searching(slapd: Slapd, *servers: str, wanted: str = "(uid={number})", **more: object) -> Ready:
    said = {"base": BASE, "account_name": READER, "authorities": slapd.authority, "seconds": 2}
    described = Described.of(servers=servers or (slapd.ldap,), filter=wanted, **{**said, **more})
    return Ready(described, READER_PASSWORD if described.account_name else "")


def by_name(slapd: Slapd, server: str, bind_name: str = f"uid={{number}},{PEOPLE}") -> Ready:
    return Ready(Described.of(servers=(server,), bind_name=bind_name, authorities=slapd.authority))


def ask(directory: Ready, number: str, password: str, reachability: Reachability | None = None) -> None:
    check_password(directory, {"number": number}, password, reachability or Reachability(), NOW)


@pytest.mark.parametrize("encryption", ["ldap", "ldaps"])
def test_a_right_password_is_right_by_search_and_by_name(slapd: Slapd, encryption: str) -> None:
    server = getattr(slapd, encryption)
    ask(searching(slapd, server), "S001", PASSWORD)
    ask(by_name(slapd, server), "S001", PASSWORD)


@pytest.mark.parametrize("password", ["", "wrong", "violet-tram-9", f"{PASSWORD} ", "x" * 2000, "\x00", "\ud800"])
def test_any_other_password_is_refused_and_the_empty_one_before_it_is_sent(slapd: Slapd, password: str) -> None:
    for directory in (searching(slapd), by_name(slapd, slapd.ldaps)):
        with pytest.raises(CredentialsRefused):
            ask(directory, "S001", password)


def test_an_empty_password_reaches_no_server() -> None:
    with answering() as (server, got):
        directory = Ready(Described.of(servers=(server,), bind_name="uid={number},o=x", plain=True))
        with pytest.raises(CredentialsRefused):
            ask(directory, "S001", "")
    assert got == []


@pytest.mark.parametrize(
    "number", ["*", "*)(uid=*", "S001)(|(uid=*", "S00*", "S001\\", "S001\x00", "S001,ou=people", "", "S999", "S001+cn=S001"]
)
def test_a_name_is_a_value_and_never_a_part_of_the_filter_or_of_the_name(slapd: Slapd, number: str) -> None:
    for directory in (
        searching(slapd),
        searching(slapd, wanted="(&(objectClass=person)(|(uid={number})(cn=x)))"),
        by_name(slapd, slapd.ldap),
    ):
        with pytest.raises(CredentialsRefused):
            ask(directory, number, PASSWORD)


def test_what_a_filter_finds_twice_is_nobody(slapd: Slapd) -> None:
    with pytest.raises(CredentialsRefused):
        ask(searching(slapd, wanted="(|(uid={number})(uid=S002))"), "S001", PASSWORD)
    with pytest.raises(CredentialsRefused):
        ask(searching(slapd, wanted="(&(objectClass=person)(!(uid={number})))"), "S001", PASSWORD)


def test_an_account_with_signs_of_filters_and_names_in_it_signs_in(slapd: Slapd) -> None:
    ask(searching(slapd), "O'Neil, (x*)", PASSWORD)
    ask(by_name(slapd, slapd.ldaps), "O'Neil, (x*)", PASSWORD)


@pytest.mark.parametrize(("number", "state"), [("LOCKED", Locked), ("OLD", Expired), ("GIVEN", MustChange)])
def test_the_password_policy_says_why(slapd: Slapd, number: str, state: type[Exception]) -> None:
    with pytest.raises(state):
        ask(searching(slapd), number, PASSWORD)


@pytest.mark.parametrize("number", ["OLD", "GIVEN"])
def test_only_a_right_password_is_told_that_it_must_be_changed(slapd: Slapd, number: str) -> None:
    with pytest.raises(CredentialsRefused):
        ask(searching(slapd), number, "wrong")


def test_a_dead_server_is_passed_over_and_left_alone_for_a_while(slapd: Slapd) -> None:
    dead, known = f"ldap://127.0.0.1:{free_port()}", Reachability()
    directory = searching(slapd, dead, slapd.ldap)
    ask(directory, "S001", PASSWORD, known)
    assert known.worth_asking(directory.described.servers, NOW) == [slapd.ldap]
    # Then one caller tries it, and the others do not wait with that one.
    assert known.worth_asking(directory.described.servers, NOW + LEFT_ALONE) == [dead, slapd.ldap]
    assert known.worth_asking(directory.described.servers, NOW + LEFT_ALONE) == [slapd.ldap]
    known.answered(dead)
    assert known.worth_asking(directory.described.servers, NOW + LEFT_ALONE) == [dead, slapd.ldap]


def test_with_every_server_dead_nobody_is_refused_for_it(slapd: Slapd) -> None:
    known, directory = Reachability(), searching(slapd, f"ldap://127.0.0.1:{free_port()}")
    for detail in ("ConnectionRefusedError", "a moment ago"):
        with pytest.raises(Unavailable) as failed:
            ask(directory, "S001", PASSWORD, known)
        assert detail in str(failed.value.detail)


def test_a_server_that_hangs_is_given_up_in_time(slapd: Slapd) -> None:
    with answering() as (server, _got):
        ask(searching(slapd, server, slapd.ldap, seconds=1), "S001", PASSWORD)


def test_a_certificate_that_is_too_old_or_of_another_authority_is_refused(slapd: Slapd, directory_authority: trustme.CA) -> None:
    expired = directory_authority.issue_cert("127.0.0.1", not_after=datetime.now(UTC) - timedelta(days=1))
    for certificate, reason in ((expired, "expired"), (trustme.CA().issue_cert("127.0.0.1"), "certificate")):
        with answering(certificate=certificate) as (server, got), pytest.raises(Unavailable) as failed:
            ask(searching(slapd, server), "S001", PASSWORD)
        assert reason in str(failed.value.detail)
        assert got == []


def test_a_certificate_for_another_name_is_refused(slapd: Slapd, directory_authority: trustme.CA) -> None:
    with answering(certificate=directory_authority.issue_cert("ldap.example.edu.cn")) as (server, got), pytest.raises(Unavailable):
        ask(searching(slapd, server), "S001", PASSWORD)
    assert got == []


def test_an_account_that_may_not_search_is_the_operators_fault(slapd: Slapd) -> None:
    with pytest.raises(Unavailable, match="does not answer") as failed:
        check_password(Ready(searching(slapd).described, "wrong"), {"number": "S001"}, PASSWORD, Reachability(), NOW)
    assert "the account that searches" in str(failed.value.detail)


def test_a_probe_says_whom_it_found_and_whether_the_password_is_right(slapd: Slapd) -> None:
    directory = searching(slapd)
    assert probe(directory, slapd.ldap, {"number": "S001"}).name == f"uid=S001,{PEOPLE}"
    assert probe(directory, slapd.ldap, {"number": "S001"}, PASSWORD).right is True
    assert probe(directory, slapd.ldap, {"number": "S001"}, "wrong").right is False
    assert probe(directory, slapd.ldap, {"number": "S999"}).name is None
    assert not probe(directory, f"ldaps://127.0.0.1:{free_port()}", {}).answers
