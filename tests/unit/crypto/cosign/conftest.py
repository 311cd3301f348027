"""A key made together, and a request for it."""

from dataclasses import dataclass

import pytest

from idp.crypto import engines
from idp.crypto.cosign.signing import Binding, ProvenRequest, Request, check_request
from idp.crypto.engines import Arithmetic, Engine
from tests.cosigning.share import Share, make_key

MESSAGE = "YIMA-COSIGN-LOGIN-1\n登录选课系统".encode()


@pytest.fixture
def engine() -> Engine:
    """What an attack comes to does not depend on the engine; that both compute the same has tests of its own."""
    return engines.load("libcrypto")


@dataclass
class Ceremony:
    """One transaction between a phone and a server."""

    arithmetic: Arithmetic
    share: Share
    d2: bytes
    binding: Binding

    def check(self, request: Request, binding: Binding | None = None) -> ProvenRequest:
        return check_request(self.arithmetic, binding or self.binding, self.share.point, request)


@pytest.fixture
def ceremony(engine: Engine) -> Ceremony:
    share, offer = make_key(engine.arithmetic)
    return Ceremony(engine.arithmetic, share, offer.share, Binding("kid", "transaction-1", "42", MESSAGE, share.joint))
