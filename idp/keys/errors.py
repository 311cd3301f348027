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


class KeyNotRevocable(KeysError):
    """What hangs on this kind of key cannot be made anew by us."""

    code = "keys.not_revocable"
    default_message = N_(
        "The key %(key_id)s (%(purpose)s) cannot be replaced: every stored index, or every app's name for a person, hangs on it."
    )


class MasterKeyExists(KeysError):
    """A master key's file is never replaced."""

    code = "keys.master_exists"
    default_message = N_("There is a master key at %(path)s already. It is not replaced: move it away first, or name another file.")


class MasterKeyChanged(KeysError):
    """Another process has changed the master key since this one read it."""

    code = "keys.master_changed"
    default_message = N_("The master key was changed a moment ago by another process. Nothing was done; look again.")


class MasterKeyNotOpened(KeysError):
    """The device does not give the master key back."""

    code = "keys.master_not_opened"
    default_message = N_(
        "The device does not open the master key: its file was changed, or wrapped for another key. Put the file back from your"
        " backup, or restore the key from the custodians' shares (`yima key combine`)."
    )


class MasterKeyElsewhere(KeysError):
    """The master key is not in the file of the data folder."""

    code = "keys.master_elsewhere"
    default_message = N_("The master key comes from YIMA_MASTER_KEY. Put it into the file master.key of the data folder first.")


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


class CustodiansUnfit(KeysError):
    """Splitting needs different people, and a threshold that they can meet and one of them cannot."""

    code = "keys.custodians"
    default_message = N_(
        "Name different custodians, two at least, and a threshold from 2 to their number: %(threshold)s of %(count)s."
    )


class PassphraseTooShort(KeysError):
    """A share lies in a drawer for years."""

    code = "keys.passphrase"
    default_message = N_("A custodian's passphrase needs %(minimum)s characters at least.")


class ShareDamaged(KeysError):
    """A share whose check does not fit: mistyped, cut off, or no share at all."""

    code = "keys.share_damaged"
    default_message = N_("%(file)s is not a whole share: a character is wrong or missing, or it is something else.")


class ShareNotForKey(KeysError):
    """The share opens with an SM2 key that was not given."""

    code = "keys.share_key"
    default_message = N_("%(file)s opens with the SM2 key of %(custodian)s: give it by --key.")


class ShareNotOpened(KeysError):
    """A wrong passphrase, or a share that was changed."""

    code = "keys.share_closed"
    default_message = N_("%(file)s does not open: that is not the passphrase or key of %(custodian)s.")


class SharesMixed(KeysError):
    """Shares of different sets say nothing together."""

    code = "keys.shares_mixed"
    default_message = N_("These shares are not of one set: %(sets)s")


class ShareTwice(KeysError):
    """One share counts once."""

    code = "keys.share_twice"
    default_message = N_("This is one and the same share: %(files)s")


class SharesTooFew(KeysError):
    """Fewer shares than the threshold tell nothing."""

    code = "keys.shares_few"
    default_message = N_("%(need)s shares are needed, and %(have)s are here.")


class SharesDoNotFit(KeysError):
    """What came out is not the master key that was split."""

    code = "keys.shares_unfit"
    default_message = N_("The shares do not give the master key %(name)s: one of them was changed.")


class MasterKeyOfAnotherTime(KeysError):
    """The shares restore a master key that the database is not sealed under."""

    code = "keys.master_other"
    default_message = N_(
        "The shares restore %(shares)s, but the database is sealed under %(database)s. For an old backup, give --out."
    )
