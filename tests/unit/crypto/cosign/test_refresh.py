"""A refresh keeps the key and makes copies of the old shares worthless."""

from dataclasses import replace

import pytest

from idp.crypto import sm2
from idp.crypto.cosign import refresh
from idp.crypto.cosign.encoding import random_scalar
from idp.crypto.cosign.signing import answer, check_request
from idp.crypto.errors import InvalidProof, InvalidSignature
from tests.unit.crypto.cosign.conftest import MESSAGE, Ceremony


def test_the_next_shares_sign_under_the_same_key(ceremony: Ceremony) -> None:
    factor = random_scalar()
    after = refresh.refreshed(ceremony.arithmetic, ceremony.d2, ceremony.share.point, factor)
    phone, proof = ceremony.share.refresh("kid", 2, factor)
    refresh.check_taken(ceremony.arithmetic, proof, after.phone_point, "kid", 2, ceremony.share.joint)
    nonce, request = phone.request(ceremony.binding)
    proven = check_request(ceremony.arithmetic, ceremony.binding, after.phone_point, request)
    signature = phone.finish(ceremony.binding, nonce, answer(ceremony.arithmetic, after.share, proven))
    sm2.verify(sm2.PublicKey(ceremony.share.joint), MESSAGE, signature)


def test_a_copy_of_the_phones_old_share_gets_no_answer(ceremony: Ceremony) -> None:
    after = refresh.refreshed(ceremony.arithmetic, ceremony.d2, ceremony.share.point, random_scalar())
    _, request = ceremony.share.request(ceremony.binding)
    with pytest.raises(InvalidProof):
        check_request(ceremony.arithmetic, ceremony.binding, after.phone_point, request)


def test_a_copy_of_the_servers_old_share_makes_no_signature(ceremony: Ceremony) -> None:
    factor = random_scalar()
    after = refresh.refreshed(ceremony.arithmetic, ceremony.d2, ceremony.share.point, factor)
    phone, _ = ceremony.share.refresh("kid", 2, factor)
    nonce, request = phone.request(ceremony.binding)
    proven = check_request(ceremony.arithmetic, ceremony.binding, after.phone_point, request)
    with pytest.raises(InvalidSignature):
        phone.finish(ceremony.binding, nonce, answer(ceremony.arithmetic, ceremony.d2, proven))


@pytest.mark.parametrize("changed", ["kid", "generation", "joint", "share"])
def test_a_proof_of_the_next_share_is_for_one_key_and_one_generation(ceremony: Ceremony, changed: str) -> None:
    factor = random_scalar()
    after = refresh.refreshed(ceremony.arithmetic, ceremony.d2, ceremony.share.point, factor)
    _, proof = ceremony.share.refresh("kid", 2, random_scalar() if changed == "share" else factor)
    kid = "other" if changed == "kid" else "kid"
    generation = 3 if changed == "generation" else 2
    joint = replace(ceremony.binding, joint=after.phone_point).joint if changed == "joint" else ceremony.share.joint
    with pytest.raises(InvalidProof):
        refresh.check_taken(ceremony.arithmetic, proof, after.phone_point, kid, generation, joint)
