"""Why a bind was refused: read from what Active Directory writes into its answer, and from the password policy control."""

import re

from idp.directory import ber
from idp.directory.errors import AccountState, CredentialsRefused, DirectoryError, Disabled, Expired, Locked, MustChange, NotNow
from idp.directory.messages import PASSWORD_POLICY, Code, Result

# Active Directory: "80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data 775, v4563". The number is the
# system error of the sign-in, in hexadecimal.
_DATA = re.compile(r"AcceptSecurityContext error, data ([0-9a-fA-F]{1,8})\b")
_ACTIVE_DIRECTORY: dict[int, type[AccountState]] = {
    0x530: NotNow,  # ERROR_INVALID_LOGON_HOURS
    0x531: NotNow,  # ERROR_INVALID_WORKSTATION
    0x532: Expired,  # ERROR_PASSWORD_EXPIRED
    0x533: Disabled,  # ERROR_ACCOUNT_DISABLED
    0x701: Disabled,  # ERROR_ACCOUNT_EXPIRED
    0x773: MustChange,  # ERROR_PASSWORD_MUST_CHANGE
    0x775: Locked,  # ERROR_ACCOUNT_LOCKED_OUT
}
# draft-behera-ldap-password-policy §6.2: PasswordPolicyResponseValue, error [1].
_POLICY: dict[int, type[AccountState]] = {0: Expired, 1: Locked, 2: MustChange}
# A name that the server takes for none is nobody's name.
_REFUSED = (Code.INVALID_CREDENTIALS, Code.NO_SUCH_OBJECT, Code.INVALID_DN_SYNTAX, Code.INAPPROPRIATE_AUTHENTICATION)


def check(result: Result) -> None:
    """Raises what a bind's result means: an :class:`AccountState`, or :class:`CredentialsRefused` for a name or password that does
    not fit. Whatever is neither, and no success, is left to the caller: ``refuses`` tells.
    """
    # §8.1.2.1 of the draft: after a reset a bind succeeds, and is good for changing the password alone.
    state = _policy_error(result.controls.get(PASSWORD_POLICY))
    if state is not None and (refuses(result) or result.code == Code.SUCCESS):
        raise state
    if refuses(result):
        raise _active_directory(result.diagnostic) or CredentialsRefused()


def refuses(result: Result) -> bool:
    """Whether the server looked at name and password, and says no."""
    return result.code in _REFUSED


def _policy_error(value: bytes | None) -> DirectoryError | None:
    if not value:
        return None
    for tag, content in ber.elements(value):
        errors = [inside for kind, inside in ber.elements(content) if tag == ber.SEQUENCE and kind == 0x81]
        if errors and (kind := _POLICY.get(ber.integer(errors[0]))):
            return kind()
    return None


def _active_directory(diagnostic: str) -> DirectoryError | None:
    found = _DATA.search(diagnostic)
    kind = _ACTIVE_DIRECTORY.get(int(found[1], 16)) if found else None
    return kind() if kind else None
