"""What the installation says of a provider: whether numbers that it tells are believed, who may be registered, what it proves."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from idp.i18n import N_
from idp.registry.affiliations import Role
from idp.registry.documents import DocumentKind
from idp.upstream.errors import InvalidUpstream

MATCHES = ("document", "local_number", "person_number")
# Nobody becomes an administrator by what another system says.
REGISTERED_AS = (Role.STUDENT, Role.TEACHER, Role.STAFF, Role.GUARDIAN, Role.ALUMNUS)
# Level 4 is hardware whose maker vouches for it to us; nobody else can say so for us.
HIGHEST_TRUSTED = 3

_Short = Annotated[str, Field(min_length=1, max_length=200)]


class Registering(BaseModel):
    """Who may be registered at their first sign-in: into which school, as what.

    ``roles`` gives the role for a value that the provider tells of the affiliation, ``role`` for everybody else; without it only
    those whose value is listed are registered. ``required`` names fields of the provider's answer and the values of which one
    must be there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    institution: str
    role: Role | None = None
    roles: dict[_Short, Role] = Field(default_factory=dict, max_length=20)
    required: dict[_Short, tuple[_Short, ...]] = Field(default_factory=dict, max_length=10)

    @model_validator(mode="after")
    def _roles(self) -> "Registering":
        named = {*self.roles.values(), *([self.role] if self.role else [])}
        if not named or not named <= set(REGISTERED_AS):
            raise ValueError("roles")
        return self


class Rules(BaseModel):
    """``match`` says by which of the numbers that the provider tells a person is found: it has verified them, and is believed.

    ``document_kind`` is what the document is where the provider does not say. ``numbers_of`` is the school whose student or staff
    numbers it tells. ``levels`` gives a level to values of ``acr`` and ``amr``: what it says it has done is believed so far;
    whatever is not listed counts as a password does. E-mail addresses and telephone numbers find nobody, ever.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    match: tuple[Literal["document", "local_number", "person_number"], ...] = ()
    document_kind: DocumentKind = DocumentKind.CITIZEN
    numbers_of: str = ""
    levels: dict[_Short, Annotated[int, Field(ge=1, le=HIGHEST_TRUSTED)]] = Field(default_factory=dict, max_length=20)
    register_: Registering | None = Field(default=None, alias="register")

    @classmethod
    def of(cls, **members: Any) -> "Rules":
        """Raises :class:`InvalidUpstream`."""
        try:
            return cls(**members)
        except ValidationError as error:
            field = ".".join(str(part) for part in error.errors()[0]["loc"])
            raise InvalidUpstream(field=field, reason=N_("this value does not exist here")) from None

    @property
    def registering(self) -> Registering | None:
        """Who may be registered; ``None`` for nobody."""
        return self.register_

    def to_json(self) -> dict[str, Any]:
        """The members that say something."""
        return self.model_dump(mode="json", exclude_defaults=True, by_alias=True)
