"""What the installation says of a CAS app: as whom it knows people, what else it is told, what it demands and may."""

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from idp.apps.errors import InvalidRegistration
from idp.i18n import N_
from idp.sso.cas.identity import ATTRIBUTES, STANDARD_ATTRIBUTES, USER_NAMES

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}\Z")

LOGOUTS = ("back", "front", "both", "none")


class Rules(BaseModel):
    """``user`` is a key of :data:`USER_NAMES`; ``school`` whose student and staff numbers are meant, empty: the owner's.

    ``attributes`` are names as the app expects them, each with the key of :data:`ATTRIBUTES` it is filled from.
    ``required_level`` is what every sign-in must reach. ``logout`` is how the app learns that a session has ended, ``logout_url``
    where, if not at its own address. ``proxy_callbacks`` are the addresses under which it may get proxy-granting tickets.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    user: str = "pairwise"
    school: str = ""
    attributes: dict[str, str] = Field(default_factory=dict, max_length=50)
    required_level: Annotated[int, Field(ge=1, le=4)] = 1
    trusted: bool = False
    plain_http: bool = False
    logout: Literal["back", "front", "both", "none"] = "back"
    logout_url: str = ""
    proxy_callbacks: Annotated[tuple[str, ...], Field(max_length=20)] = ()

    @field_validator("user")
    @classmethod
    def _user(cls, value: str) -> str:
        if value not in USER_NAMES:
            raise ValueError("unknown")
        return value

    @field_validator("attributes")
    @classmethod
    def _attributes(cls, value: dict[str, str]) -> dict[str, str]:
        for name, source in value.items():
            # They become names of XML elements beside those of the specification.
            if not _NAME.match(name) or name.lower().startswith("xml") or name in STANDARD_ATTRIBUTES or source not in ATTRIBUTES:
                raise ValueError("unknown")
        return value

    @classmethod
    def of(cls, **members: Any) -> "Rules":
        """Raises :class:`InvalidRegistration`."""
        try:
            return cls(**members)
        except ValidationError as error:
            field = str(error.errors()[0]["loc"][0])
            raise InvalidRegistration(reason=N_("this value does not exist here"), field=field) from None

    @property
    def scopes(self) -> tuple[str, ...]:
        """What the app has to be allowed, and people have to agree to, for all of this."""
        needed = [USER_NAMES[self.user].scope, *(ATTRIBUTES[source].scope for source in self.attributes.values())]
        return tuple(dict.fromkeys(("openid", *needed)))

    def to_json(self) -> dict[str, Any]:
        """The members that say something."""
        return self.model_dump(mode="json", exclude_defaults=True)
