"""Our lists and answers are understood by implementations that share nothing with ours, and theirs by us."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.x509 import load_der_x509_certificate, load_der_x509_crl
from OpenSSL import crypto as openssl4

from idp.crypto import base64url
from idp.crypto.der import oids
from idp.crypto.key_files import write_private_key
from idp.crypto.sm2 import PrivateKey
from idp.crypto.x509.crl import RevocationList
from idp.crypto.x509.errors import Revoked
from idp.crypto.x509.extensions import IssuingDistributionPoint
from idp.crypto.x509.general_name import GeneralName
from idp.crypto.x509.ocsp import CertificateState, OCSPRequest, OCSPResponse
from idp.crypto.x509.ocsp.verify import check_response
from idp.crypto.x509.reasons import Reason
from idp.crypto.x509.revocation import RevocationEvidence, check_not_revoked
from tests.unit.crypto.x509.hierarchy import CRL_URI, Hierarchy, Party
from tests.unit.crypto.x509.revocations import YESTERDAY, entry, responder, response_der, revocation_list, single

DISTID = "distid:1234567812345678"
REVOKED = CertificateState(YESTERDAY, Reason.KEY_COMPROMISE)


def openssl(*arguments: str | Path, cwd: Path) -> str:
    done = subprocess.run(["openssl", *map(str, arguments)], cwd=cwd, check=True, capture_output=True, text=True)
    return done.stdout + done.stderr


def files(folder: Path, **parties: Party) -> None:
    for called, party in parties.items():
        (folder / f"{called}.crt").write_text(party.certificate.to_pem())
        scalar = base64url.decode(str(party.signer.private_jwk()["d"]))
        (folder / f"{called}.key").write_text(write_private_key(PrivateKey(scalar), None))


def lists(hierarchy: Hierarchy, *, revoked: bool) -> list[RevocationList]:
    part = IssuingDistributionPoint((GeneralName.uri(CRL_URI),))
    entries = [entry(hierarchy.leaf.certificate)] if revoked else []
    return [
        revocation_list(hierarchy.root),
        revocation_list(hierarchy.province),
        revocation_list(hierarchy.school, *entries, part=part),
    ]


@pytest.mark.parametrize("revoked", [False, True])
def test_openssl_4_checks_the_whole_chain_by_our_lists(hierarchy: Hierarchy, revoked: bool) -> None:
    chain = [
        openssl4.X509.from_cryptography(load_der_x509_certificate(one.der))
        for one in (*hierarchy.chain, hierarchy.root.certificate)
    ]
    store = openssl4.X509Store()
    store.add_cert(chain[3])
    for one in lists(hierarchy, revoked=revoked):
        store.add_crl(load_der_x509_crl(one.der))
    flags = openssl4.X509StoreFlags
    store.set_flags(flags.X509_STRICT | flags.CRL_CHECK | flags.CRL_CHECK_ALL)
    context = openssl4.X509StoreContext(store, chain[0], chain[1:3])
    if revoked:
        with pytest.raises(openssl4.X509StoreContextError, match="revoked"):
            context.verify_certificate()
    else:
        context.verify_certificate()


def test_openssl_3_prints_our_list(hierarchy: Hierarchy, tmp_path: Path) -> None:
    (tmp_path / "list.crl").write_bytes(lists(hierarchy, revoked=True)[2].der)
    text = openssl("crl", "-inform", "DER", "-in", "list.crl", "-noout", "-text", cwd=tmp_path)
    for due in ("Version 2", "CRL Number", "Key Compromise", CRL_URI, "critical", f"{hierarchy.leaf.certificate.serial_number:X}"):
        assert due in text


CONFIGURATION = """
[ca]
default_ca = school
[school]
database = index.txt
crlnumber = crlnumber
default_md = sm3
default_crl_days = 7
crl_extensions = list
[list]
authorityKeyIdentifier = keyid
"""


def test_ours_reads_and_believes_the_list_of_openssl(hierarchy: Hierarchy, tmp_path: Path) -> None:
    files(tmp_path, school=hierarchy.school)
    (tmp_path / "leaf.crt").write_text(hierarchy.leaf.certificate.to_pem())
    (tmp_path / "ca.cnf").write_text(CONFIGURATION)
    (tmp_path / "crlnumber").write_text("1F\n")
    (tmp_path / "index.txt").touch()
    ca = ("ca", "-config", "ca.cnf", "-keyfile", "school.key", "-cert", "school.crt", "-sigopt", DISTID)
    openssl(*ca, "-gencrl", "-out", "before.pem", cwd=tmp_path)
    openssl(*ca, "-revoke", "leaf.crt", "-crl_reason", "superseded", cwd=tmp_path)
    openssl(*ca, "-gencrl", "-out", "after.pem", cwd=tmp_path)
    found = [RevocationList.from_pem((tmp_path / f"{when}.pem").read_bytes()) for when in ("before", "after")]
    certificate, issuer = hierarchy.leaf.certificate, hierarchy.school.certificate
    at = found[1].contents.this_update
    check_not_revoked(certificate, issuer, RevocationEvidence([found[0]]), at)
    with pytest.raises(Revoked, match="superseded"):
        check_not_revoked(certificate, issuer, RevocationEvidence([found[1]]), at)
    assert [one.contents.number for one in found] == [0x1F, 0x20]


def test_openssl_3_understands_our_answers(hierarchy: Hierarchy, tmp_path: Path) -> None:
    files(tmp_path, school=hierarchy.school, leaf=hierarchy.leaf)
    answering = responder(hierarchy.school)
    for state, due in ((CertificateState(), "leaf.crt: good"), (REVOKED, "leaf.crt: revoked")):
        said = single(hierarchy.leaf.certificate, hierarchy.school, state, algorithm=oids.SHA1)
        (tmp_path / "answer").write_bytes(response_der(answering, said))
        ask = ("ocsp", "-issuer", "school.crt", "-cert", "leaf.crt", "-no_nonce", "-respin", "answer", "-noverify", "-resp_text")
        text = openssl(*ask, cwd=tmp_path)
        assert due in text
        assert "Response Type: Basic OCSP Response" in text


@pytest.mark.parametrize("named", ["name", "key"])
def test_ours_believes_the_answers_of_openssl(hierarchy: Hierarchy, tmp_path: Path, named: str) -> None:
    answering = responder(hierarchy.school)
    files(tmp_path, school=hierarchy.school, leaf=hierarchy.leaf, responder=answering)
    serial = f"{hierarchy.leaf.certificate.serial_number:X}"
    serial = serial if len(serial) % 2 == 0 else f"0{serial}"
    certificate, issuer = hierarchy.leaf.certificate, hierarchy.school.certificate
    openssl("ocsp", "-sha256", "-issuer", "school.crt", "-cert", "leaf.crt", "-reqout", "question", cwd=tmp_path)
    asked = OCSPRequest.from_der((tmp_path / "question").read_bytes())
    assert asked.certificates[0].is_by(issuer.subject, issuer.public_key)
    assert asked.certificates[0].serial_number == certificate.serial_number
    answer = (
        *("ocsp", "-index", "index.txt", "-CA", "school.crt", "-rsigner", "responder.crt", "-rkey", "responder.key"),
        *("-rmd", "sm3", "-rsigopt", DISTID, "-reqin", "question", "-respout", "answer", "-ndays", "1"),
        *(("-resp_key_id",) if named == "key" else ()),
    )
    for line in (
        f"V\t390101000000Z\t\t{serial}\tunknown\t/CN=x",
        f"R\t390101000000Z\t200101000000Z,superseded\t{serial}\tunknown\t/CN=x",
    ):
        (tmp_path / "index.txt").write_text(f"{line}\n")
        openssl(*answer, cwd=tmp_path)
        found = OCSPResponse.from_der((tmp_path / "answer").read_bytes())
        state = check_response(found, certificate, issuer, datetime.now(UTC), nonce=asked.nonce).state
        assert state.known
        assert state.reason == (Reason.SUPERSEDED if line.startswith("R") else None)
