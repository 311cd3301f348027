"""An identity provider with pysaml2: answers one request that it is given on standard input, as JSON, and prints the form."""

import json
import os
import sys
import tempfile
from pathlib import Path

from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.config import IdPConfig
from saml2.metadata import entity_descriptor
from saml2.saml import NAMEID_FORMAT_PERSISTENT, NameID
from saml2.server import Server

ENTITY = "https://idp.other.edu.cn/pysaml2"
SSO = "https://idp.other.edu.cn/sso"
IDENTITY = {"employeeNumber": ["S001"], "displayName": ["林小雨"]}


def make_server(metadata, folder):
    found = {"local": [str(folder / "sp.xml")]} if metadata else {}
    if metadata:
        (folder / "sp.xml").write_text(metadata, encoding="utf-8")
    pair = {"key_file": "key.pem", "cert_file": "cert.pem"}
    service = {
        "endpoints": {"single_sign_on_service": [(SSO, BINDING_HTTP_REDIRECT)]},
        "want_authn_requests_signed": True,
        "policy": {"default": {"lifetime": {"minutes": 15}, "attribute_restrictions": None}},
        "name_id_format": [NAMEID_FORMAT_PERSISTENT],
    }
    described = {"entityid": ENTITY, "xmlsec_binary": os.environ["XMLSEC"], "metadata": found, "service": {"idp": service}}
    signing = {
        "signing_algorithm": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        "digest_algorithm": "http://www.w3.org/2001/04/xmlenc#sha256",
    }
    return Server(config=IdPConfig().load({**described, **pair, "encryption_keypairs": [pair], **signing}))


def main():
    asked = json.load(sys.stdin)
    server = make_server(asked.get("metadata"), Path(tempfile.mkdtemp()))
    if "SAMLRequest" not in asked:
        return print(json.dumps({"metadata": str(entity_descriptor(server.config))}))
    proof = {"relay_state": asked["RelayState"], "sigalg": asked["SigAlg"], "signature": asked["Signature"]}
    request = server.parse_authn_request(asked["SAMLRequest"], BINDING_HTTP_REDIRECT, **proof)
    answer = server.create_authn_response(
        identity=IDENTITY,
        name_id=NameID(format=NAMEID_FORMAT_PERSISTENT, text="pysaml2-account-1"),
        authn={"class_ref": "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport", "authn_auth": ENTITY},
        sign_assertion=True,
        sign_response=asked["sign_response"],
        sign_alg="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        digest_alg="http://www.w3.org/2001/04/xmlenc#sha256",
        **server.response_args(request.message, [BINDING_HTTP_POST]),
    )
    applied = server.apply_binding(BINDING_HTTP_POST, str(answer), asked["destination"], asked["RelayState"], response=True)
    return print(json.dumps({"page": applied["data"]}))


main()
