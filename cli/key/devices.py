"""``yima key devices`` and ``adopt``: keys that live in a cryptographic device."""

import gettext

import click

from cli.frame import changing, json_option, locale, opened
from cli.key.group import command
from cli.output import print_json, print_rows
from idp.crypto.devices.reference import KeyReference
from idp.errors import YimaError
from idp.i18n import translate
from idp.keys import adoption, inspection
from idp.keys.states import state

_ = gettext.gettext

DEVICES = {
    "device": _("Device"),
    "issuer": _("Maker"),
    "name": _("Model"),
    "serial": _("Serial number"),
    "version": _("Version"),
    "state": _("State"),
}
KEYS = {"reference": _("Key in the device"), "kid": _("Key"), "purpose": _("Purpose"), "state": _("State")}
ADOPTED = {"reference": _("Key in the device"), "kid": _("Key"), "algorithm": _("Algorithm"), "state": _("State")}


@command.command(
    help=_("Ask the devices of the settings what they are, and let each key in use sign. Exit code 1 if one does not.")
)
@click.option("--look", type=click.IntRange(0, 4096), default=0, help=_("Also look for free keys at the indices 1 to this one."))
@json_option
def devices(look: int, as_json: bool) -> None:
    """Looks, and tries."""
    with opened() as deployment:
        all_devices = deployment.ring.devices
        seen = inspection.look_at(all_devices)
        with deployment.reading() as session:
            used, known = inspection.in_use(session, deployment.clock.now()), adoption.listed(session)
        tried = [*inspection.try_keys(all_devices, used), *inspection.free_keys(all_devices, known, look)]
    first = [_device(one) for one in seen]
    second = [_key(one) for one in tried]
    if as_json:
        print_json({"devices": first, "keys": second})
    else:
        print_rows(first, DEVICES, as_json=False)
        print_rows(second, KEYS, as_json=False)
    if any(one.error for one in seen) or any(one.error for one in tried):
        raise SystemExit(1)


@command.command(
    help=_(
        "Make keys of a device the next ones to sign the SM issuer's tokens. They are published at once, and take over by"
        " `yima key rotate SGD_SM3_SM2`, one after the other."
    )
)
@click.option("--device", "label", required=True, help=_("The device's label in the settings (sdf_devices)."))
@click.option(
    "--index", "indices", type=click.IntRange(1), multiple=True, required=True, help=_("The key's index; several in order.")
)
@json_option
def adopt(label: str, indices: tuple[int, ...], as_json: bool) -> None:
    """Lets each sign something, then writes it down."""
    with changing() as (deployment, tx):
        references = [KeyReference(label, index) for index in indices]
        signers = [deployment.ring.devices.adopted(reference) for reference in references]
        made = adoption.adopt_token_keys(tx, deployment.master, signers)
        rows = [
            {"reference": str(reference), "kid": key.kid, "algorithm": key.algorithm, "state": state(key, tx.now).value}
            for reference, key in zip(references, made, strict=True)
        ]
    print_rows(rows, ADOPTED, as_json=as_json)


def _device(one: inspection.LookedAt) -> dict[str, object]:
    about = one.information
    return {
        "device": one.label,
        "issuer": about.issuer if about else None,
        "name": about.name if about else None,
        "serial": about.serial if about else None,
        "version": f"{about.version:#010x}" if about else None,
        "standard_version": about.standard_version if about else None,
        "state": _state(one.error),
    }


def _key(one: inspection.Tried) -> dict[str, object]:
    return {"reference": str(one.reference), "kid": one.kid or None, "purpose": one.purpose or None, "state": _state(one.error)}


def _state(error: YimaError | None) -> str:
    if error is None:
        return "ok"
    params = {key: translate(value, locale()) if isinstance(value, str) else value for key, value in error.params.items()}
    return translate(error.message, locale(), params)
