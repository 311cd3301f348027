"""One share: what it holds, and the text a custodian keeps, which opens with their passphrase or their SM2 key alone."""

import json
import unicodedata
from dataclasses import asdict, dataclass, field, fields

from idp.crypto import pem, sm2, sm3
from idp.crypto.errors import CryptoError
from idp.crypto.key_files import pbes2
from idp.keys.errors import ShareDamaged, ShareNotForKey, ShareNotOpened

LABEL = "YIMA MASTER KEY SHARE"
TITLE = "Yima · 一码 · share of the master key · 主密钥分片"
PASSPHRASE = "passphrase"
MIN_PASSPHRASE = 12  # our policy
MAX_BYTES = 16_384
_PROFILE = pbes2.PBES2_PROFILES["sm4-hmac-sm3"]


@dataclass(frozen=True, slots=True)
class Share:
    """Share ``index`` of ``shares`` in the set ``set_id``, of which ``threshold`` restore the master key named ``master``."""

    set_id: str
    index: int
    shares: int
    threshold: int
    master: str
    value: bytes = field(repr=False)

    def sealed_for(self, custodian: str, passphrase: str) -> "ShareText":
        """The text for a custodian, under a passphrase of theirs (PBES2, as key files are)."""
        return self._text(custodian, PASSPHRASE, pbes2.encrypt(self._encoded(), _typed(passphrase), _PROFILE))

    def sealed_to(self, custodian: str, key: sm2.PublicKey) -> "ShareText":
        """The text for a custodian, to their SM2 key."""
        return self._text(custodian, key_name(key), sm2.encrypt(key, self._encoded()))

    def _text(self, custodian: str, opens_with: str, body: bytes) -> "ShareText":
        return ShareText(self.set_id, self.index, self.shares, self.threshold, self.master, custodian, opens_with, body)

    def _encoded(self) -> bytes:
        content = asdict(self) | {"value": self.value.hex()}
        text = json.dumps(content, sort_keys=True)
        return json.dumps(content | {"check": sm3.digest(text.encode()).hex()}).encode()


@dataclass(frozen=True, slots=True)
class ShareText:
    """A share as it is printed. What it says of itself is for people, who have to sort such papers; what counts is inside."""

    set_id: str
    index: int
    shares: int
    threshold: int
    master: str
    custodian: str
    opens_with: str
    body: bytes

    @property
    def fingerprint(self) -> str:
        """SM3 over the whole text, hexadecimal: what the journal keeps."""
        return sm3.digest(str(self).encode()).hex()

    def __str__(self) -> str:
        return f"{self._head()}Check: {self._check()}\n\n{pem.encode(LABEL, self.body)}"

    def open(self, passphrase: str | None = None, key: sm2.PrivateKey | None = None, *, source: str = "") -> Share:
        """The share. ``source`` names it in errors. Raises :class:`ShareNotForKey`, :class:`ShareNotOpened`,
        :class:`ShareDamaged`.
        """
        names = {"file": source, "custodian": self.custodian}
        try:
            if self.opens_with == PASSPHRASE:
                opened = pbes2.decrypt(self.body, _typed(passphrase or ""))
            elif key is not None and key_name(key.public_key) == self.opens_with:
                opened = sm2.decrypt(key, self.body)
            else:
                raise ShareNotForKey(**names)
        except CryptoError:
            raise ShareNotOpened(**names) from None
        try:
            content = json.loads(opened)
            check = content.pop("check")
            if check != sm3.digest(json.dumps(content, sort_keys=True).encode()).hex():
                raise ValueError(check)
            share = Share(**content | {"value": bytes.fromhex(content["value"])})
        except (ValueError, TypeError, KeyError, AttributeError):
            # CBC carries no MAC: a wrong passphrase may end in a padding that fits, and then in no JSON.
            raise ShareNotOpened(**names) from None
        if any(getattr(share, one.name) != getattr(self, one.name) for one in fields(Share) if one.name != "value"):
            raise ShareDamaged(**names)
        return share

    def _head(self) -> str:
        lines = {
            "Set": self.set_id,
            "Share": f"{self.index} of {self.shares}",
            "Needed": f"any {self.threshold} of them",
            "Master-Key": self.master,
            "Custodian": self.custodian,
            "Opens-With": self.opens_with,
        }
        return f"{TITLE}\n" + "".join(f"{name}: {value}\n" for name, value in lines.items())

    def _check(self) -> str:
        return sm3.digest(self._head().encode() + self.body).hex()[:16]


def read(text: bytes, *, source: str) -> ShareText:
    """The share in a file or on a page that was typed in. Raises :class:`ShareDamaged`, naming ``source``."""
    try:
        if len(text) > MAX_BYTES:
            raise ValueError(len(text))
        body = pem.decode(text, LABEL)[1]
        head = text.decode().partition("-----BEGIN")[0]
        lines = dict(line.strip().split(": ", 1) for line in head.splitlines() if ": " in line)
        index, shares = lines["Share"].split(" of ")
        threshold = lines["Needed"].removeprefix("any ").removesuffix(" of them")
        numbers = int(index), int(shares), int(threshold)
        found = ShareText(lines["Set"], *numbers, lines["Master-Key"], lines["Custodian"], lines["Opens-With"], body)
        if lines["Check"] != found._check():
            raise ValueError(lines["Check"])
    except (CryptoError, ValueError, KeyError):
        raise ShareDamaged(file=source, custodian="") from None
    return found


def _typed(passphrase: str) -> bytes:
    return unicodedata.normalize("NFC", passphrase).encode()  # the same from every keyboard


def key_name(key: sm2.PublicKey) -> str:
    """What a share says of the key that opens it: SM3 over the point, hexadecimal."""
    return f"SM2 {sm3.digest(bytes((4,)) + key.point).hex()}"
