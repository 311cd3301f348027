"""The self-test at start, in the spirit of GM/T 0028: a process whose cryptography is wrong must not run.

Known answers of the standards, then the chosen engine and gmssl check each other.
"""

from idp.crypto import engines, sm2, sm3, sm4
from idp.crypto.der import ciphertext_to_der
from idp.crypto.engines import Engine
from idp.crypto.errors import CryptoError, SelfTestFailed

_MESSAGE = b"message digest"

# GB/T 32918.5-2017 Annex A.2: the key, and a signature over the message above with the default ID.
_SCALAR = bytes.fromhex("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8")
_POINT = bytes.fromhex(
    "09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
)
_SIGNATURE = bytes.fromhex(
    "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
    "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
)
# GB/T 32918.5-2017 Annex C.2: a ciphertext for the same key.
_PLAINTEXT = b"encryption standard"
_CIPHERTEXT = ciphertext_to_der(
    bytes.fromhex(
        "04EBFC718E8D1798620432268E77FEB6415E2EDE0E073C0F4F640ECD2E149A73"
        "E858F9D81E5430A57B36DAAB8F950A3C64E6EE6A63094D99283AFF767E124DF0"
    ),
    bytes.fromhex("59983C18F809E262923C53AEC295D30383B54E39D609D160AFCB1908D0BD8766"),
    bytes.fromhex("21886CA989CA9C7D58087307CA93092D651EFA"),
)


def run(engine: Engine) -> None:
    """Raises :class:`SelfTestFailed` naming the first check that came out wrong."""
    checks = (
        ("SM3 (GB/T 32905)", _sm3_known_answer),
        ("SM4 (GB/T 32907)", _sm4_known_answer),
        ("SM2 public key (GB/T 32918.5)", lambda: _equal(engine.public_point(_SCALAR), _POINT)),
        ("SM2 signature (GB/T 32918.5)", lambda: _verify(_SIGNATURE, engine)),
        ("SM2 decryption (GB/T 32918.5)", lambda: _decrypts(engine)),
        ("SM2 signature checked by gmssl", lambda: _cross_check(engine)),
        ("SM2 refusal of a changed message", lambda: _refuses(engine)),
    )
    for name, check in checks:
        try:
            passed = check()
        except CryptoError:
            passed = False
        if not passed:
            raise SelfTestFailed(check=name, engine=engine.name)


_passed: list[Engine] = []


def run_once(engine: Engine) -> None:
    """As :func:`run`, and an engine that has passed in this process is not asked again."""
    if not any(engine is one for one in _passed):
        run(engine)
        _passed.append(engine)


def _equal(computed: bytes, expected: bytes) -> bool:
    return computed == expected


def _sm3_known_answer() -> bool:
    return sm3.digest(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


def _sm4_known_answer() -> bool:
    block = bytes.fromhex("0123456789abcdeffedcba9876543210")
    # One block of CBC with a zero IV is the block cipher itself.
    return sm4.cbc_encrypt(block, bytes(16), block)[:16].hex() == "681edf34d206965e86b3e94f536e4246"


def _verify(signature: bytes, engine: Engine, message: bytes = _MESSAGE) -> bool:
    sm2.verify(sm2.PublicKey(_POINT), message, signature, engine=engine)
    return True


def _decrypts(engine: Engine) -> bool:
    return sm2.decrypt(sm2.PrivateKey(_SCALAR), _CIPHERTEXT, engine=engine) == _PLAINTEXT


def _cross_check(engine: Engine) -> bool:
    reference = engines.load("gmssl")
    mine = sm2.sign(sm2.PrivateKey(_SCALAR), _MESSAGE, engine=engine)
    theirs = sm2.sign(sm2.PrivateKey(_SCALAR), _MESSAGE, engine=reference)
    return _verify(mine, reference) and _verify(theirs, engine)


def _refuses(engine: Engine) -> bool:
    try:
        _verify(_SIGNATURE, engine, b"message digesT")
    except CryptoError:
        return True
    return False
