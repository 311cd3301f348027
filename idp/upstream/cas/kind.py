"""To a CAS server with our address, back from it with a ticket, and from the ticket to a person (CAS Protocol 3.0 §2.1, §2.5)."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

from lxml.etree import QName
from lxml.etree import _Element as Element
from pydantic import Field, field_validator

from idp.sso.saml import xml
from idp.sso.saml.errors import SamlError
from idp.upstream import arrival
from idp.upstream.arrival import Arrival
from idp.upstream.errors import AnswerRefused, SignInDeclined, UpstreamSilent
from idp.upstream.kinds import Asked, Departure, KindSettings, Upstream
from idp.upstream.oidc.client import with_query
from idp.upstream.server import UpstreamServer

NAMESPACE = "http://www.yale.edu/tp/cas"
MAX_TICKET = 1024
FIELDS = {"subject": "user"}

_Short = Annotated[str, Field(min_length=1, max_length=200)]


class CasSettings(KindSettings):
    """``url`` is the server with its prefix, such as ``https://sso.example.edu.cn/cas``; ``version`` what it speaks.

    ``fields`` say which attribute is what; ``user`` is the user name itself.
    """

    url: str
    version: Literal["3", "2"] = "3"
    fields: dict[_Short, _Short] = Field(default_factory=dict, max_length=20)

    @field_validator("url")
    @classmethod
    def _url(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment or not value.isascii():
            raise ValueError("url")
        return value.rstrip("/")


class CasKind:
    """See :class:`idp.upstream.kinds.Kind`."""

    name: ClassVar[str] = "cas"
    settings: ClassVar[type[KindSettings]] = CasSettings
    needs_secret: ClassVar[bool] = False  # CAS knows its services by their address alone
    state_parameter: ClassVar[str] = "state"

    def can_ask_anew(self, settings: CasSettings) -> bool:  # noqa: ARG002
        """By ``renew``, at both ends."""
        return True

    def depart(self, server: UpstreamServer, upstream: Upstream, asked: Asked) -> Departure:  # noqa: ARG002
        """§2.1.1. CAS brings no state back, so it stands in the service: a ticket is good for this very address."""
        service = with_query(upstream.redirect_uri, {self.state_parameter: asked.state})
        memory = {"service": service} | ({"renew": "true"} if asked.anew else {})
        return Departure(with_query(f"{upstream.settings.url}/login", memory), memory)

    def arrive(self, server: UpstreamServer, upstream: Upstream, answer: Mapping[str, str], memory: Mapping[str, str]) -> Arrival:
        """§2.5, §2.8: the ticket is validated for the service it was given for, by us and not by the browser."""
        ticket = answer.get("ticket", "")
        if not ticket:
            raise SignInDeclined(provider=upstream.title, detail="no ticket")
        if len(ticket) > MAX_TICKET or not ticket.isascii():
            raise AnswerRefused(provider=upstream.title, detail="ticket")
        claims = self._validated(server, upstream, {**memory, "ticket": ticket})
        arrived = arrival.read(claims, FIELDS | upstream.settings.fields | {"subject": "user"})
        if arrived is None:
            raise AnswerRefused(provider=upstream.title, detail="no user")
        return arrived

    def check(self, server: UpstreamServer, upstream: Upstream) -> dict[str, Any]:
        """Whether it validates: a ticket that it never gave is refused in its own words."""
        probe = {"service": upstream.redirect_uri, "ticket": "ST-0-yima-asks-whether-you-are-there"}
        try:
            self._validated(server, upstream, probe)
        except AnswerRefused as error:
            return {"login": f"{upstream.settings.url}/login", "validate": self._validate_url(upstream), "says": error.detail}
        raise UpstreamSilent(provider=upstream.title, detail="it accepts a ticket that it never gave")

    def _validate_url(self, upstream: Upstream) -> str:
        settings: CasSettings = upstream.settings
        return f"{settings.url}/{'p3/' if settings.version == '3' else ''}serviceValidate"

    def _validated(self, server: UpstreamServer, upstream: Upstream, asked: Mapping[str, str]) -> dict[str, Any]:
        fetched = server.get(upstream.title, with_query(self._validate_url(upstream), dict(asked)))
        if fetched.status != 200:
            raise UpstreamSilent(provider=upstream.title, detail=f"validation: status {fetched.status}")
        try:
            return _claims(xml.parse(fetched.body.strip(), comments=True), upstream)
        except SamlError as error:
            raise UpstreamSilent(provider=upstream.title, detail=f"validation: {error.detail}") from None


def _claims(response: Element, upstream: Upstream) -> dict[str, Any]:
    """§2.5.2, Appendix A: a success with one user, or a failure with a code."""
    success = xml.only(response, _name("authenticationSuccess"))
    failure = xml.only(response, _name("authenticationFailure"))
    if response.tag != _name("serviceResponse") or (success is None) == (failure is None):
        raise UpstreamSilent(provider=upstream.title, detail="validation: no answer of CAS")
    if success is None:
        assert failure is not None  # noqa: S101 - one of the two is there
        raise AnswerRefused(provider=upstream.title, detail=str(failure.get("code"))[:40])
    claims: dict[str, Any] = {}
    attributes = xml.only(success, _name("attributes"))
    for element in attributes if attributes is not None else ():
        text = xml.text_of(element)
        claims.setdefault(QName(element).localname, []).append(text or "")
    # The user name stands above an attribute of that name.
    return claims | {"user": xml.text_of(xml.only(success, _name("user")))}


def _name(local: str) -> str:
    return f"{{{NAMESPACE}}}{local}"
