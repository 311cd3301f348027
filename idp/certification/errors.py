"""What can go wrong when certificates are issued and revoked."""

from idp.errors import YimaError
from idp.i18n import N_


class CertificationError(YimaError):
    """The family of this room."""

    code = "certification"


class InvalidProfile(CertificationError):
    """A profile file that cannot be followed. ``reason`` says what is wrong in it."""

    code = "certification.invalid_profile"
    default_message = N_("The certificate profile %(profile)s is not valid: %(reason)s")


class NoSuchProfile(CertificationError):
    """There is no profile of this name."""

    code = "certification.no_profile"
    default_message = N_("There is no certificate profile %(profile)s.")


class NoSuchAuthority(CertificationError):
    """There is no authority of this name."""

    code = "certification.no_authority"
    default_message = N_("There is no authority %(name)s.")


class AuthorityExists(CertificationError):
    """The name is taken."""

    code = "certification.authority_exists"
    default_message = N_("There is an authority %(name)s already.")


class InvalidAuthorityName(CertificationError):
    """Not a name that can stand in an address."""

    code = "certification.authority_name"
    default_message = N_("The name of an authority is 1 to 40 small letters, digits and hyphens.")


class AuthorityWaits(CertificationError):
    """The authority has no certificate yet."""

    code = "certification.authority_waits"
    default_message = N_("The authority %(name)s has no certificate yet: let the authority above sign its request, then accept it.")


class AuthorityComplete(CertificationError):
    """The authority has its certificate already."""

    code = "certification.authority_complete"
    default_message = N_("The authority %(name)s has its certificate already.")


class CertificateNotAcceptable(CertificationError):
    """The file is not the certificate that was asked for."""

    code = "certification.not_acceptable"
    default_message = N_("This certificate cannot be accepted: %(reason)s")


class TwoOperatorsNeeded(CertificationError):
    """A ceremony needs two people."""

    code = "certification.two_operators"
    default_message = N_("A ceremony needs two different operators, both named.")


class HolderNotFitting(CertificationError):
    """The profile is for another kind of holder, or the holder may not have a certificate here."""

    code = "certification.holder"
    default_message = N_("This certificate cannot be issued: %(reason)s")


class KeyKnown(CertificationError):
    """The key has a certificate already."""

    code = "certification.key_known"
    default_message = N_("This key has a certificate already. Each certificate needs a key of its own.")


class NoSuchCertificate(CertificationError):
    """No certificate has this number."""

    code = "certification.no_certificate"
    default_message = N_("There is no certificate %(serial)s.")


class AlreadyRevoked(CertificationError):
    """The certificate is revoked, and that is final."""

    code = "certification.already_revoked"
    default_message = N_("The certificate %(serial)s is revoked already.")


class NotOnHold(CertificationError):
    """The certificate is not on hold."""

    code = "certification.not_on_hold"
    default_message = N_("The certificate %(serial)s is not on hold.")


class ReasonNotAllowed(CertificationError):
    """The reason, or its date, makes no sense here."""

    code = "certification.reason"
    default_message = N_("This certificate cannot be revoked like that: %(reason)s")


class NotEscrowed(CertificationError):
    """The private key of this certificate is not with us."""

    code = "certification.not_escrowed"
    default_message = N_("The key of the certificate %(serial)s is not kept here.")


class RecipientNotFitting(CertificationError):
    """A recovered key goes to the holder of a good certificate only."""

    code = "certification.recipient"
    default_message = N_("A recovered key cannot go to the certificate %(serial)s: it is not valid, or not for signing.")


class NoList(CertificationError):
    """The authority has not written a list yet."""

    code = "certification.no_list"
    default_message = N_("The authority %(name)s has not published a list yet.")


class ListNotAcceptable(CertificationError):
    """A list of an authority elsewhere that is not served here."""

    code = "certification.list_not_acceptable"
    default_message = N_("This list cannot be accepted: %(reason)s")


class PublicationOvertaken(CertificationError):
    """Another process has just published a list of this authority."""

    code = "certification.publication_overtaken"
    default_message = N_("Another process has just published a list of %(name)s.")


class NoTimeStampService(CertificationError):
    """The authority gives no time-stamps."""

    code = "certification.no_timestamp_service"
    default_message = N_("The authority %(name)s has no time-stamp service. Set one up: yima ca timestamp %(name)s")


class TooManyTimeStamps(CertificationError):
    """More than one network may have in a minute. ``seconds`` is how long to wait."""

    code = "certification.too_many_timestamps"
    default_message = N_("Too many time-stamps were asked for from this address.")

    def __init__(self, seconds: int) -> None:
        super().__init__()
        self.seconds = seconds


class InvalidTimeStampPolicy(CertificationError):
    """Not an object identifier."""

    code = "certification.timestamp_policy"
    default_message = N_("A policy is an object identifier of at most 160 characters, such as 1.2.156.1.2.3.")


class NotRenewable(CertificationError):
    """A certificate that gets no successor like this."""

    code = "certification.not_renewable"
    default_message = N_("The certificate %(serial)s cannot be renewed: %(reason)s")


class FrontNotFitting(CertificationError):
    """What was given makes no server certificate. ``reason`` says why."""

    code = "certification.front"
    default_message = N_("No server can be set up with these files: %(reason)s.")


class CertificateRefused(CertificationError):
    """A certificate that somebody shows and that does not count. ``reason`` may be told to them."""

    code = "certification.refused"
    default_message = N_("This certificate does not count. %(reason)s")


class EnrolmentRefused(CertificationError):
    """No credential that lets anybody in: unknown, wrong, over, stopped, or of another authority."""

    code = "certification.enrolment"
    default_message = N_("This enrolment is not known here, or it is over.")


class EnrolmentUsedUp(CertificationError):
    """As many certificates as were allowed."""

    code = "certification.enrolment_used_up"
    default_message = N_("This enrolment has led to as many certificates as were allowed.")


class RequestTurnedDown(CertificationError):
    """An officer has refused it."""

    code = "certification.turned_down"
    default_message = N_("This request was refused. Ask whoever gave you the enrolment.")


class InvalidEnrolment(CertificationError):
    """What is to be allowed makes no sense."""

    code = "certification.invalid_enrolment"
    default_message = N_("This cannot be allowed: %(reason)s")


class NotWaiting(CertificationError):
    """There is no such request, or it is decided."""

    code = "certification.not_waiting"
    default_message = N_("No request %(number)s is waiting.")
