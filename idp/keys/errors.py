"""What can go wrong with keys."""

from idp.errors import YimaError
from idp.i18n import N_


class KeysError(YimaError):
    """The family of this room."""

    code = "keys"


class MasterKeyMissing(KeysError):
    """There is no master key where the settings say it is."""

    code = "keys.master_missing"
    default_message = N_("There is no master key at %(path)s. Run `yima init`, or put the file back from your backup.")


class MasterKeyWrong(KeysError):
    """The master key does not open the keys in the database."""

    code = "keys.master_wrong"
    default_message = N_("The master key does not open the keys in this database. Restore the key that belongs to it.")


class MasterKeyUnsafe(KeysError):
    """Others on this machine may read the master key."""

    code = "keys.master_unsafe"
    default_message = N_("Others can read the master key %(path)s. Run: chmod 600 %(path)s")


class KeysInRepository(KeysError):
    """The data folder lies in a Git working tree, in production."""

    code = "keys.in_repository"
    default_message = N_(
        "The data folder %(home)s lies in the Git working tree %(tree)s, from which keys get into a repository. "
        "Move it out, for example to /var/lib/yima, and set YIMA_HOME."
    )


class NoSuchKey(KeysError):
    """No key has this id."""

    code = "keys.unknown"
    default_message = N_("There is no key %(key_id)s.")


class NotInitialised(KeysError):
    """The ring has no keys yet."""

    code = "keys.empty"
    default_message = N_("This installation has no keys yet. Run `yima init`.")


class KeyNotRetirable(KeysError):
    """Taking this key away would lose data or leave nothing to sign with."""

    code = "keys.not_retirable"
    default_message = N_("The key %(key_id)s protects stored data and cannot be retired.")


class KeyInUse(KeysError):
    """The newest key of its purpose cannot be destroyed, nor one that has just been."""

    code = "keys.in_use"
    default_message = N_("The key %(key_id)s is in use, or was a minute ago. Rotate first, and wait a minute.")


class KeyStillNeeded(KeysError):
    """Something can be opened or verified with this key only."""

    code = "keys.still_needed"
    default_message = N_("The key %(key_id)s is still needed for %(count)s: %(where)s. Run `yima key reseal` first.")


class KeyKeptForever(KeysError):
    """What this kind of key has made is never made anew."""

    code = "keys.kept_forever"
    default_message = N_("The key %(key_id)s cannot be destroyed: what it has made stays, and is verified with it.")


class DeviceKeyInUse(KeysError):
    """A key of a device that is in use already, or was once."""

    code = "keys.device_key_in_use"
    default_message = N_("The key %(key)s is in use already, or was: each key is for one thing. Make another in the device.")


class DeviceKeysUsedUp(KeysError):
    """The active key lives in a device, and no other of a device waits to take over."""

    code = "keys.device_keys_used_up"
    default_message = N_(
        "No other key of a device waits to take over from %(key_id)s. Adopt one (`yima key adopt`), or leave the device on purpose"
        " with --in-software."
    )
