"""The names that SAML 2.0 gives to things."""

PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion"
METADATA = "urn:oasis:names:tc:SAML:2.0:metadata"
SIGNATURE = "http://www.w3.org/2000/09/xmldsig#"
ENCRYPTION = "http://www.w3.org/2001/04/xmlenc#"
ENCRYPTION_11 = "http://www.w3.org/2009/xmlenc11#"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SHIBBOLETH_METADATA = "urn:mace:shibboleth:metadata:1.0"
USER_INTERFACE = "urn:oasis:names:tc:SAML:metadata:ui"
XML_SCHEMA = "http://www.w3.org/2001/XMLSchema"
XML_SCHEMA_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
XML = "http://www.w3.org/XML/1998/namespace"

PREFIXES = {
    "samlp": PROTOCOL,
    "saml": ASSERTION,
    "md": METADATA,
    "ds": SIGNATURE,
    "xenc": ENCRYPTION,
    "soap": SOAP,
    "shibmd": SHIBBOLETH_METADATA,
    "mdui": USER_INTERFACE,
}

REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
SOAP_BINDING = "urn:oasis:names:tc:SAML:2.0:bindings:SOAP"

PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
ENTITY = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"

BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
URI_NAME = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
BASIC_NAME = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"

_STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
SUCCESS = _STATUS + "Success"
PARTIAL_LOGOUT = _STATUS + "PartialLogout"
REQUESTER = _STATUS + "Requester"
RESPONDER = _STATUS + "Responder"
AUTHN_FAILED = _STATUS + "AuthnFailed"
INVALID_NAME_ID_POLICY = _STATUS + "InvalidNameIDPolicy"
NO_AUTHN_CONTEXT = _STATUS + "NoAuthnContext"
NO_PASSIVE = _STATUS + "NoPassive"
REQUEST_DENIED = _STATUS + "RequestDenied"
REQUEST_UNSUPPORTED = _STATUS + "RequestUnsupported"
UNKNOWN_PRINCIPAL = _STATUS + "UnknownPrincipal"

_CONTEXT = "urn:oasis:names:tc:SAML:2.0:ac:classes:"
PASSWORD = _CONTEXT + "Password"
PASSWORD_PROTECTED_TRANSPORT = _CONTEXT + "PasswordProtectedTransport"
ANY_CONTEXT = _CONTEXT + "unspecified"
REFEDS_MFA = "https://refeds.org/profile/mfa"
REFEDS_SFA = "https://refeds.org/profile/sfa"

RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
EXCLUSIVE_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"


def q(name: str) -> str:
    """``saml:Issuer`` as lxml names it."""
    prefix, _, local = name.partition(":")
    return f"{{{PREFIXES[prefix]}}}{local}"
