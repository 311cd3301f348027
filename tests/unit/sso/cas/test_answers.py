"""What programs are answered: XML by the schema of CAS Protocol 3.0 Appendix A, JSON of the same shape."""

import json
from xml.etree import ElementTree as ET

import pytest

from idp.sso.cas import answers
from idp.sso.cas.answers import JSON, XML, Validated
from idp.sso.cas.errors import InvalidTicket

CAS = "{http://www.yale.edu/tp/cas}"


def test_the_children_come_in_the_order_of_the_schema() -> None:
    validated = Validated("u", {"name": ("林",)}, "PGTIOU-1", ("https://b.cn/", "https://a.cn/"))
    (found,) = ET.fromstring(answers.success(validated, XML).encoded())
    assert [child.tag.removeprefix(CAS) for child in found] == ["user", "attributes", "proxyGrantingTicket", "proxies"]
    assert [proxy.text for proxy in found.iterfind(f"{CAS}proxies/{CAS}proxy")] == ["https://b.cn/", "https://a.cn/"]


def test_the_prefix_is_the_one_that_clients_look_for_by_text() -> None:
    text = answers.success(Validated("u"), XML).encoded().decode()
    assert '<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas"><cas:authenticationSuccess><cas:user>u</cas:user>' in text


@pytest.mark.parametrize("name", ["</cas:user><cas:user>admin", "a&b", "]]>", "\"'", "<!-- -->", "林小雨 😀"])
def test_no_name_can_say_more_than_a_name(name: str) -> None:
    (found,) = ET.fromstring(answers.success(Validated(name, {"x": (name,)}), XML).encoded())
    assert found.findtext(f"{CAS}user") == name
    assert found.findtext(f"{CAS}attributes/{CAS}x") == name
    assert [child.tag for child in found] == [f"{CAS}user", f"{CAS}attributes"]


@pytest.mark.parametrize("character", ["\x00", "\x0b", "\ufffe", "\ud800"])
def test_what_no_document_can_hold_is_replaced(character: str) -> None:
    (found,) = ET.fromstring(answers.success(Validated(f"a{character}b"), XML).encoded())
    assert found.findtext(f"{CAS}user") == "a\N{REPLACEMENT CHARACTER}b"


def test_several_values_come_one_by_one() -> None:
    validated = Validated("u", {"role": ("student", "alumnus"), "name": ("林",)})
    (found,) = ET.fromstring(answers.success(validated, XML).encoded())
    assert [child.text for child in found.iterfind(f"{CAS}attributes/{CAS}role")] == ["student", "alumnus"]
    said = json.loads(answers.success(validated, JSON).encoded())["serviceResponse"]["authenticationSuccess"]
    assert said == {"user": "u", "attributes": {"role": ["student", "alumnus"], "name": "林"}}


def test_a_failure_has_its_code_and_is_an_answer_of_status_200() -> None:
    answer = answers.failure(InvalidTicket(), XML)
    (found,) = ET.fromstring(answer.encoded())
    assert (answer.status, found.tag, found.get("code")) == (200, f"{CAS}authenticationFailure", "INVALID_TICKET")
    assert json.loads(answers.failure(InvalidTicket(), JSON).encoded())["serviceResponse"]["authenticationFailure"]["code"] == (
        "INVALID_TICKET"
    )


def test_a_proxy_ticket_in_both_forms() -> None:
    (found,) = ET.fromstring(answers.proxy_success("PT-1", XML).encoded())
    assert found.findtext(f"{CAS}proxyTicket") == "PT-1"
    assert json.loads(answers.proxy_success("PT-1", JSON).encoded()) == {
        "serviceResponse": {"proxySuccess": {"proxyTicket": "PT-1"}}
    }
