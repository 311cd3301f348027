"""Mutual recognition: one verifier that holds the ministry's root takes the tokens of two schools, each at an installation of its own.

The second school's authority was certified by files, with two operators on each side.
"""

import base64
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from OpenSSL import crypto

from examples.relying_app import sm2_chain, sm2_token
from idp.certification import authorities, ceremony, issuance
from idp.certification.ceremony import Ceremony
from idp.certification.office import Office, office_of
from idp.certification.status import lists, revocation
from idp.certification.subjects import Holder
from idp.certification.tokens import keys as token_keys
from idp.certification.tokens import upkeep as token_upkeep
from idp.crypto.der import oids
from idp.crypto.jose import generate_signer, jwt
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.extensions import BasicConstraints, ExtendedKeyUsage, KeyUsage, NameConstraints, SubjectAltName
from idp.crypto.x509.extensions import usage as bits
from idp.crypto.x509.general_name import URI, GeneralName
from idp.crypto.x509.path import PathRules
from idp.crypto.x509.reasons import Reason
from idp.crypto.x509.request import CertificateRequest
from idp.crypto.x509.signing import signed
from idp.crypto.x509.token_signer import check_token_signer
from idp.deployment import Deployment, open_deployment
from idp.errors import YimaError
from idp.keys import chains, rotation
from idp.settings import Settings
from tests.clocks import SettableClock
from tests.people import OPERATOR
from tests.unit.crypto.x509.hierarchy import Party, authority, contents, leaf, name

SM2 = "SGD_SM3_SM2"
PEOPLE = ("张三", "李四")
FIRST, SECOND = "https://id.first.edu.cn", "https://id.second.edu.cn"
EXPECTED = {"client_id": "app_1", "nonce": "n"}


@dataclass(frozen=True)
class School:
    """One installation, as apps see it."""

    deployment: Deployment
    office: Office
    issuer: str

    @property
    def keys(self) -> list[dict[str, object]]:
        self.deployment.ring.forget()
        return self.deployment.ring.published("sm", self.deployment.clock.now())

    def token(self, **changes: object) -> str:
        now = int(datetime.now(UTC).timestamp())
        said = {"iss": self.issuer, "aud": "app_1", "nonce": "n", "sub": "x", "iat": now, "exp": now + 300, **changes}
        return jwt.encode(said, self.deployment.ring.signer(SM2, self.deployment.clock.now()))

    def certified(self, name: str) -> "School":
        with self.deployment.transaction(OPERATOR) as tx:
            token_keys.set_authority(tx, authorities.by_name(tx.session, name))
        token_upkeep.keep(self.deployment, self.office)
        return self

    def list_of(self, name: str) -> bytes:
        """What ``/ca/NAME.crl`` gives."""
        with self.deployment.transaction(OPERATOR) as tx:
            row = authorities.by_name(tx.session, name)
            lists.publish(tx, self.office, row)
            return lists.newest(tx.session, row).der


def opened(template: Path, home: Path, issuer: str) -> School:
    shutil.copytree(template, home)
    clock = SettableClock()
    clock.moment = datetime.now(UTC).replace(microsecond=0)
    deployment = open_deployment(Settings(home=home, public_url=issuer), clock)
    with deployment.transaction(OPERATOR) as tx:  # the template's keys are everybody's
        for _ in range(2):
            for key in chains.certifiable(tx.session, tx.now, deployment.settings.longest_token):
                if key.activated_at is not None:
                    rotation.retire(tx, deployment.master, key.kid)
    deployment.ring.forget()
    return School(deployment, office_of(deployment.settings, deployment.ring.authority_vault), issuer)


@dataclass(frozen=True)
class Country:
    """The ministry and the province are where the first school is."""

    first: School
    second: School

    @property
    def root(self) -> str:
        with self.first.deployment.reading() as session:
            return authorities.chain_of(authorities.by_name(session, "ministry"))[0].to_pem()

    @property
    def lists(self) -> list[bytes]:
        return [*(self.first.list_of(name) for name in ("ministry", "province", "first")), self.second.list_of("second")]


@pytest.fixture(scope="session")
def founded(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both installations, made once."""
    folder = tmp_path_factory.mktemp("country")
    first, second = opened(sqlite_template, folder / "first", FIRST), opened(sqlite_template, folder / "second", SECOND)
    with first.deployment.transaction(OPERATOR) as tx:
        root = ceremony.found_root(tx, first.office, "ministry", Holder("教育部", "教育部根证书认证"))
        province = ceremony.found_below(tx, first.office, root, "province", Holder("省教育厅", "省教育厅证书认证"))
        ceremony.found_below(tx, first.office, province, "first", Holder("第一中学", "第一中学证书认证"))
    with second.deployment.transaction(OPERATOR) as tx:
        asked = ceremony.request(tx, second.office, "second", Holder("第二中学", "第二中学证书认证")).request
    with first.deployment.transaction(OPERATOR) as tx:
        above = authorities.by_name(tx.session, "province")
        row = ceremony.sign(tx, first.office, above, CertificateRequest.from_pem(asked), Ceremony(PEOPLE))
        brought = "".join(one.to_pem() for one in (Certificate(row.der), *authorities.chain_of(above)))
    with second.deployment.transaction(OPERATOR) as tx:
        ceremony.accept(tx, second.office, "second", brought, Ceremony(("王五", "赵六")))
    for school, called in ((first, "first"), (second, "second")):
        school.certified(called).deployment.close()
    return folder


@pytest.fixture
def country(founded: Path, tmp_path: Path) -> Iterator[Country]:
    both = []
    for called, issuer in (("first", FIRST), ("second", SECOND)):
        shutil.copytree(founded / called, tmp_path / called)
        clock = SettableClock()
        clock.moment = datetime.now(UTC).replace(microsecond=0)
        deployment = open_deployment(Settings(home=tmp_path / called, public_url=issuer), clock)
        both.append(School(deployment, office_of(deployment.settings, deployment.ring.authority_vault), issuer))
    yield Country(*both)
    for one in both:
        one.deployment.close()


def refused(token: str, keys: list[dict[str, Any]], reason: str, **given: Any) -> None:
    with pytest.raises(sm2_token.InvalidToken, match=reason):
        sm2_chain.verify(token, keys, **EXPECTED, **given)


def test_one_root_is_enough_for_the_tokens_of_both_schools(country: Country) -> None:
    assert {str(key["kid"]) for key in country.first.keys}.isdisjoint(str(key["kid"]) for key in country.second.keys)
    for school in (country.first, country.second):
        for current in ((), country.lists):
            found = sm2_chain.verify(school.token(), school.keys, root=country.root, lists=current, **EXPECTED)
            assert found["iss"] == school.issuer


def test_openssl_verifies_the_same_chains_strictly_and_by_lists(country: Country) -> None:
    def loaded(der: bytes) -> crypto.X509:
        return crypto.load_certificate(crypto.FILETYPE_ASN1, der)

    store = crypto.X509Store()
    store.add_cert(crypto.load_certificate(crypto.FILETYPE_PEM, country.root.encode()))
    store.set_flags(crypto.X509StoreFlags.X509_STRICT)
    for school in (country.first, country.second):
        for key in school.keys:
            leaf_, *others = [base64.b64decode(one) for one in key["x5c"]]  # type: ignore[attr-defined]
            crypto.X509StoreContext(store, loaded(leaf_), [loaded(one) for one in others]).verify_certificate()
            with pytest.raises(crypto.X509StoreContextError):
                crypto.X509StoreContext(store, loaded(leaf_), [loaded(one) for one in others[1:]]).verify_certificate()


def test_a_token_of_one_school_in_the_name_of_another_is_refused(country: Country) -> None:
    forged = country.first.token(iss=SECOND)
    refused(forged, country.first.keys, "another issuer", root=country.root)
    refused(country.first.token(iss="https://id.third.edu.cn"), country.first.keys, "another issuer", root=country.root)
    # The chain of another installation at one's own key.
    stolen = [{**ours, "x5c": theirs["x5c"]} for ours, theirs in zip(country.first.keys, country.second.keys, strict=True)]
    refused(forged, stolen, "another key", root=country.root)
    refused(country.first.token(), stolen, "another issuer", root=country.root)
    refused(country.first.token(), country.second.keys, "unknown key", root=country.root)


def test_a_root_that_only_has_the_same_name_is_refused(country: Country, tmp_path: Path, sqlite_template: Path) -> None:
    other = opened(sqlite_template, tmp_path / "other", FIRST)
    with other.deployment.transaction(OPERATOR) as tx:
        root = ceremony.found_root(tx, other.office, "ministry", Holder("教育部", "教育部根证书认证"))
        pem = authorities.chain_of(root)[0].to_pem()
    refused(country.first.token(), country.first.keys, "signature", root=pem)
    province = Certificate(base64.b64decode(country.first.keys[0]["x5c"][2])).to_pem()  # type: ignore[index]
    assert sm2_chain.check_key(country.first.keys[0], FIRST, root=province) is None  # whoever trusts less than the root may
    refused(country.first.token(), [{**key, "x5c": []} for key in country.first.keys], "certificates", root=country.root)
    refused(country.first.token(), [{**key, "x5c": None} for key in country.first.keys], "certificates", root=country.root)
    bare = [{name: value for name, value in key.items() if name != "x5c"} for key in country.first.keys]
    refused(country.first.token(), bare, "malformed", root=country.root)
    short = [{**key, "x5c": key["x5c"][:1]} for key in country.first.keys]  # type: ignore[index]
    refused(country.first.token(), short, "lead to the root", root=country.root)


def test_what_has_ended_and_what_has_not_begun_is_refused(country: Country) -> None:
    key = country.second.keys[0]
    for moment in (datetime.now(UTC) + timedelta(days=731), datetime.now(UTC) - timedelta(hours=3)):
        with pytest.raises(sm2_token.InvalidToken, match="expired, or is not valid yet"):
            sm2_chain.check_key(key, SECOND, root=country.root, now=moment)
    refused(country.first.token(exp=1), country.first.keys, "expired", root=country.root)


def test_what_was_revoked_is_refused_by_whoever_has_the_lists(country: Country) -> None:
    before = country.second.keys
    token, by_list = country.second.token(), country.lists
    active = next(one for one in before if sm2_chain.verify(token, [one], root=country.root, **EXPECTED)["iss"] == SECOND)
    with country.second.deployment.transaction(OPERATOR) as tx:
        row = token_keys.standing(tx.session, chains.by_id(tx.session, str(active["kid"])), tx.now).certificate
        assert row is not None
        revocation.revoke(tx, row, Reason.SUPERSEDED)
    refused(token, before, "revoked", root=country.root, lists=country.lists)
    sm2_chain.verify(token, before, root=country.root, lists=by_list, **EXPECTED)  # those of a minute ago
    refused(token, before, "no current list", root=country.root, lists=country.lists[:-1])
    with country.first.deployment.transaction(OPERATOR) as tx:  # the authority of the second school, by the province
        school = Certificate(base64.b64decode(active["x5c"][1]))  # type: ignore[index]
        revocation.revoke(tx, issuance.by_serial(tx.session, f"{school.serial_number:x}"), Reason.CA_COMPROMISE)
    refused(token, before, "revoked", root=country.root, lists=[*country.lists[:-1], by_list[-1]])
    later = datetime.now(UTC) + timedelta(days=8)
    with pytest.raises(sm2_token.InvalidToken, match="no current list"):
        sm2_chain.check_key(country.first.keys[0], FIRST, root=country.root, lists=by_list, now=later)


BOTH_USAGES = KeyUsage.of(bits.KEY_CERT_SIGN, bits.DIGITAL_SIGNATURE)
TOKENS = (
    (KeyUsage.of(bits.DIGITAL_SIGNATURE), True),
    (ExtendedKeyUsage((oids.JWT,)), False),
    (SubjectAltName((GeneralName.uri(FIRST),)), False),
)


def jwk_of(party: Party, *above: Party) -> dict[str, object]:
    return {
        **party.signer.public_jwk(),
        "x5c": [base64.b64encode(one.certificate.der).decode() for one in (party, *above)],
    }


def judged(party: Party, *above: Party, root: Party) -> str:
    """What the verifier says, and that ours says no too where it does."""
    path = [one.certificate for one in (party, *above)]
    try:
        check_token_signer(path, root.certificate, FIRST, PathRules(at=datetime.now(UTC)))
        ours = True
    except YimaError:
        ours = False
    try:
        sm2_chain.check_key(jwk_of(party, *above), FIRST, root=root.certificate.to_pem())
    except sm2_token.InvalidToken as error:
        assert not ours
        return str(error)
    assert ours
    return ""


def test_each_rule_of_the_path_holds_as_ours_does() -> None:
    root = authority("教育部根", None, None)
    province = authority("省", root, 1)
    school = authority("学校", province, 0)
    assert judged(leaf(school, *TOKENS), school, province, root=root) == ""
    assert judged(leaf(root, *TOKENS), root=root) == ""
    assert "lead to the root" in judged(leaf(school, *TOKENS), province, school, root=root)
    narrow = authority("一级", root, 0)
    below = careless("二级", narrow, (BasicConstraints(True, 0), True), (KeyUsage.of(bits.KEY_CERT_SIGN), True))
    assert "more authorities" in judged(leaf(below, *TOKENS), below, narrow, root=root)
    usage, purpose, names = TOKENS
    assert "for tokens" in judged(leaf(root, usage, names), root=root)
    assert "for tokens" in judged(leaf(root, usage, (ExtendedKeyUsage((oids.CLIENT_AUTH,)), False), names), root=root)
    assert "for signing" in judged(leaf(root, (KeyUsage.of(bits.KEY_AGREEMENT), True), purpose, names), root=root)
    for other in (
        (GeneralName.uri(SECOND),),
        (GeneralName.uri(FIRST), GeneralName.uri(SECOND)),
        (GeneralName.dns("id.first.edu.cn"),),
        (GeneralName.uri(FIRST), GeneralName.dns("id.first.edu.cn")),
    ):
        assert "another issuer" in judged(leaf(root, usage, purpose, (SubjectAltName(other), False)), root=root)
    teacher = leaf(root)
    assert "no authority" in judged(careless("学生", teacher, *TOKENS), teacher, root=root)
    with_ca = careless("学校", root, *TOKENS[1:], (BasicConstraints(True, 0), True), (BOTH_USAGES, True))
    with pytest.raises(sm2_token.InvalidToken, match="for signing"):  # an authority's key signs no tokens: stricter than §6.1
        sm2_chain.check_key(jwk_of(with_ca), FIRST, root=root.certificate.to_pem())
    fenced = authority("围", root, 0, (NameConstraints(permitted=(GeneralName(URI, "other.edu.cn"),)), True))
    assert "not understood" in judged(leaf(fenced, *TOKENS), fenced, root=root)
    odd = careless("怪", root, *TOKENS, (Unknown(), True))
    assert "not understood" in judged(odd, root=root)


def careless(common: str, above: Party, *more: tuple[Any, bool]) -> Party:
    """What no lint would let through."""
    signer = generate_signer(SM2)
    return Party(Certificate(signed(contents(name(common), signer, above, *more).encode(), above.signer)), signer)


class Unknown:
    """An extension that nobody knows."""

    oid = "1.2.156.99999.7"

    def encode(self) -> bytes:
        return b"\x05\x00"


def test_no_mutation_of_a_chain_is_accepted_and_none_raises_anything_else() -> None:
    root = authority("教育部根", None, None)
    school = authority("学校", root, 0)
    good = jwk_of(leaf(school, *TOKENS), school)
    trusted, source = root.certificate.to_pem(), random.Random(11)
    for _ in range(400):
        chain = [bytearray(base64.b64decode(one)) for one in good["x5c"]]  # type: ignore[attr-defined]
        spoilt = source.choice(chain)
        at = source.randrange(len(spoilt))
        match source.randrange(4):
            case 0:
                spoilt[at] ^= 1 << source.randrange(8)
            case 1:
                del spoilt[at]
            case 2:
                spoilt.insert(at, source.randrange(256))
            case _:
                del spoilt[at:]
        with pytest.raises(sm2_token.InvalidToken):
            sm2_chain.check_key({**good, "x5c": [base64.b64encode(one).decode() for one in chain]}, FIRST, root=trusted)
