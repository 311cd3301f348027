"""How a key is shown, and the files that come in."""

import gettext
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from cli.ca.record import FileNotReadable
from idp.clock import Clock
from idp.crypto import sm3
from idp.crypto.x509.cms.document import Document
from idp.signing import keys, permissions
from idp.signing.tables import SigningKey

_ = gettext.gettext

FILE = click.Path(path_type=Path, dir_okay=False)
_PART = 1 << 20
TITLES = {
    "key": _("Name"),
    "use": _("Use"),
    "state": _("State"),
    "authority": _("Authority"),
    "subject": _("Subject"),
    "serial": _("Serial number"),
    "valid_until": _("Valid until"),
    "version": _("Version"),
    "device": _("Device"),
    "apps": _("Apps"),
}


def record(session: Session, key: SigningKey, clock: Clock) -> dict[str, Any]:
    """What is known of a key, and which apps may do what with it."""
    version = keys.current(session, key)
    row = keys.certificate_row(session, version)
    return {
        "key": key.name,
        "use": key.use,
        "state": keys.state(session, key, clock.now()),
        "authority": keys.authority_of(session, key).name,
        "subject": row.subject,
        "serial": row.serial,
        "valid_until": row.not_after.isoformat(),
        "version": version.number,
        "device": keys.device_place(session, version),
        "apps": [f"{app}: {', '.join(sorted(one.operations))}" for app, one in permissions.of_key(session, key)],
    }


def digest_of(path: Path) -> Document:
    """By parts: what is signed detached may be larger than the memory."""
    state = sm3.new()
    try:
        with path.open("rb") as file:
            while part := file.read(_PART):
                state.update(part)
    except OSError:
        raise FileNotReadable(path=path) from None
    return Document(state.digest())
