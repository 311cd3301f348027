"""What people are told of, and in which words."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from idp.clock import BEIJING
from idp.i18n import N_, translate


class Event(StrEnum):
    """What happened. The word stands in rows."""

    FACTOR_ADDED = "factor_added"
    FACTOR_REMOVED = "factor_removed"
    FACTORS_RESET = "factors_reset"
    FACTOR_LOCKED = "factor_locked"
    NUMBER_ADDED = "number_added"
    NUMBER_REMOVED = "number_removed"
    RECOVERY_CODES_MADE = "recovery_codes_made"
    RECOVERY_CODE_USED = "recovery_code_used"
    DEVICE_REMEMBERED = "device_remembered"
    DEVICE_STOLEN = "device_stolen"
    NEW_DEVICE = "new_device"
    PASSWORD_CHANGED = "password_changed"
    INTRUSION_REPORTED = "intrusion_reported"
    RESET_REQUESTED = "reset_requested"
    RESET_WAITING = "reset_waiting"
    RESET_STOPPED = "reset_stopped"
    ACCOUNT_LINKED = "account_linked"
    ACCOUNT_UNLINKED = "account_unlinked"
    APPROVAL_WAITS = "approval_waits"
    EMAIL_CONFIRMED = "email_confirmed"
    EMAIL_CHANGED = "email_changed"
    CERTIFICATE_ENDS = "certificate_ends"
    CERTIFICATE_HELD = "certificate_held"
    CERTIFICATE_REVOKED = "certificate_revoked"
    CERTIFICATE_RELEASED = "certificate_released"


TEXTS = {
    Event.FACTOR_ADDED: N_("A second factor was added to your account: %(kind)s."),
    Event.FACTOR_REMOVED: N_("A second factor was removed from your account: %(kind)s."),
    Event.FACTORS_RESET: N_("All second factors of your account were taken away."),
    Event.FACTOR_LOCKED: N_("A second factor of your account was locked: %(kind)s."),
    Event.NUMBER_ADDED: N_("A telephone number was added to your account for codes by text message."),
    Event.NUMBER_REMOVED: N_("A telephone number no longer gets the codes of your account."),
    Event.RECOVERY_CODES_MADE: N_("New recovery codes were made for your account. The old ones stopped working."),
    Event.RECOVERY_CODE_USED: N_("A recovery code of your account was used to sign in."),
    Event.DEVICE_REMEMBERED: N_("A device was remembered, which asks for no second step for a while: %(device)s."),
    Event.DEVICE_STOLEN: N_(
        "Somebody tried to sign in with your password and a copy of what a remembered device keeps (%(device)s). "
        "No device is remembered any more."
    ),
    Event.NEW_DEVICE: N_("Your account was signed in to from a device that we do not know: %(device)s."),
    Event.PASSWORD_CHANGED: N_("The password of your account was changed."),
    Event.INTRUSION_REPORTED: N_("“That was not me” was chosen: your account was signed out everywhere and needs a new password."),
    Event.RESET_REQUESTED: N_("Your school was asked to take all second factors of your account away."),
    Event.RESET_WAITING: N_("All second factors of your account will be taken away on %(due)s. Until then you can stop this."),
    Event.RESET_STOPPED: N_("The second factors of your account will not be taken away: this was stopped."),
    Event.ACCOUNT_LINKED: N_("From now on you can also sign in with an account at %(provider)s."),
    Event.ACCOUNT_UNLINKED: N_("You can no longer sign in with an account at %(provider)s."),
    Event.APPROVAL_WAITS: N_(
        "An app asks whether it is you, and waits until %(until)s. Open your account and answer under “Waiting for your answer”. "
        "Say no if you began nothing."
    ),
    Event.EMAIL_CONFIRMED: N_(
        "An e-mail address was confirmed for your account: notices go there, and it can be typed to sign in."
    ),
    Event.EMAIL_CHANGED: N_("The e-mail address of your account was changed. Notices no longer go to the old one."),
    Event.CERTIFICATE_ENDS: N_(
        "The certificate whose number begins with %(number)s ends on %(due)s. Whoever uses it needs a new one before then."
    ),
    Event.CERTIFICATE_HELD: N_("Your certificate whose number begins with %(number)s was put on hold: it does not count for now."),
    Event.CERTIFICATE_REVOKED: N_("Your certificate whose number begins with %(number)s was revoked, for good."),
    Event.CERTIFICATE_RELEASED: N_("Your certificate whose number begins with %(number)s counts again: the hold has ended."),
}

# What tells of somebody else at work, or may: our policy.
URGENT = frozenset(Event) - {
    Event.DEVICE_REMEMBERED,
    Event.NEW_DEVICE,
    Event.RECOVERY_CODES_MADE,
    Event.RESET_STOPPED,
    Event.CERTIFICATE_ENDS,
}
# What is nobody's doing: there is nothing to ask whether it was you.
REMINDERS = frozenset({Event.CERTIFICATE_ENDS})

_TRANSLATED = ("kind",)
_MOMENTS = ("due", "until")


def sentence(event: str, detail: Mapping[str, str], locale: str) -> str:
    """What happened, in a sentence; a word of a later version than this one gives an empty one."""
    if event not in TEXTS:
        return ""
    values = {name: translate(value, locale) if name in _TRANSLATED else value for name, value in detail.items()}
    values |= {name: clock(datetime.fromisoformat(detail[name])) for name in _MOMENTS if name in detail}
    return translate(TEXTS[Event(event)], locale, values)


def clock(moment: datetime) -> str:
    """``2026-09-01 16:30``, China time."""
    return moment.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M")
