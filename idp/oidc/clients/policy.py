"""What the installation says of an app, and the app cannot say of itself."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from idp.apps.errors import InvalidRegistration
from idp.i18n import N_

Identifiers = Annotated[tuple[str, ...], Field(max_length=50)]


class Policy(BaseModel):
    """``required_level`` is the level that every sign-in to this app must reach; the rest are permissions and duties.

    ``resources`` are the identifiers of resources that the app answers for, ``authorization_types`` the types of authorization
    details it understands, each in words for people; ``accesses`` are resources it may ask tokens for, ``exchanges`` those it may
    exchange a person's token for.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    required_level: Annotated[int, Field(ge=1, le=4)] = 1
    trusted: bool = False
    introspects: bool = False
    profile: Literal["", "fapi2"] = ""
    resources: Identifiers = ()
    authorization_types: dict[str, str] = Field(default_factory=dict)
    accesses: Identifiers = ()
    exchanges: Identifiers = ()
    requires_pkce: bool = True
    access_token_format: Literal["opaque", "jwt"] = "opaque"

    @classmethod
    def of(cls, **members: Any) -> "Policy":
        """Raises :class:`InvalidRegistration`."""
        try:
            return cls(**members)
        except ValidationError as error:
            field = str(error.errors()[0]["loc"][0])
            raise InvalidRegistration(reason=N_("a member is missing, too long or of the wrong type"), field=field) from None

    def to_json(self) -> dict[str, Any]:
        """The members that say something."""
        return self.model_dump(mode="json", exclude_defaults=True)
