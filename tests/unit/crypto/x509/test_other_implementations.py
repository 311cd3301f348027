"""What we issue is accepted by implementations that share nothing with ours, and what they make is read."""

import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from OpenSSL import crypto as openssl4

from idp.crypto.errors import UnsupportedAlgorithm
from idp.crypto.key_files import read_private_key
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.errors import ProofOfPossessionFailed, SignatureRefused
from idp.crypto.x509.request import CertificateRequest, create_request
from tests.unit.crypto.x509.hierarchy import Hierarchy, name

DISTID = "distid:1234567812345678"


def openssl(*arguments: str | Path) -> bytes:
    return subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True).stdout


def test_openssl_3_verifies_each_link(hierarchy: Hierarchy, tmp_path: Path) -> None:
    links = [*hierarchy.chain, hierarchy.root.certificate]
    for below, above in pairwise(links):
        (tmp_path / "below").write_text(below.to_pem())
        (tmp_path / "above").write_text(above.to_pem())
        said = openssl(
            "verify", "-x509_strict", "-vfyopt", DISTID, "-partial_chain", "-trusted", tmp_path / "above", tmp_path / "below"
        )
        assert said.endswith(b"OK\n")


def test_openssl_4_verifies_the_whole_chain_strictly(hierarchy: Hierarchy) -> None:
    as_theirs = [openssl4.X509.from_cryptography(_theirs(one)) for one in (*hierarchy.chain, hierarchy.root.certificate)]
    store = openssl4.X509Store()
    store.add_cert(as_theirs[3])
    store.set_flags(openssl4.X509StoreFlags.X509_STRICT)
    openssl4.X509StoreContext(store, as_theirs[0], as_theirs[1:3]).verify_certificate()


def test_openssl_4_refuses_the_chain_without_its_middle(hierarchy: Hierarchy) -> None:
    leaf, root = (openssl4.X509.from_cryptography(_theirs(one)) for one in (hierarchy.chain[0], hierarchy.root.certificate))
    store = openssl4.X509Store()
    store.add_cert(root)
    with pytest.raises(openssl4.X509StoreContextError):
        openssl4.X509StoreContext(store, leaf).verify_certificate()


def _theirs(certificate: Certificate) -> object:
    from cryptography.x509 import load_der_x509_certificate

    return load_der_x509_certificate(certificate.der)


def test_openssl_verifies_our_request(hierarchy: Hierarchy, tmp_path: Path) -> None:
    (tmp_path / "csr").write_text(create_request(name("新学校"), hierarchy.leaf.signer).to_pem())
    openssl("req", "-verify", "-noout", "-vfyopt", DISTID, "-in", tmp_path / "csr")


def _their_request(tmp_path: Path, *options: str, curve: str = "SM2") -> bytes:
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}", "-out", tmp_path / "key")
    return openssl(
        "req", "-new", "-key", tmp_path / "key", "-subj", "/C=CN/O=School", "-sm3" if curve == "SM2" else "-sha256", *options
    )


def test_ours_reads_the_request_of_openssl(tmp_path: Path) -> None:
    request = CertificateRequest.from_pem(_their_request(tmp_path, "-sigopt", DISTID, "-addext", "subjectAltName=DNS:a.edu.cn"))
    assert request.public_key == read_private_key((tmp_path / "key").read_bytes()).public_key
    assert str(request.subject) == "O=School,C=CN"


def test_a_request_signed_with_another_id_is_no_proof(tmp_path: Path) -> None:
    with pytest.raises(ProofOfPossessionFailed):
        CertificateRequest.from_pem(_their_request(tmp_path, "-sigopt", "distid:someone"))


def test_a_request_for_a_p256_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedAlgorithm):
        CertificateRequest.from_pem(_their_request(tmp_path, curve="P-256"))


def test_ours_verifies_a_certificate_of_openssl_with_the_standard_id_and_no_other(tmp_path: Path) -> None:
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2", "-out", tmp_path / "key")
    for identifier in ("1234567812345678", "other"):
        text = openssl(
            *("req", "-x509", "-new", "-key", tmp_path / "key", "-subj", "/C=CN/O=School", "-sm3"),
            *("-sigopt", f"distid:{identifier}"),
        )
        certificate = Certificate.from_pem(text)
        if identifier == "other":
            with pytest.raises(SignatureRefused):
                certificate.check_signed_by(certificate.public_key)
        else:
            certificate.check_signed_by(certificate.public_key)


# The national root, published by its authority: NULL parameters, SHA-1 key identifiers, no critical extension.
NATIONAL_ROOT = b"""-----BEGIN CERTIFICATE-----
MIIBszCCAVegAwIBAgIIaeL+wBcKxnswDAYIKoEcz1UBg3UFADAuMQswCQYDVQQG
EwJDTjEOMAwGA1UECgwFTlJDQUMxDzANBgNVBAMMBlJPT1RDQTAeFw0xMjA3MTQw
MzExNTlaFw00MjA3MDcwMzExNTlaMC4xCzAJBgNVBAYTAkNOMQ4wDAYDVQQKDAVO
UkNBQzEPMA0GA1UEAwwGUk9PVENBMFkwEwYHKoZIzj0CAQYIKoEcz1UBgi0DQgAE
MPCca6pmgcchsTf2UnBeL9rtp4nw+itk1Kzrmbnqo05lUwkwlWK+4OIrtFdAqnRT
V7Q9v1htkv42TsIutzd126NdMFswHwYDVR0jBBgwFoAUTDKxl9kzG8SmBcHG5Yti
W/CXdlgwDAYDVR0TBAUwAwEB/zALBgNVHQ8EBAMCAQYwHQYDVR0OBBYEFEwysZfZ
MxvEpgXBxuWLYlvwl3ZYMAwGCCqBHM9VAYN1BQADSAAwRQIgG1bSLeOXp3oB8H7b
53W+CKOPl2PknmWEq/lMhtn25HkCIQDaHDgWxWFtnCrBjH16/W3Ezn7/U/Vjo5xI
pDoiVhsLwg==
-----END CERTIFICATE-----
"""


def test_the_national_root_is_read_with_its_peculiarities() -> None:
    root = Certificate.from_pem(NATIONAL_ROOT)
    root.check_signed_by(root.public_key)
    assert str(root.subject) == "CN=ROOTCA,O=NRCAC,C=CN"
    assert root.is_authority
    assert root.tbs.encode() == root.tbs_der
