"""Double certificates: two keys of one holder, the second kept, handed over sealed, recovered by two."""

import pytest
from sqlalchemy import func, select

from idp.audit.tables import AuditEvent
from idp.certification import authorities, double, subjects
from idp.certification.ceremony import Ceremony
from idp.certification.double import Pair
from idp.certification.errors import HolderNotFitting, NotEscrowed, RecipientNotFitting, TwoOperatorsNeeded
from idp.certification.status import revocation
from idp.certification.tables import EscrowedKey, IssuedCertificate
from idp.crypto import base64url, sm2
from idp.crypto.errors import DecryptionFailed
from idp.crypto.jose.signer import SoftwareSigner, generate_signer
from idp.crypto.key_files.enveloped_key import open_enveloped
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.errors import RequestRefused
from idp.crypto.x509.extensions import KeyUsage
from idp.crypto.x509.extensions import usage as bits
from idp.crypto.x509.name import Name
from idp.crypto.x509.request import create_request
from tests.certificates_of_schools import Authorities
from tests.clocks import SettableClock
from tests.people import OPERATOR

TWO = Ceremony(("张三", "李四"))


def issued(here: Authorities, signer: SoftwareSigner, profile: str = "person-sign") -> Pair:
    with here.deployment.transaction(OPERATOR) as tx:
        holder = subjects.person_at(tx.session, here.teacher.number, here.school, tx.now.date())
        request = create_request(Name.of(("CN", "x")), signer)
        above = authorities.by_name(tx.session, "school")
        return double.issue_pair(tx, here.office, above, here.office.profiles[profile], holder, request)


def recovered(here: Authorities, row: IssuedCertificate, to: IssuedCertificate, by: Ceremony = TWO) -> bytes:
    with here.deployment.transaction(OPERATOR) as tx:
        return double.recover(tx, here.office, row, to, "钥匙丢失", by)


def private(signer: SoftwareSigner) -> sm2.PrivateKey:
    return sm2.PrivateKey(base64url.decode(str(signer.private_jwk()["d"])))


def test_the_holder_opens_the_encryption_key_with_the_signing_key(here: Authorities) -> None:
    signer = generate_signer("SGD_SM3_SM2")
    pair = issued(here, signer)
    signing, encryption = Certificate(pair.signing.der), Certificate(pair.encryption.der)
    assert open_enveloped(pair.envelope, private(signer)).public_key == encryption.public_key
    assert signing.public_key != encryption.public_key
    assert signing.subject == encryption.subject
    assert encryption.extensions.get(KeyUsage) == KeyUsage.of(bits.KEY_ENCIPHERMENT, bits.DATA_ENCIPHERMENT, bits.KEY_AGREEMENT)


def test_two_operators_recover_it_for_a_new_signing_key_and_the_journal_says_why(here: Authorities) -> None:
    pair, signer = issued(here, generate_signer("SGD_SM3_SM2")), generate_signer("SGD_SM3_SM2")
    new = here.issue(create_request(Name.of(("CN", "x")), signer))
    opened = open_enveloped(recovered(here, pair.encryption, new), private(signer))
    assert opened.public_key == Certificate(pair.encryption.der).public_key
    with here.deployment.reading() as session:
        event = session.scalars(select(AuditEvent).where(AuditEvent.action == "certification.key.recovered")).one()
    assert event.detail == {"operators": ["张三", "李四"], "reason": "钥匙丢失", "recipient": new.serial}


def test_nobody_recovers_alone_or_what_is_not_kept_or_for_what_is_not_good(here: Authorities, clock: SettableClock) -> None:
    pair = issued(here, generate_signer("SGD_SM3_SM2"))
    revoked = here.issue()
    with here.deployment.transaction(OPERATOR) as tx:
        revocation.hold(tx, revoked)
    with pytest.raises(TwoOperatorsNeeded):
        recovered(here, pair.encryption, pair.signing, Ceremony(("张三",)))
    with pytest.raises(NotEscrowed):
        recovered(here, pair.signing, pair.signing)
    for recipient in (revoked, pair.encryption):
        with pytest.raises(RecipientNotFitting):
            recovered(here, pair.encryption, recipient)
    clock.forward(days=731)
    with pytest.raises(RecipientNotFitting):
        recovered(here, pair.encryption, pair.signing)


def test_a_pair_is_issued_whole_or_not_at_all(here: Authorities) -> None:
    signer = generate_signer("SGD_SM3_SM2")
    issued(here, signer)
    with pytest.raises(RequestRefused):
        issued(here, signer)
    with pytest.raises(HolderNotFitting):
        issued(here, generate_signer("SGD_SM3_SM2"), "timestamp")
    with here.deployment.reading() as session:
        assert session.scalar(select(func.count()).select_from(EscrowedKey)) == 1


def test_the_kept_key_is_sealed_for_its_certificate(here: Authorities) -> None:
    first, second = (issued(here, generate_signer("SGD_SM3_SM2")) for _ in range(2))
    with here.deployment.transaction(OPERATOR) as tx:
        kept = [tx.session.get_one(EscrowedKey, pair.encryption.id) for pair in (first, second)]
        assert '"d"' not in kept[0].sealed
        kept[0].sealed = kept[1].sealed
    with pytest.raises(DecryptionFailed):
        recovered(here, first.encryption, first.signing)
