"""What can go wrong: told to people on a page, or to apps by a status of the specification."""

from idp.errors import YimaError
from idp.i18n import N_
from idp.sso.saml import names


class SamlError(YimaError):
    """The family of this room."""

    code = "saml"


class MessageRefused(SamlError):
    """What came is no message that we may read: not XML as we accept it, or not what the binding says."""

    code = "saml.message"
    default_message = N_("The app sent something we cannot read. Please tell those who look after it.")


class SignatureRefused(SamlError):
    """The signature is missing where there must be one, or does not cover what it must, or is not the app's."""

    code = "saml.signature"
    default_message = N_("The app's request is not signed as it must be. Please tell those who look after it.")


class UnknownProvider(SamlError):
    """Nobody has registered this entity, or it names an address that is not in its metadata; nobody is sent anywhere."""

    code = "saml.provider"
    default_message = N_("This app is not registered here, or is switched off. Please tell those who look after it.")


class RequestLost(SamlError):
    """The waiting request is another browser's, is over, or took too long."""

    code = "saml.lost"
    default_message = N_("This sign-in is over or took too long. Please start again from the app.")


class RequestReplayed(SamlError):
    """The request was answered before."""

    code = "saml.replayed"
    default_message = N_("This sign-in has been used already. Please start again from the app.")


class MetadataRefused(SamlError):
    """The metadata cannot be used. ``reason`` says why, in words."""

    code = "saml.metadata"
    default_message = N_("The metadata cannot be used: %(reason)s")


class NoSuchFeed(SamlError):
    """Nobody has this number."""

    code = "saml.feed"
    default_message = N_("There is no feed %(feed)s.")


class Refusal(SamlError):
    """An answer to the app that is no sign-in: ``status`` and ``second`` are the codes of SAML Core §3.2.2.2."""

    status = names.RESPONDER
    second: str | None = None
    code = "saml.refusal"
    default_message = N_("The request was refused.")


class Unsupported(Refusal):
    """A request for something that we do not do."""

    status = names.REQUESTER
    second = names.REQUEST_UNSUPPORTED
    code = "saml.unsupported"
    default_message = N_("The request asks for something that is not supported here.")


class InvalidNameIdPolicy(Refusal):
    """No name of the kind that was asked for."""

    status = names.REQUESTER
    second = names.INVALID_NAME_ID_POLICY
    code = "saml.name_id_policy"
    default_message = N_("There is no name of the requested format for this app.")


class NoAuthnContext(Refusal):
    """Nothing here is what was asked for, or the person cannot reach it."""

    second = names.NO_AUTHN_CONTEXT
    code = "saml.authn_context"
    default_message = N_("The requested authentication context cannot be reached.")


class NoPassive(Refusal):
    """``IsPassive``, and somebody would have to be asked."""

    second = names.NO_PASSIVE
    code = "saml.no_passive"
    default_message = N_("The person would have to be asked.")


class NotSignedIn(Refusal):
    """The person gave up."""

    second = names.AUTHN_FAILED
    code = "saml.not_signed_in"
    default_message = N_("The person did not sign in.")


class NotForThisPerson(Refusal):
    """Our policy: the app's school has said for whom it is."""

    second = names.REQUEST_DENIED
    code = "saml.audience"
    default_message = N_("This app is not for this person.")


class NotAgreed(Refusal):
    """The person does not want the app to know these things."""

    second = names.REQUEST_DENIED
    code = "saml.not_agreed"
    default_message = N_("The person did not agree.")


class NoName(Refusal):
    """The app knows people by something that this person does not have, or that is not told about them."""

    second = names.UNKNOWN_PRINCIPAL
    code = "saml.no_name"
    default_message = N_("There is no name for this person in the form that the app is registered for.")
