"""What can go wrong in the portal."""

from idp.errors import YimaError
from idp.i18n import N_


class PortalError(YimaError):
    """The family of this room."""

    code = "portal"


class InvalidEntry(PortalError):
    """The entry or the notice breaks a rule."""

    code = "portal.invalid"
    default_message = N_("This cannot be shown in the portal: %(reason)s")


class NoSuchNotice(PortalError):
    """Nothing has this number."""

    code = "portal.unknown_notice"
    default_message = N_("There is no notice %(number)s.")
