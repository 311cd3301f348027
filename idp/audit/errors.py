"""What can go wrong in the journal."""

from idp.errors import YimaError
from idp.i18n import N_


class AuditError(YimaError):
    """The family of this room."""

    code = "audit"


class AuditKeyMissing(AuditError):
    """The key that seals new events is not there."""

    code = "audit.key_missing"
    default_message = N_("The audit key %(key_id)s is missing.")
