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
    """The registration contradicts a rule."""

    code = "apps.invalid_registration"
    default_message = N_("The app cannot be registered like this: %(reason)s")
