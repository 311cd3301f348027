"""How a key is shown. Never its private half."""

import gettext
from collections.abc import Mapping
from datetime import datetime

from idp.crypto.devices.reference import KeyReference
from idp.deployment import Deployment
from idp.keys import schedule
from idp.keys.states import SLACK, Purpose, State, state
from idp.keys.tables import Key

_ = gettext.gettext

COLUMNS = {
    "kid": _("Key"),
    "purpose": _("Purpose"),
    "algorithm": _("Algorithm"),
    "state": _("State"),
    "device": _("Device"),
    "created_at": _("Created"),
    "activated_at": _("Active from"),
    "retired_at": _("Retired at"),
    "next_at": _("Changes at"),
}


def record(deployment: Deployment, row: Key, places: Mapping[str, KeyReference]) -> dict[str, object]:
    """A key as JSON shows it. ``next_at`` is when its state changes: by the schedule, or because its last token has expired.

    ``places``: the keys that live in a device.
    """
    shown: dict[str, object] = {"kid": row.kid, "purpose": row.purpose, "algorithm": row.algorithm}
    shown["device"] = str(places[row.kid]) if row.kid in places else None
    shown["state"] = state(row, deployment.clock.now()).value
    for name in ("created_at", "activated_at", "retired_at", "withdrawn_at"):
        moment = getattr(row, name)
        shown[name] = _moment(moment)
    shown["next_at"] = _moment(_next(deployment, row))
    return shown


def _next(deployment: Deployment, row: Key) -> datetime | None:
    now = deployment.clock.now()
    is_in = state(row, now)
    if is_in is State.NEXT:
        return row.activated_at
    if is_in is State.RETIRED and row.purpose == Purpose.TOKEN and row.retired_at is not None:
        return row.retired_at + deployment.settings.longest_token + SLACK
    if row.retired_at is not None and row.retired_at > now:
        return row.retired_at
    waiting = schedule.due(deployment.ring.current().rows, deployment.settings, now)
    return next((one.at for one in waiting if one.kid == row.kid), None)


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
