"""The kinds of second factors, a file or folder each, and the table of them. A new kind adds itself and its line."""

from idp.mfa.errors import NoSuchFactor
from idp.mfa.factor import Factor
from idp.mfa.factors.certificate import HeldCertificate
from idp.mfa.factors.cosign import CoSigning
from idp.mfa.factors.passkey.factor import Passkey
from idp.mfa.factors.recovery import RecoveryCodes
from idp.mfa.factors.sm3otp.kinds import Sm3Challenge, Sm3Otp
from idp.mfa.factors.sms import Sms
from idp.mfa.factors.totp import Totp

# In the order in which people are offered them.
FACTORS: dict[str, Factor] = {
    factor.kind: factor
    for factor in (
        Totp(),
        Sm3Otp(),
        Sm3Challenge(),
        CoSigning(),
        Passkey(),
        HeldCertificate(),
        Sms(),
        RecoveryCodes(),
    )
}


def kind_of(kind: str) -> Factor:
    """The kind of this name. Raises :class:`NoSuchFactor`."""
    if kind not in FACTORS:
        raise NoSuchFactor
    return FACTORS[kind]
