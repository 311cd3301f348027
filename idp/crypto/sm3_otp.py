"""One-time passwords by SM3, after GM/T 0021 (GB/T 38556), from the time, a counter and a challenge.

The text of the standards was not at hand: what is implemented is the algorithm as published implementations describe it, held to
ten published vectors. The variant by SM4 is left out, for want of vectors with a source.
"""

import re

from idp.crypto import sm3
from idp.crypto.errors import CryptoError
from idp.i18n import N_

MIN_KEY = 16  # bytes: K is of 128 bits at least
MIN_INPUT = 16  # bytes: ID is filled up with zeros to 128 bits
DIGITS = range(6, 10)
CHALLENGE = re.compile(rb"[0-9A-Za-z]{4,64}")


class UnfitParameter(CryptoError):
    """A key that is too short, or an input that the algorithm does not take."""

    code = "crypto.one_time_password"
    default_message = N_("This is no fit key or input for an SM3 one-time password.")


def one_time_password(
    key: bytes, *, step: int | None = None, counter: int | None = None, challenge: bytes = b"", digits: int = 6
) -> str:
    """The password, ``digits`` decimal digits, leading zeros kept. ``step`` is the UTC time in seconds divided by the period.

    At least one of ``step`` and ``counter`` is given. Raises :class:`UnfitParameter`.
    """
    if len(key) < MIN_KEY or digits not in DIGITS or (step is None and counter is None):
        raise UnfitParameter
    if challenge and not CHALLENGE.fullmatch(challenge):
        raise UnfitParameter
    try:
        # ID = T ‖ C ‖ Q: eight bytes of time, four of the counter, both big-endian, and the challenge in ASCII.
        moment = b"" if step is None else step.to_bytes(8, "big")
        event = b"" if counter is None else counter.to_bytes(4, "big")
    except OverflowError:
        raise UnfitParameter from None
    digest = sm3.digest(key + (moment + event + challenge).ljust(MIN_INPUT, b"\0"))
    # OD: the eight words of S, added modulo 2^32. P: OD modulo 10^N.
    folded = sum(int.from_bytes(digest[at : at + 4], "big") for at in range(0, len(digest), 4)) % 2**32
    return f"{folded % 10**digits:0{digits}}"
