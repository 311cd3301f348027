"""What can be wrong with a signed or an enveloped message."""

from idp.crypto.x509.errors import X509Error
from idp.i18n import N_


class MessageError(X509Error):
    """The family of this room."""

    code = "message"


class OtherMessage(MessageError):
    """The structure is one of another kind: an envelope where a signature is due, say."""

    code = "message.other_kind"
    default_message = N_("This is not the kind of message that is due here.")


class InvalidMessage(MessageError):
    """A message that contradicts itself, or its standard. ``detail`` says how."""

    code = "message.invalid"
    default_message = N_("The message is not valid.")


class DocumentMissing(MessageError):
    """A detached signature, and nothing that it could be over."""

    code = "message.document_missing"
    default_message = N_("The signature is detached: the document it is for is needed.")


class DocumentNeeded(MessageError):
    """A signature without attributes is over the document itself, so a digest is not enough."""

    code = "message.document_needed"
    default_message = N_("This signature is over the document itself: its digest is not enough.")


class OtherDocument(MessageError):
    """The signature is over something else."""

    code = "message.other_document"
    default_message = N_("The signature is for another document.")


class NotSignedBySigner(MessageError):
    """The signature is not by the key of the certificate that it names."""

    code = "message.not_by_signer"
    default_message = N_("The signature is not by the signer that it names.")


class SignerNotAtHand(MessageError):
    """Neither the message nor the caller has the certificate that the signature names."""

    code = "message.signer_not_at_hand"
    default_message = N_("The certificate of the signer is neither in the message nor given with it.")


class NotForThisKey(MessageError):
    """None of the recipients of an envelope has this certificate."""

    code = "message.not_for_this_key"
    default_message = N_("The envelope is not addressed to this key.")


class AmbiguousDocument(MessageError):
    """What reads as signed attributes: a signature over it alone could be shown as one over something else."""

    code = "message.ambiguous_document"
    default_message = N_("What has the form of signed attributes is not signed by itself.")
