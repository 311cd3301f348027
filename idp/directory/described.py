"""What is said of a directory: where it is, how its people are found, and for whom it keeps the passwords."""

import ssl
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from idp.directory import filters, names
from idp.directory.connection import PORTS
from idp.directory.errors import InvalidDirectory
from idp.directory.filters import Filter, InvalidFilter
from idp.i18n import N_
from idp.registry.affiliations import ADMINISTRATORS, Role
from idp.settings import is_loopback

USUAL_ROLES = (Role.STUDENT, Role.TEACHER, Role.STAFF)
MAX_AUTHORITIES = 64 * 1024
_REASONS = {"missing": N_("it is missing"), "value": N_("this value does not exist here")}


class Described(BaseModel):
    """``servers`` are URLs, asked in their order: ``ldaps://``, or ``ldap://`` which begins TLS first; ``plain`` spares TLS for a
    server on this very machine. ``authorities`` are the certificates in PEM that theirs must come from; the system's if empty.

    A person is found by ``bind_name``, a name with places for values, or by a search below ``base`` with ``filter``, in the name of
    ``account_name`` if there is one. ``roles`` are whose passwords are kept there. ``seconds`` is the time of a whole conversation
    with one server. ``fallback``: while no server answers, a password that is kept here counts. ``password_page`` is where people
    change theirs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    servers: Annotated[tuple[str, ...], Field(min_length=1, max_length=5)]
    authorities: Annotated[str, Field(max_length=MAX_AUTHORITIES)] = ""
    plain: bool = False
    bind_name: str = ""
    base: Annotated[str, Field(max_length=names.MAX_NAME)] = ""
    filter: str = ""
    account_name: Annotated[str, Field(max_length=names.MAX_NAME)] = ""
    roles: Annotated[tuple[Role, ...], Field(min_length=1)] = USUAL_ROLES
    seconds: Annotated[float, Field(ge=1, le=30)] = 5
    fallback: bool = False
    password_page: Annotated[str, Field(max_length=500)] = ""

    @field_validator("servers")
    @classmethod
    def _servers(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for server in value:
            if not _is_server(server):
                raise _no(N_("a server is written as ldaps://host or ldap://host, with a port if it has another one"))
        return tuple(dict.fromkeys(value))

    @field_validator("authorities")
    @classmethod
    def _authorities(cls, value: str) -> str:
        if value:
            try:
                ssl.create_default_context(cadata=value)
            except (ssl.SSLError, ValueError):
                raise _no(N_("this is no certificate in PEM")) from None
        return value

    @field_validator("bind_name")
    @classmethod
    def _bind_name(cls, value: str) -> str:
        if value:
            _checked(names.check_template, value)
        return value

    @field_validator("filter")
    @classmethod
    def _filter(cls, value: str) -> str:
        if value:
            _checked(filters.parse, value)
            if not filters.places(value):
                raise _no(N_("the filter needs a place for the person, like (uid={number})"))
        return value

    @field_validator("roles")
    @classmethod
    def _roles(cls, value: tuple[Role, ...]) -> tuple[Role, ...]:
        # A directory that is down must not keep out whoever could mend this: administrators have a password here.
        if set(value) & set(ADMINISTRATORS):
            raise _no(N_("administrators keep their passwords here, so that a directory that is down locks nobody out"))
        return tuple(dict.fromkeys(value))

    @field_validator("password_page")
    @classmethod
    def _password_page(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme != "https" or not parts.hostname):
            raise _no(N_("it must be an https address"))
        return value

    @model_validator(mode="after")
    def _ways(self) -> "Described":
        if bool(self.bind_name) == bool(self.filter):
            raise _no(N_("say either the name to bind with, or the filter to search with"), "bind_name")
        if bool(self.filter) != bool(self.base):
            raise _no(N_("a search needs both a base and a filter"), "base")
        if self.account_name and not self.filter:
            raise _no(N_("only a search needs an account"), "account_name")
        if self.plain and not all(_plain_is_safe(server) for server in self.servers):
            raise _no(N_("without TLS passwords go only to this very machine: ldap://127.0.0.1"), "plain")
        return self

    @classmethod
    def of(cls, **members: Any) -> "Described":
        """Raises :class:`InvalidDirectory`."""
        try:
            return cls(**members)
        except ValidationError as error:
            first = error.errors()[0]
            context = first.get("ctx", {})
            field = context.get("field") or str(first["loc"][0])
            reason = context.get("reason") or _REASONS["missing" if first["type"] == "missing" else "value"]
            raise InvalidDirectory(field=field, reason=reason) from None

    @property
    def parsed_filter(self) -> Filter:
        """The filter, ready to be filled."""
        return filters.parse(self.filter)

    @property
    def wanted(self) -> set[str]:
        """The values that a person must have to be found."""
        return filters.places(self.bind_name or self.filter)

    def to_json(self) -> dict[str, Any]:
        """The members that say something."""
        return self.model_dump(mode="json", exclude_defaults=True)


def _is_server(text: str) -> bool:
    try:
        parts = urlsplit(text)
        named = parts.scheme in PORTS and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:  # a port that is none
        return False
    return bool(named) and text.isprintable() and not (parts.path.strip("/") or parts.query or parts.fragment or parts.username)


def _plain_is_safe(server: str) -> bool:
    parts = urlsplit(server)
    return parts.scheme == "ldaps" or is_loopback(parts.hostname or "")


def _checked(check: Any, value: str) -> None:
    try:
        check(value)
    except InvalidFilter as error:
        raise _no(error.reason) from None


def _no(reason: str, field: str = "") -> PydanticCustomError:
    return PydanticCustomError("yima", "refused", {"reason": reason, "field": field})
