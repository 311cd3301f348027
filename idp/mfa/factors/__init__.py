"""The kinds of second factors, a file each, and the table of them. A new kind adds its file and its line."""

from idp.mfa.factor import Factor
from idp.mfa.factors.recovery import RecoveryCodes
from idp.mfa.factors.totp import Totp

FACTORS: dict[str, Factor] = {factor.kind: factor for factor in (Totp(), RecoveryCodes())}
