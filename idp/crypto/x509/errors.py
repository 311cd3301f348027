"""What can be wrong with a certificate, a request, a list or a path. One class for each thing a caller may want to tell apart."""

from idp.crypto.errors import CryptoError
from idp.i18n import N_


class X509Error(CryptoError):
    """The family of this room."""

    code = "x509"


# --- What is written in a certificate or a request --------------------------------------------------------------------


class UnsupportedVersion(X509Error):
    """Not X.509 version 3 (a CRL: version 2)."""

    code = "x509.unsupported_version"
    default_message = N_("Only X.509 certificates of version 3 and lists of version 2 are accepted.")


class InvalidSerialNumber(X509Error):
    """Zero, negative, or longer than twenty bytes."""

    code = "x509.invalid_serial_number"
    default_message = N_("The serial number must be positive and at most 20 bytes long.")


class AlgorithmMismatch(X509Error):
    """The algorithm inside what is signed is not the one beside the signature."""

    code = "x509.algorithm_mismatch"
    default_message = N_("The signature algorithm inside and outside of what is signed differ.")


class InvalidName(X509Error):
    """A name that is empty, has a control character or a direction mark in it, or a value that its kind does not allow."""

    code = "x509.invalid_name"
    default_message = N_("The name is not allowed: it is empty, or has characters in it that nobody can see.")


class InvalidValidity(X509Error):
    """It ends before it begins."""

    code = "x509.invalid_validity"
    default_message = N_("The validity ends before it begins.")


class DuplicateExtension(X509Error):
    """The same extension stands twice."""

    code = "x509.duplicate_extension"
    default_message = N_("The extension %(extension)s stands twice.")


class InvalidExtension(X509Error):
    """An extension that contradicts itself, another one, or its standard."""

    code = "x509.invalid_extension"
    default_message = N_("The extension %(extension)s is not valid.")


class ProofOfPossessionFailed(X509Error):
    """The request is not signed by the key it asks a certificate for."""

    code = "x509.proof_of_possession_failed"
    default_message = N_(
        "The request is not signed by the key that it names. An SM2 request must be signed with the ID 1234567812345678."
    )


class RequestRefused(X509Error):
    """The lints found something. ``findings`` says what, each with its clause."""

    code = "x509.request_refused"
    default_message = N_("This cannot be certified: %(findings)s")


# --- The path -----------------------------------------------------------------------------------------------------------


class PathError(X509Error):
    """The path does not hold. ``detail`` names the certificate in it."""

    code = "x509.path"
    default_message = N_("The certificate could not be verified.")


class UnknownIssuer(PathError):
    """No certificate at hand issued it, or the path ends at nobody we trust."""

    code = "x509.unknown_issuer"
    default_message = N_("The certificate does not lead to an authority that is trusted here.")


class NotYetValid(PathError):
    """Its validity has not begun."""

    code = "x509.not_yet_valid"
    default_message = N_("The certificate is not valid yet.")


class Expired(PathError):
    """Its validity has ended."""

    code = "x509.expired"
    default_message = N_("The certificate has expired.")


class SignatureRefused(PathError):
    """Its signature is not by its issuer."""

    code = "x509.signature_refused"
    default_message = N_(
        "The certificate is not signed by its issuer. An SM2 certificate must be signed with the ID 1234567812345678; "
        "openssl before version 4 does so only with -sigopt distid:1234567812345678."
    )


class NotAnAuthority(PathError):
    """Its issuer may not issue certificates."""

    code = "x509.not_an_authority"
    default_message = N_("The certificate was issued by one that is no authority.")


class PathTooLong(PathError):
    """More authorities follow than the path length allows."""

    code = "x509.path_too_long"
    default_message = N_("There are more authorities on the way than one of them allows.")


class NameNotPermitted(PathError):
    """A name outside the name constraints of an authority above."""

    code = "x509.name_not_permitted"
    default_message = N_("The certificate has a name that its authority may not certify.")


class PolicyNotSatisfied(PathError):
    """No policy holds over the whole path, and one is required."""

    code = "x509.policy_not_satisfied"
    default_message = N_("The certificate was not issued under a policy that is required here.")


class WrongUsage(PathError):
    """The key usage or the extended key usage does not allow what it is used for."""

    code = "x509.wrong_usage"
    default_message = N_("The certificate may not be used for this.")


class IssuerMismatch(PathError):
    """A certificate for signing tokens that is about another issuer of tokens."""

    code = "x509.issuer_mismatch"
    default_message = N_("The certificate is of another issuer of tokens.")


class UnknownCriticalExtension(PathError):
    """A critical extension that is not processed here."""

    code = "x509.unknown_critical_extension"
    default_message = N_("The certificate has a critical extension that is not known here: %(extension)s.")


class Revoked(PathError):
    """A certificate on the path has been revoked. ``reason`` is the word of RFC 5280 §5.3.1, ``at`` the moment."""

    code = "x509.revoked"
    default_message = N_("The certificate was revoked at %(at)s (%(reason)s).")


class RevocationUnknown(PathError):
    """Nothing that is fresh and signed says whether a certificate on the path has been revoked."""

    code = "x509.revocation_unknown"
    default_message = N_("Whether the certificate has been revoked could not be found out.")


# --- Lists and answers about revocation ---------------------------------------------------------------------------------


class InvalidRevocationList(X509Error):
    """A list that contradicts itself or RFC 5280 §5. ``detail`` says how."""

    code = "x509.invalid_revocation_list"
    default_message = N_("The list of revoked certificates is not valid.")


class InvalidOCSPRequest(X509Error):
    """A request that RFC 6960 §4.1 or our limits do not allow."""

    code = "x509.invalid_ocsp_request"
    default_message = N_("The question about the state of a certificate is not valid.")


class InvalidOCSPResponse(X509Error):
    """An answer that RFC 6960 §3.2 or §4.2 does not allow. ``detail`` says why."""

    code = "x509.invalid_ocsp_response"
    default_message = N_("The answer about the state of a certificate is not valid.")


# --- Time-stamps --------------------------------------------------------------------------------------------------------


class UnsupportedTimeStampVersion(X509Error):
    """A question of another version than 1."""

    code = "x509.unsupported_timestamp_version"
    default_message = N_("Questions for a time-stamp are read in version 1 only.")


class UnknownTimeStampExtension(X509Error):
    """A question with an extension, of which we know none (RFC 3161 §2.4.1)."""

    code = "x509.unknown_timestamp_extension"
    default_message = N_("The question for a time-stamp has an extension that is not known here.")


class InvalidTimeStamp(X509Error):
    """A token or an answer that RFC 3161 §2.4.2 does not allow, or that is about something else. ``detail`` says why."""

    code = "x509.invalid_timestamp"
    default_message = N_("The time-stamp is not valid.")
