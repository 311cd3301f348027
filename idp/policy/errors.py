"""What can be wrong with a policy."""

from idp.errors import YimaError
from idp.i18n import N_


class PolicyError(YimaError):
    """The family of this room."""

    code = "policy"


class InvalidPolicy(PolicyError):
    """A part of the document cannot be read, or says something that makes no sense. ``where`` names the part."""

    code = "policy.invalid"
    default_message = N_("Policy, %(where)s: %(reason)s")


class CannotBeMet(PolicyError):
    """A rule demands what nobody whom it concerns could prove."""

    code = "policy.cannot_be_met"
    default_message = N_(
        "The rule for %(scope)s cannot be met: nothing that may be set up there reaches level %(level)s. Offered: %(kinds)s. "
        "Text messages do not count, because they may never be the only factor."
    )


class NoSuchVersion(PolicyError):
    """The policy has no version of this number."""

    code = "policy.no_version"
    default_message = N_("The policy has no version %(number)s.")


class NoSuchRule(PolicyError):
    """Nothing to take away."""

    code = "policy.no_rule"
    default_message = N_("There is no rule for %(scope)s.")
