"""How a key is shown. Never its private half."""

import gettext

from idp.deployment import Deployment
from idp.keys.states import state
from idp.keys.tables import Key

_ = gettext.gettext

COLUMNS = {
    "kid": _("Key"),
    "purpose": _("Purpose"),
    "algorithm": _("Algorithm"),
    "state": _("State"),
    "created_at": _("Created"),
    "activated_at": _("Active from"),
    "retired_at": _("Retired at"),
}


def record(deployment: Deployment, row: Key) -> dict[str, object]:
    """A key as JSON shows it."""
    shown: dict[str, object] = {"kid": row.kid, "purpose": row.purpose, "algorithm": row.algorithm}
    shown["state"] = state(row, deployment.clock.now()).value
    for name in ("created_at", "activated_at", "retired_at", "withdrawn_at"):
        moment = getattr(row, name)
        shown[name] = moment.isoformat(timespec="seconds") if moment else None
    return shown
