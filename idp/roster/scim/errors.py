"""Errors as RFC 7644 §3.12 has them. Their texts are for programs and their keepers, and are in English like the protocol's."""

from typing import ClassVar

from idp.errors import YimaError
from idp.registry.errors import LocalNumberTaken, NoSuchPerson, PersonsDiffer, WrongState
from idp.roster.errors import HeldElsewhere, InvalidToken, MemberExists, NoSuchMember, RosterError, UserNameTaken

URN = "urn:ietf:params:scim:api:messages:2.0:Error"


class ScimError(RosterError):
    """``status`` and ``scim_type`` of the answer; the text never repeats what was sent."""

    code = "roster.scim"
    status: ClassVar[int] = 400
    scim_type: ClassVar[str | None] = None


class InvalidSyntax(ScimError):
    """The body is not what the endpoint takes."""

    scim_type = "invalidSyntax"


class InvalidFilter(ScimError):
    """The filter cannot be read, or asks what cannot be asked."""

    scim_type = "invalidFilter"


class InvalidPath(ScimError):
    """A PATCH names an attribute that is not there."""

    scim_type = "invalidPath"


class NoTarget(ScimError):
    """A PATCH's path finds nothing to change."""

    scim_type = "noTarget"


class InvalidValue(ScimError):
    """An attribute is missing, or has a value of another kind."""

    scim_type = "invalidValue"


class Mutability(ScimError):
    """An attribute that is not the client's to change."""

    scim_type = "mutability"


class Sensitive(ScimError):
    """Personal data in an address, where logs keep it (§3.4.2, §7.5.2)."""

    status = 403
    scim_type = "sensitive"


class Forbidden(ScimError):
    """The token does not allow it."""

    status = 403


class NotFound(ScimError):
    """There is nothing here, for this token."""

    status = 404


class MethodNotAllowed(ScimError):
    """The address does not do that."""

    status = 405


class PreconditionFailed(ScimError):
    """Somebody has changed the resource meanwhile (§3.14)."""

    status = 412


class TooLarge(ScimError):
    """§3.7.4: more than one request may hold."""

    status = 413


class TooMany(ScimError):
    """Too many requests of this token in a minute."""

    status = 429


class NotImplementedHere(ScimError):
    """What the specification lets a service provider leave out."""

    status = 501


# What the rooms below raise, as status and scimType; a RegistryError or RosterError that is not named is a wrong value.
_FOREIGN: tuple[tuple[type[YimaError], int, str | None], ...] = (
    (InvalidToken, 401, None),
    (NoSuchMember, 404, None),
    (NoSuchPerson, 404, None),
    (MemberExists, 409, "uniqueness"),
    (UserNameTaken, 409, "uniqueness"),
    (LocalNumberTaken, 409, "uniqueness"),
    (PersonsDiffer, 409, "uniqueness"),
    (HeldElsewhere, 400, "mutability"),
    (WrongState, 403, None),
)


def classify(error: YimaError) -> tuple[int, str | None]:
    """Status and ``scimType`` of an error of ours."""
    if isinstance(error, ScimError):
        return error.status, error.scim_type
    return next(((status, word) for kind, status, word in _FOREIGN if isinstance(error, kind)), (400, "invalidValue"))


def body(error: YimaError) -> dict[str, object]:
    """The answer's body. ``status`` is a string (§3.12)."""
    status, word = classify(error)
    answer: dict[str, object] = {"schemas": [URN], "status": str(status), "detail": str(error)}
    return {**answer, "scimType": word} if word else answer
