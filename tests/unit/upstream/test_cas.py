"""A CAS server as a way in (CAS Protocol 3.0 §2.5, Appendix A): what is accepted of its answers."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from idp.upstream.cas.kind import CasKind
from idp.upstream.errors import AnswerRefused, InvalidUpstream, SignInDeclined, UpstreamSilent
from idp.upstream.kinds import Asked, Upstream, read_settings
from idp.upstream.server import UpstreamServer
from tests.services.receiver import Receiver, receiving

KIND, STATE = CasKind(), "a1" * 24
NS = 'xmlns:cas="http://www.yale.edu/tp/cas"'
SUCCESS = f"""<cas:serviceResponse {NS}>
  <cas:authenticationSuccess><cas:user>T001</cas:user>
    <cas:attributes><cas:name>林小雨</cas:name><cas:role>staff</cas:role><cas:role>teacher</cas:role></cas:attributes>
  </cas:authenticationSuccess>
</cas:serviceResponse>"""
FAILURE = f'<cas:serviceResponse {NS}><cas:authenticationFailure code="INVALID_TICKET">x</cas:authenticationFailure></cas:serviceResponse>'


@pytest.fixture
def cas() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


def upstream(cas: Receiver, **more: object) -> Upstream:
    settings = read_settings(
        KIND, {"url": f"{cas.url}/cas/", "fields": {"local_number": "user", "affiliation": "role", "name": "name"}} | more
    )
    return Upstream("campus", "校园", settings, "https://id.example.edu.cn/upstream/campus/callback", {})


def test_a_ticket_is_validated_for_the_very_address_it_was_given_for(server: UpstreamServer, cas: Receiver) -> None:
    cas.documents["/cas/p3/serviceValidate"] = SUCCESS.encode()
    there = upstream(cas)
    departure = KIND.depart(server, there, Asked(STATE, anew=True))
    asked = parse_qs(urlsplit(departure.url).query)
    service = f"{there.redirect_uri}?state={STATE}"
    assert (asked["service"], asked["renew"]) == ([service], ["true"])
    arrival = KIND.arrive(server, there, {"ticket": "ST-1", "state": STATE}, departure.memory)
    assert (arrival.subject, arrival.first("local_number"), arrival.first("name")) == ("T001", "T001", "林小雨")
    assert arrival.told["affiliation"] == ("staff", "teacher")
    validated = parse_qs(urlsplit(cas.fetched[-1]).query)
    assert validated == {"service": [service], "ticket": ["ST-1"], "renew": ["true"]}


def test_an_older_server_is_asked_at_its_own_address(server: UpstreamServer, cas: Receiver) -> None:
    cas.documents["/cas/serviceValidate"] = SUCCESS.encode()
    there = upstream(cas, version="2")
    departure = KIND.depart(server, there, Asked(STATE))
    assert KIND.arrive(server, there, {"ticket": "ST-1"}, departure.memory).subject == "T001"


def test_a_ticket_that_is_not_valid_brings_nobody(server: UpstreamServer, cas: Receiver) -> None:
    cas.documents["/cas/p3/serviceValidate"] = FAILURE.encode()
    there = upstream(cas)
    memory = KIND.depart(server, there, Asked(STATE)).memory
    for ticket in ("ST-1", "x" * 2000, "ST-é"):
        with pytest.raises(AnswerRefused):
            KIND.arrive(server, there, {"ticket": ticket}, memory)
    with pytest.raises(SignInDeclined):
        KIND.arrive(server, there, {"state": STATE}, memory)
    assert KIND.check(server, there)["says"] == "INVALID_TICKET"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "yes\nT001\n",
        "<html></html>",
        SUCCESS.replace("http://www.yale.edu/tp/cas", "http://other.example"),
        SUCCESS.replace("<cas:user>T001</cas:user>", "<cas:user>T001</cas:user><cas:user>T002</cas:user>"),
        SUCCESS.replace("<cas:user>T001</cas:user>", "<cas:user>T001<b/></cas:user>"),
        SUCCESS.replace("</cas:serviceResponse>", f"{FAILURE[FAILURE.index('<cas:auth') :]}"),
        f'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>{SUCCESS.replace("T001", "&b;")}',
        SUCCESS.replace("T001", "x" * 70_000),
    ],
)
def test_an_answer_that_is_none_brings_nobody(server: UpstreamServer, cas: Receiver, body: str) -> None:
    cas.documents["/cas/p3/serviceValidate"] = body.encode()
    there = upstream(cas)
    with pytest.raises(UpstreamSilent):
        KIND.arrive(server, there, {"ticket": "ST-1"}, KIND.depart(server, there, Asked(STATE)).memory)


def test_an_answer_without_a_user_brings_nobody_and_a_comment_hides_no_part_of_one(server: UpstreamServer, cas: Receiver) -> None:
    there = upstream(cas)
    memory = KIND.depart(server, there, Asked(STATE)).memory
    cas.documents["/cas/p3/serviceValidate"] = SUCCESS.replace("T001", " ").encode()
    with pytest.raises(AnswerRefused):
        KIND.arrive(server, there, {"ticket": "ST-1"}, memory)
    cas.documents["/cas/p3/serviceValidate"] = SUCCESS.replace("T001", "T001<!-- x -->.admin").encode()
    assert KIND.arrive(server, there, {"ticket": "ST-1"}, memory).subject == "T001.admin"


@pytest.mark.parametrize("url", ["", "ftp://a.example.cn/cas", "https://a.example.cn/cas?x=1", "https://"])
def test_an_address_that_is_none_is_not_entered(url: str) -> None:
    with pytest.raises(InvalidUpstream):
        read_settings(KIND, {"url": url})
