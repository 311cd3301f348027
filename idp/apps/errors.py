"""What can go wrong in the register of apps."""

from idp.errors import YimaError
from idp.i18n import N_


class AppsError(YimaError):
    """The family of this room."""

    code = "apps"


class NoSuchApp(AppsError):
    """Nobody has this id."""

    code = "apps.unknown"
    default_message = N_("There is no app %(app)s.")


class InvalidRegistration(AppsError):
    """The registration contradicts a rule. ``field`` names the member that is to blame, where it is one."""

    code = "apps.invalid_registration"
    default_message = N_("The app cannot be registered like this: %(reason)s")

    def __init__(self, *, reason: str, field: str | None = None, detail: str | None = None) -> None:
        self.field = field
        if field is None:
            super().__init__(reason=reason, detail=detail)
        else:
            message = N_("The app cannot be registered like this: %(field)s: %(reason)s")
            super().__init__(message, field=field, reason=reason, detail=detail)


class WrongState(AppsError):
    """The app's review state does not allow it."""

    code = "apps.state"
    default_message = N_("The app is %(status)s.")
