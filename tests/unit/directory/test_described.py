"""What may be said of a directory, and how filters and names are made."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.directory import ber, filters, names
from idp.directory.described import Described
from idp.directory.errors import InvalidDirectory
from idp.directory.filters import InvalidFilter

GOOD = {"servers": ("ldaps://ldap.school.edu.cn",), "base": "dc=school", "filter": "(uid={number})"}


def test_what_is_said_comes_back_as_it_went() -> None:
    described = Described.of(**GOOD, seconds=3, roles=("student",))
    assert Described(**described.to_json()) == described


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("servers", {"servers": ()}),
        ("servers", {"servers": ("http://ldap.school.edu.cn",)}),
        ("servers", {"servers": ("ldaps://",)}),
        ("servers", {"servers": ("ldaps://a/dc=x",)}),
        ("servers", {"servers": ("ldaps://a:x",)}),
        ("servers", {"servers": ("ldaps://u:p@a",)}),
        ("servers", {"servers": ("ldaps://a?x",)}),
        ("authorities", {"authorities": "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"}),
        ("authorities", {"authorities": "no certificate"}),
        ("plain", {"servers": ("ldap://ldap.school.edu.cn",), "plain": True}),
        ("plain", {"servers": ("ldap://127.0.0.1", "ldap://10.0.0.1"), "plain": True}),
        ("bind_name", {"bind_name": "uid={number},o=x"}),
        ("bind_name", {"filter": "", "base": "", "bind_name": "uid=somebody"}),
        ("bind_name", {"filter": "", "base": ""}),
        ("base", {"base": ""}),
        ("filter", {"filter": "(uid=somebody)"}),
        ("filter", {"filter": "uid={number}"}),
        ("filter", {"filter": "(uid={name})"}),
        ("filter", {"filter": "(&)"}),
        ("filter", {"filter": "(!(a={number})(b=c))"}),
        ("filter", {"filter": "(a={number})x"}),
        ("filter", {"filter": "(a=\\{number})"}),
        ("filter", {"filter": "(" * 20 + "a={number}" + ")" * 20}),
        ("account_name", {"filter": "", "base": "", "bind_name": "uid={number},o=x", "account_name": "cn=reader"}),
        ("roles", {"roles": ()}),
        ("roles", {"roles": ("pupil",)}),
        ("roles", {"roles": ("student", "school_admin")}),
        ("seconds", {"seconds": 0}),
        ("seconds", {"seconds": 600}),
        ("password_page", {"password_page": "http://password.school.edu.cn"}),
        ("password_page", {"password_page": "javascript:alert(1)"}),
    ],
)
def test_what_contradicts_a_rule_names_the_field(field: str, said: dict[str, object]) -> None:
    with pytest.raises(InvalidDirectory) as refused:
        Described.of(**{**GOOD, **said})
    assert refused.value.params["field"] == field


@given(st.text())
def test_a_value_stands_in_the_filter_as_its_bytes_whatever_it_is(value: str) -> None:
    encoded = filters.parse("(uid={number})").encode({"number": value})
    ((tag, content),) = list(ber.elements(encoded))
    assert tag == 0xA3
    assert [part for _, part in ber.elements(content)] == [b"uid", value.encode("utf-8", "replace")]


@given(st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=60))  # escaped, a filter may have 1,000 characters
def test_an_escaped_value_reads_back_as_itself(value: str) -> None:
    # RFC 4515 §3: what is shown may be given to another program as a filter.
    text = filters.parse("(uid={number})").text({"number": value})
    if value:
        assert filters.parse(text.replace("{", "\\7b")).encode({}) == filters.parse("(uid={number})").encode({"number": value})


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("20260001", "uid=20260001,ou=people"),
        ("a,ou=admins", "uid=a\\,ou\\=admins,ou=people"),
        (" a ", "uid=\\ a\\ ,ou=people"),
        ("#1", "uid=\\#1,ou=people"),
        ('"+;<>\\', 'uid=\\"\\+\\;\\<\\>\\\\,ou=people'),
        ("a\x00b", "uid=a\\00b,ou=people"),
    ],
)
def test_a_value_in_a_distinguished_name_is_escaped(value: str, written: str) -> None:
    assert names.filled("uid={number},ou=people", {"number": value}) == written


@pytest.mark.parametrize("value", ["a b", "a\\b", "a/b", "", "a\x00", "张三"])
def test_what_cannot_be_escaped_is_nobodys_name(value: str) -> None:
    assert names.filled("SCHOOL\\{number}", {"number": value}) is None


@pytest.mark.parametrize("text", ["uid=somebody", "uid={name}", "x" * 600 + "{number}", "{number}\x00"])
def test_a_name_needs_a_place_that_exists(text: str) -> None:
    with pytest.raises(InvalidFilter):
        names.check_template(text)
