"""Who computes SM2: gmssl in pure Python, always there, or libcrypto, constant-time and over twenty times as fast.

Room for others: whatever follows :class:`Engine` and passes the self-test. The choice is made once for the whole process, as in
a cryptographic module, because a key parsed by one engine is of no use to another.
"""

from functools import lru_cache
from pathlib import Path

from idp.crypto.engines.base import Arithmetic, Engine, EnginePrivateKey, EnginePublicKey
from idp.crypto.errors import EngineUnavailable

__all__ = ["Arithmetic", "Engine", "EnginePrivateKey", "EnginePublicKey", "current", "load", "select"]

_selected: Engine | None = None


def load(name: str, libcrypto: Path | None = None) -> Engine:
    """The engine called ``name``: ``gmssl``, ``libcrypto``, or ``auto`` for the best one that runs here.

    ``libcrypto`` names the shared library, for example Tongsuo's. Raises :class:`EngineUnavailable`.
    """
    if name == "auto":
        try:
            return _load("libcrypto", libcrypto)
        except EngineUnavailable:
            if libcrypto is not None:  # the operator named a library: falling back in silence would hide that it is not used
                raise
            return _load("gmssl", None)
    return _load(name, libcrypto)


def select(name: str, libcrypto: Path | None = None) -> Engine:
    """Makes an engine the one that this process uses from now on, and returns it. Call it once, at start."""
    global _selected
    _selected = load(name, libcrypto)
    return _selected


def current() -> Engine:
    """The selected engine; the best one that runs here where none was selected."""
    return _selected if _selected is not None else select("auto")


@lru_cache
def _load(name: str, libcrypto: Path | None) -> Engine:
    if name == "gmssl":
        from idp.crypto.engines.gmssl import GmsslEngine

        return GmsslEngine()
    if name == "libcrypto":
        from idp.crypto.engines.libcrypto.engine import LibcryptoEngine

        return LibcryptoEngine(libcrypto)
    raise EngineUnavailable(engine=name, reason="there is no such engine")
