"""What the installation says of a SAML app: as whom it knows people, what else it is told, what it demands."""

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from idp.apps.errors import InvalidRegistration
from idp.i18n import N_
from idp.sso.saml.attributes import ATTRIBUTES, DEFAULT

NAME_IDS = ("transient", "persistent", "email")
LOGOUTS = ("auto", "back", "front", "both", "none")
SIGNED = ("both", "assertion", "response")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[\x21-\x7e]{1,500}\Z")


class Rules(BaseModel):
    """``name_id`` is the format where the app asks for none; ``school`` whose student and staff numbers are meant.

    ``attributes`` are friendly names of :data:`ATTRIBUTES`. ``entitlements`` are the values of eduPersonEntitlement that members
    of a school have there. ``required_level`` is what every sign-in must reach. ``sign`` is what of an answer is signed,
    ``encrypt`` whether assertions are encrypted where the app has a key for it, ``require_signed`` whether it must sign its
    requests though its metadata does not say so. ``logout`` is how it learns that a session has ended: ``auto`` is by the back
    channel where it has one, else in the browser.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name_id: Literal["transient", "persistent", "email"] = "transient"
    school: str = ""
    attributes: Annotated[tuple[str, ...], Field(max_length=50)] = DEFAULT
    entitlements: Annotated[tuple[str, ...], Field(max_length=50)] = ()
    required_level: Annotated[int, Field(ge=1, le=4)] = 1
    trusted: bool = False
    plain_http: bool = False
    require_signed: bool = False
    encrypt: bool = True
    sign: Literal["both", "assertion", "response"] = "both"
    logout: Literal["auto", "back", "front", "both", "none"] = "auto"

    @field_validator("attributes")
    @classmethod
    def _attributes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not set(value) <= set(ATTRIBUTES):
            raise ValueError("unknown")
        return tuple(dict.fromkeys(value))

    @field_validator("entitlements")
    @classmethod
    def _entitlements(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        # eduPerson: a URI.
        if not all(_URI.match(one) for one in value):
            raise ValueError("no URI")
        return tuple(dict.fromkeys(value))

    @classmethod
    def of(cls, **members: Any) -> "Rules":
        """Raises :class:`InvalidRegistration`."""
        try:
            return cls(**members)
        except ValidationError as error:
            field = str(error.errors()[0]["loc"][0])
            raise InvalidRegistration(reason=N_("this value does not exist here"), field=field) from None

    @property
    def released(self) -> tuple[str, ...]:
        """The attributes, eduPersonEntitlement among them exactly where there is a value for it."""
        others = tuple(name for name in self.attributes if name != "eduPersonEntitlement")
        return (*others, "eduPersonEntitlement") if self.entitlements else others

    @property
    def scopes(self) -> tuple[str, ...]:
        """What the app has to be allowed, and people have to agree to, for all of this."""
        needed = [ATTRIBUTES[name].scope for name in self.released] + (["email"] if self.name_id == "email" else [])
        return tuple(dict.fromkeys(("openid", *needed)))

    def to_json(self) -> dict[str, Any]:
        """The members that say something."""
        return self.model_dump(mode="json", exclude_defaults=True)
