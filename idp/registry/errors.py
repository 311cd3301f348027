"""What can go wrong in the registry. No message repeats a document number, a telephone number or an address."""

from idp.errors import YimaError
from idp.i18n import N_


class RegistryError(YimaError):
    """The family of this room. ``column`` names the field of an import that is to blame, where one is."""

    code = "registry"
    column: str | None = None


class InvalidInstitutionCode(RegistryError):
    """Not a code of the national structure."""

    code = "registry.institution_code"
    column = "code"
    default_message = N_("%(value)s is not an institution code: %(reason)s")


class InvalidCreditCode(RegistryError):
    """Not a unified social credit code."""

    code = "registry.credit_code"
    column = "credit_code"
    default_message = N_("This is not a unified social credit code: %(reason)s")


class CodesExhausted(RegistryError):
    """No serial is left in this category and province."""

    code = "registry.codes_exhausted"
    default_message = N_("There is no code left for category %(category)s in province %(province)s.")


class NoSuchInstitution(RegistryError):
    """Nobody has this code."""

    code = "registry.no_institution"
    column = "institution"
    default_message = N_("There is no institution with the code %(value)s.")


class CodeTaken(RegistryError):
    """The code belongs, or belonged, to another institution."""

    code = "registry.code_taken"
    column = "code"
    default_message = N_("The code %(value)s belongs to %(name)s and is never given to another.")


class WrongState(RegistryError):
    """The institution is not in the state that this act needs."""

    code = "registry.wrong_state"
    default_message = N_("%(name)s (%(value)s) is %(state)s; this cannot be done.")


class InvalidDocument(RegistryError):
    """The document's number is not one of its kind."""

    code = "registry.document"
    column = "document_number"
    default_message = N_("The document number is not valid: %(reason)s")


class InvalidField(RegistryError):
    """A field holds what it cannot hold."""

    code = "registry.field"
    default_message = N_("%(field)s: %(reason)s")

    def __init__(self, *, field: str, reason: str) -> None:
        super().__init__(field=field, reason=reason)
        self.column = field


class NoSuchPerson(RegistryError):
    """Nobody has this number."""

    code = "registry.no_person"
    column = "person"
    default_message = N_("There is no person with this number.")


class PersonsDiffer(RegistryError):
    """The document belongs to somebody with another name."""

    code = "registry.persons_differ"
    column = "name"
    default_message = N_("This document is registered under another name. Correct the name, or ask the school that registered it.")


class LocalNumberTaken(RegistryError):
    """Somebody else has this student or staff number in the school."""

    code = "registry.local_number_taken"
    column = "local_number"
    default_message = N_("The number %(value)s is another person's at %(institution)s.")


class NoSuchAffiliation(RegistryError):
    """The person does not belong to the institution in this role."""

    code = "registry.no_affiliation"
    default_message = N_("This person has no such affiliation with %(institution)s.")


class GuardianshipRefused(RegistryError):
    """These two cannot be guardian and ward."""

    code = "registry.guardianship"
    default_message = N_("This guardianship cannot be recorded: %(reason)s")


class ImportRefused(RegistryError):
    """The file as a whole cannot be read."""

    code = "registry.import"
    default_message = N_("The file cannot be imported: %(reason)s")
