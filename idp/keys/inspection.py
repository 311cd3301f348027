"""Looking at devices: whether they answer, and whether the keys in use are the ones that were taken into use and sign."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from idp.crypto.devices.device import Device
from idp.crypto.devices.errors import DeviceError, DeviceUntrusted, NoSuchDeviceKey
from idp.crypto.devices.reference import KeyReference
from idp.crypto.devices.signer import SdfSigner
from idp.crypto.devices.structures import DeviceInformation
from idp.i18n import N_
from idp.keys.adoption import OVER
from idp.keys.devices import Devices
from idp.keys.states import Purpose, State, state
from idp.keys.tables import DeviceKey, Key


@dataclass(frozen=True, slots=True)
class LookedAt:
    """A device, and what it says of itself; or why it says nothing."""

    label: str
    information: DeviceInformation | None
    error: DeviceError | None


@dataclass(frozen=True, slots=True)
class Tried:
    """A key in a device. ``purpose`` is empty for one that nothing uses; ``error`` is why it cannot be used."""

    reference: KeyReference
    kid: str
    purpose: str
    error: DeviceError | None


def look_at(devices: Devices) -> list[LookedAt]:
    """Asks every device."""
    return [_look_at(device) for device in devices]


def in_use(session: Session, now: datetime) -> Sequence[DeviceKey]:
    """The keys of devices that something may have to be signed with."""
    tokens = session.scalars(select(Key).where(Key.purpose == Purpose.TOKEN.value))
    signing = {key.kid for key in tokens if state(key, now) in (State.ACTIVE, State.NEXT)}
    rows = session.scalars(select(DeviceKey).order_by(DeviceKey.reference))
    return [row for row in rows if row.purpose != OVER and (row.purpose != Purpose.TOKEN or row.kid in signing)]


def without_successor(rows: Sequence[Key], used: Sequence[DeviceKey], now: datetime) -> DeviceKey | None:
    """The token key of a device that signs now, where none waits to take over from it."""
    places = {row.kid: row for row in used}
    waiting = {row.algorithm for row in rows if state(row, now) is State.NEXT}
    signing = [row for row in rows if row.kid in places and state(row, now) is State.ACTIVE and row.algorithm not in waiting]
    return places[signing[0].kid] if signing else None


def try_keys(devices: Devices, rows: Sequence[DeviceKey]) -> list[Tried]:
    """Lets each sign something."""
    return [Tried(KeyReference.parse(row.reference), row.kid, row.purpose, _trouble(devices, row)) for row in rows]


def free_keys(devices: Devices, used: Sequence[DeviceKey], up_to: int) -> Iterator[Tried]:
    """The keys at the indices 1 to ``up_to`` of every device that nothing uses; the interface has no list of them."""
    known = {row.kid for row in used}
    for device in devices:
        for index in range(1, up_to + 1):
            reference = KeyReference(device.label, index)
            try:
                kid = SdfSigner(device, index, device.public_key(index)).kid
            except NoSuchDeviceKey:
                continue
            except DeviceError as error:
                yield Tried(reference, "", "", error)
                break  # what is wrong with the device is wrong with every index
            if kid not in known:
                yield Tried(reference, kid, "", None)


def _look_at(device: Device) -> LookedAt:
    try:
        return LookedAt(device.label, device.information(), None)
    except DeviceError as error:
        return LookedAt(device.label, None, error)


def _trouble(devices: Devices, row: DeviceKey) -> DeviceError | None:
    reference = KeyReference.parse(row.reference)
    try:
        if devices.adopted(reference).kid != row.kid:
            reason = N_("another key stands at this index now than the one that was taken into use")
            return DeviceUntrusted(key=row.reference, reason=reason)
    except DeviceError as error:
        return error
    return None
