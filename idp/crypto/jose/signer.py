"""Who signs tokens: software today, a device tomorrow, behind the same four names."""

from collections.abc import Mapping
from typing import Any, Protocol

from joserfc.jwk import ECKey, RSAKey

from idp.crypto import base64url, sm2
from idp.crypto.errors import InvalidKey, UnsupportedAlgorithm
from idp.crypto.jose.algorithms import SM2_ALGORITHM, algorithm
from idp.crypto.jose.jwk import thumbprint
from idp.crypto.jose.sm2_key import SM2Key

RSA_BITS = 2048


class Signer(Protocol):
    """A private key in use: it signs, and tells its public half."""

    kid: str
    alg: str

    def sign(self, signing_input: bytes) -> bytes:
        """The signature over ``signing_input`` in the form that JOSE gives it."""
        ...

    def public_jwk(self) -> dict[str, object]:
        """The public half, with ``kid``, ``alg`` and ``use``."""
        ...


class SoftwareSigner:
    """A key held in memory. Its representation shows nothing of it."""

    def __init__(self, alg: str, key: Any) -> None:
        """``key`` is an :class:`SM2Key` or joserfc's key with its private half. Raises :class:`InvalidKey`."""
        if key.private_key is None:
            raise InvalidKey
        self.alg = alg
        self._key = key
        self._model = algorithm(alg)
        self._model.check_key(key)
        self._public = dict(key.public_jwk() if isinstance(key, SM2Key) else key.as_dict(private=False))
        # RFC 7638; on the SM side by SM3, so that nothing there rests on SHA-256.
        self.kid = thumbprint(self._public, "sm3" if alg == SM2_ALGORITHM else "sha256")
        self._public |= {"kid": self.kid, "alg": alg, "use": "sig"}

    @classmethod
    def from_private_jwk(cls, jwk: Mapping[str, Any]) -> "SoftwareSigner":
        """Reads what :meth:`private_jwk` wrote."""
        alg = str(jwk.get("alg"))
        if alg == SM2_ALGORITHM:
            return cls(alg, SM2Key.from_jwk(jwk))
        return cls(alg, (ECKey if jwk.get("kty") == "EC" else RSAKey).import_key(dict(jwk)))

    def sign(self, signing_input: bytes) -> bytes:
        """The signature over ``signing_input``."""
        signature: bytes = self._model.sign(signing_input, self._key)
        return signature

    def public_jwk(self) -> dict[str, object]:
        """The public half."""
        return dict(self._public)

    def private_jwk(self) -> dict[str, object]:
        """Both halves, for sealing at rest and nothing else."""
        if isinstance(self._key, SM2Key):
            assert self._key.private_key is not None  # noqa: S101 - checked at construction
            return self._public | {"d": base64url.encode(self._key.private_key.scalar)}
        return {**self._key.as_dict(private=True), **self._public}

    def __repr__(self) -> str:
        return f"SoftwareSigner({self.alg}, {self.kid})"


def generate_signer(alg: str) -> SoftwareSigner:
    """A fresh key for ``alg``: SGD_SM3_SM2, RS256, PS256 or ES256. Raises :class:`UnsupportedAlgorithm`."""
    if alg == SM2_ALGORITHM:
        private = sm2.PrivateKey.generate()
        return SoftwareSigner(alg, SM2Key(private.public_key, private))
    if alg in ("RS256", "PS256"):
        return SoftwareSigner(alg, RSAKey.generate_key(RSA_BITS))
    if alg == "ES256":
        return SoftwareSigner(alg, ECKey.generate_key("P-256"))
    raise UnsupportedAlgorithm(algorithm=alg[:32])
