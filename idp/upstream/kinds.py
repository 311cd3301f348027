"""The one interface of a protocol that people come in by. Knowing one kind is knowing all."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

from idp.i18n import N_
from idp.upstream.arrival import Arrival
from idp.upstream.errors import InvalidUpstream
from idp.upstream.server import UpstreamServer


class KindSettings(BaseModel):
    """What a kind is told of a provider. Where its answers hold what stands in ``fields``, see :mod:`idp.upstream.arrival`."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True)
class Upstream:
    """A provider as kinds see it. ``secrets`` are what we prove ourselves by, by name."""

    slug: str
    title: str
    settings: Any
    redirect_uri: str
    secrets: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class Asked:
    """What is wanted of the provider. ``anew``: that the person proves themselves now, whatever session there is."""

    state: str
    anew: bool = False
    user_agent: str = ""
    locale: str = ""


@dataclass(frozen=True)
class Departure:
    """Where the browser is sent, and what is to be remembered until it comes back."""

    url: str = field(repr=False)
    memory: Mapping[str, str] = field(default_factory=dict, repr=False)


class Kind(Protocol):
    """A protocol. None of its methods is called while a transaction is open: they ask others, who may be slow."""

    name: ClassVar[str]
    settings: ClassVar[type[KindSettings]]
    needs_secret: ClassVar[bool]
    state_parameter: ClassVar[str]
    """The name under which ``state`` comes back."""

    def can_ask_anew(self, settings: Any) -> bool:
        """Whether it can be made sure that the person proves themselves now. Where not, it is no way in where that is needed."""
        ...

    def depart(self, server: UpstreamServer, upstream: Upstream, asked: Asked) -> Departure:
        """Where to send the browser. Raises :class:`UpstreamSilent`."""
        ...

    def arrive(self, server: UpstreamServer, upstream: Upstream, answer: Mapping[str, str], memory: Mapping[str, str]) -> Arrival:
        """Who has come back, from the parameters of the return; each stands in it once.

        Raises :class:`SignInDeclined`, :class:`AnswerRefused`, :class:`UpstreamSilent`.
        """
        ...

    def check(self, server: UpstreamServer, upstream: Upstream) -> dict[str, Any]:
        """What can be found out without a person: its addresses, whether it answers. Raises :class:`UpstreamError`."""
        ...


def read_settings(kind: Kind, said: Mapping[str, Any]) -> KindSettings:
    """The kind's settings. Raises :class:`InvalidUpstream`, which names the first that is wrong."""
    try:
        return kind.settings.model_validate(dict(said))
    except ValidationError as error:
        first = error.errors()[0]
        reason = {"missing": N_("it is needed"), "extra_forbidden": N_("there is no such setting")}
        text = reason.get(first["type"], N_("this value does not exist here"))
        raise InvalidUpstream(field=".".join(str(part) for part in first["loc"]), reason=text) from None
