"""The keys that sign tokens, certified: before they are used, until they are gone, and replaced where a certificate cannot stay."""

from collections.abc import Sequence

import pytest

from idp.certification import authorities, issuance, subjects
from idp.certification.errors import CertificateNotAcceptable, HolderNotFitting
from idp.certification.issuance import Application
from idp.certification.status import revocation
from idp.certification.tokens import keys as token_keys
from idp.certification.tokens import upkeep as token_upkeep
from idp.certification.tokens.keys import LEAVES_BEFORE, REPLACED_BEFORE
from idp.crypto.der import oids
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.extensions import ExtendedKeyUsage, SubjectAltName
from idp.crypto.x509.path import PathRules
from idp.crypto.x509.reasons import Reason
from idp.crypto.x509.token_signer import check_token_signer
from idp.keys import chains, rotation
from idp.keys.states import State, state
from tests.at_once import at_once
from tests.certificates_of_schools import DAY, Authorities
from tests.clocks import SettableClock
from tests.people import OPERATOR

SM2 = "SGD_SM3_SM2"


def certified_by(schools: Authorities, name: str = "school") -> None:
    with schools.deployment.transaction(OPERATOR) as tx:
        token_keys.set_authority(tx, authorities.by_name(tx.session, name))
    keep(schools)


def keep(schools: Authorities) -> int:
    return token_upkeep.keep(schools.deployment, schools.office)


def published(schools: Authorities) -> list[dict[str, object]]:
    schools.deployment.ring.forget()
    return schools.deployment.ring.published("sm", schools.deployment.clock.now())


def chain_of(schools: Authorities, kid: str) -> list[Certificate]:
    with schools.deployment.reading() as session:
        return [Certificate(der) for der in chains.chain_of(chains.by_id(session, kid))]


def kid_of(schools: Authorities, wanted: State) -> str:
    now = schools.deployment.clock.now()
    schools.deployment.ring.forget()
    return next(row.kid for row in schools.deployment.ring.current().rows if row.algorithm == SM2 and state(row, now) is wanted)


def end(schools: Authorities, kid: str, reason: Reason | None) -> None:
    """Revokes the certificate of a key, or puts it on hold."""
    with schools.deployment.transaction(OPERATOR) as tx:
        row = token_keys.standing(tx.session, chains.by_id(tx.session, kid), tx.now).certificate
        assert row is not None
        revocation.revoke(tx, row, reason) if reason is not None else revocation.hold(tx, row)
    keep(schools)


def test_every_published_key_is_certified_and_shows_the_chain_without_the_root(schools: Authorities) -> None:
    certified_by(schools)
    keys = published(schools)
    assert len(keys) == 2  # the one in use and the next
    root, issuer = schools.chain()[-1], schools.deployment.settings.public_url
    for key in keys:
        path = chain_of(schools, str(key["kid"]))
        assert [one.der for one in path[1:]] == [one.der for one in schools.chain()[:-1]]
        check_token_signer(path, root, issuer, PathRules(at=schools.deployment.clock.now()))
        assert path[0].extensions.get(ExtendedKeyUsage) == ExtendedKeyUsage((oids.JWT,))
    assert keep(schools) == 0
    assert all("x5c" not in key for key in schools.deployment.ring.published("intl", schools.deployment.clock.now()))


def test_twenty_servers_at_once_certify_each_key_once(schools: Authorities) -> None:
    with schools.deployment.transaction(OPERATOR) as tx:
        token_keys.set_authority(tx, authorities.by_name(tx.session, "school"))
    before = schools.named("school").issued
    at_once(lambda _: keep(schools))
    assert schools.named("school").issued == before + 2
    assert all(len(chain_of(schools, str(key["kid"]))) == 3 for key in published(schools))


def test_after_a_rotation_the_new_next_key_is_certified_before_it_is_used(here: Authorities, clock: SettableClock) -> None:
    certified_by(here)
    following = kid_of(here, State.NEXT)
    with here.deployment.transaction(OPERATOR) as tx:
        rotation.rotate(tx, here.deployment.master, SM2, publish_ahead=DAY)
    keep(here)
    assert all("x5c" in key for key in published(here))
    clock.forward(days=1, seconds=1)
    assert kid_of(here, State.ACTIVE) == following
    assert chain_of(here, following)


def test_a_key_makes_room_before_its_certificate_ends_and_the_next_has_time_left(here: Authorities, clock: SettableClock) -> None:
    certified_by(here)
    active, following = kid_of(here, State.ACTIVE), kid_of(here, State.NEXT)
    ends = chain_of(here, active)[0].tbs.not_after
    clock.moment = ends - REPLACED_BEFORE + DAY
    keep(here)
    fresh = kid_of(here, State.NEXT)
    assert fresh != following
    assert kid_of(here, State.ACTIVE) == active
    clock.moment = ends - LEAVES_BEFORE + DAY
    keep(here)
    assert keep(here) == 0  # it is on its way: not again, every half minute
    clock.forward(days=1)
    assert kid_of(here, State.ACTIVE) == fresh
    assert chain_of(here, fresh)[0].tbs.not_after > ends
    assert chain_of(here, kid_of(here, State.NEXT))


def test_keys_do_not_change_places_for_an_authority_that_ends_no_later(here: Authorities, clock: SettableClock) -> None:
    certified_by(here)
    active = kid_of(here, State.ACTIVE)
    clock.moment = here.chain()[0].tbs.not_after - 10 * DAY
    keep(here)
    clock.forward(days=1)
    keep(here)
    last = kid_of(here, State.ACTIVE)
    assert keep(here) == 0
    clock.moment = here.chain()[0].tbs.not_after + DAY
    keep(here)
    assert kid_of(here, State.ACTIVE) == last != active
    assert all("x5c" not in key for key in published(here))
    here.deployment.ring.signer(SM2, clock.now())  # tokens go on: verifiers with the key set take them


@pytest.mark.parametrize("reason", [Reason.SUPERSEDED, Reason.KEY_COMPROMISE])
def test_a_key_whose_certificate_is_revoked_makes_room(here: Authorities, clock: SettableClock, reason: Reason) -> None:
    certified_by(here)
    active, following = kid_of(here, State.ACTIVE), kid_of(here, State.NEXT)
    end(here, active, reason)
    clock.forward(days=1)
    keep(here)
    keys = {str(key["kid"]): key for key in published(here)}
    assert kid_of(here, State.ACTIVE) == following
    assert "x5c" in keys[following]
    # What is in wrong hands goes at once; the other stays as long as its tokens do, without a chain.
    assert active not in keys or (reason is Reason.SUPERSEDED and "x5c" not in keys[active])
    assert (active in {row.kid for row in here.deployment.ring.current().rows if row.withdrawn_at is not None}) == (
        reason is Reason.KEY_COMPROMISE
    )


def test_a_next_key_whose_certificate_is_revoked_is_replaced(here: Authorities) -> None:
    certified_by(here)
    following = kid_of(here, State.NEXT)
    end(here, following, Reason.CESSATION_OF_OPERATION)
    assert kid_of(here, State.NEXT) != following
    assert chain_of(here, kid_of(here, State.NEXT))


def test_on_hold_the_chain_is_not_shown_and_nothing_is_issued_in_its_place(here: Authorities) -> None:
    certified_by(here)
    active, issued = kid_of(here, State.ACTIVE), here.named("school").issued
    end(here, active, None)
    assert (kid_of(here, State.ACTIVE), chain_of(here, active)) == (active, [])
    assert here.named("school").issued == issued
    with here.deployment.transaction(OPERATOR) as tx:
        row = token_keys.standing(tx.session, chains.by_id(tx.session, active), tx.now).certificate
        assert row is not None
        revocation.release(tx, row)
    keep(here)
    assert len(chain_of(here, active)) == 3


def test_an_authority_above_that_is_revoked_takes_every_chain_with_it(here: Authorities) -> None:
    certified_by(here)
    with here.deployment.transaction(OPERATOR) as tx:
        province = issuance.by_serial(tx.session, f"{here.chain()[1].serial_number:x}")
        revocation.revoke(tx, province, Reason.CA_COMPROMISE)
    keep(here)
    assert all("x5c" not in key for key in published(here))
    with here.deployment.transaction(OPERATOR) as tx:
        rotation.rotate(tx, here.deployment.master, SM2, publish_ahead=DAY)
    assert keep(here) == 0  # it certifies nothing more


def test_another_authority_gets_the_next_key_first_and_then_the_one_in_use(here: Authorities, clock: SettableClock) -> None:
    certified_by(here)
    certified_by(here, "province")
    clock.forward(days=1)
    keep(here)
    assert [one.der for one in chain_of(here, kid_of(here, State.ACTIVE))[1:]] == [one.der for one in here.chain("province")[:-1]]
    assert keep(here) == 0


def test_whoever_leaves_shows_no_chain_and_keeps_the_keys(here: Authorities) -> None:
    certified_by(here)
    active = kid_of(here, State.ACTIVE)
    with here.deployment.transaction(OPERATOR) as tx:
        token_keys.leave_authority(tx, chains.certifiable(tx.session, tx.now, here.deployment.settings.longest_token))
    assert keep(here) == 0
    assert all("x5c" not in key for key in published(here))
    assert kid_of(here, State.ACTIVE) == active


def test_the_address_of_an_issuer_stands_in_certificates_of_issuers_only(here: Authorities) -> None:
    signer = here.deployment.ring.signer(SM2, here.deployment.clock.now())
    asked = token_keys.request(signer, "https://id.school.edu.cn")

    def issue(profile: str, holder: subjects.Holder) -> None:
        with here.deployment.transaction(OPERATOR) as tx:
            authority = authorities.by_name(tx.session, "school")
            issuance.issue(tx, here.office, authority, Application(here.office.profiles[profile], holder, asked))

    with here.deployment.reading() as session, pytest.raises(HolderNotFitting):
        subjects.issuer_of(session, "https://id.other.edu.cn", here.school)
    with here.deployment.reading() as session:
        school = subjects.institution_itself(session, here.school, "")
    with pytest.raises(HolderNotFitting):
        issue("token", school)
    addressed = subjects.Holder(school.organisation, "x", institution=school.institution, names=asked_names(asked.extensions))
    with pytest.raises(HolderNotFitting):
        issue("client", addressed)
    issue("token", addressed)


def asked_names(extensions: object) -> tuple[object, ...]:
    names = extensions.get(SubjectAltName)  # type: ignore[attr-defined]
    return tuple(names.names)


def accept(here: Authorities, chain: Sequence[Certificate], kid: str, issuer: str) -> None:
    with here.deployment.transaction(OPERATOR) as tx:
        token_keys.accept(tx, chains.by_id(tx.session, kid), chain, issuer)


def test_a_chain_by_file_is_looked_at_before_it_is_shown(here: Authorities, clock: SettableClock) -> None:
    certified_by(here)
    active, following, issuer = kid_of(here, State.ACTIVE), kid_of(here, State.NEXT), here.deployment.settings.public_url
    whole = [*chain_of(here, active), here.chain()[-1]]
    with here.deployment.transaction(OPERATOR) as tx:
        token_keys.leave_authority(tx, chains.certifiable(tx.session, tx.now, here.deployment.settings.longest_token))
    for chain, kid, address in (
        (whole, following, issuer),
        (whole, active, "https://id.other.edu.cn"),
        (whole[:-1], active, issuer),
        ([whole[0], whole[-1]], active, issuer),
        (whole[:1], active, issuer),
        ([], active, issuer),
    ):
        with pytest.raises(CertificateNotAcceptable):
            accept(here, chain, kid, address)
    accept(here, whole, active, issuer)
    assert chain_of(here, active) == whole[:-1]
    assert keep(here) == 0
    clock.moment = whole[0].tbs.not_after + DAY
    keep(here)
    assert chain_of(here, active) == []  # an end is seen there too
