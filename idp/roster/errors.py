"""What can go wrong with rosters. No message repeats a document number, a telephone number or an address."""

from idp.errors import YimaError
from idp.i18n import N_


class RosterError(YimaError):
    """The family of this room. ``column`` names the field of a list that is to blame, where one is."""

    code = "roster"
    column: str | None = None


class InvalidToken(RosterError):
    """No token, or one that does not hold: unknown, expired, revoked, or of a school that is closed."""

    code = "roster.token"
    default_message = N_("The token is missing, unknown, expired or revoked.")


class NoSuchToken(RosterError):
    """No token has this id."""

    code = "roster.no_token"
    default_message = N_("There is no roster token with the id %(value)s.")


class NoSuchMember(RosterError):
    """The school has nobody, and no group, under this id."""

    code = "roster.no_member"
    default_message = N_("There is nobody with this id.")


class MemberExists(RosterError):
    """The school has this person already."""

    code = "roster.member_exists"
    default_message = N_("This school has this person already.")


class UserNameTaken(RosterError):
    """Another of the school's people has the user name."""

    code = "roster.user_name_taken"
    column = "user_name"
    default_message = N_("The user name is another person's at this school.")


class HeldElsewhere(RosterError):
    """The person belongs to another institution too, which has a say in this."""

    code = "roster.held_elsewhere"
    column = "name"
    default_message = N_("This person belongs to another institution too: their name is changed by the operator only.")


class SyncRefused(RosterError):
    """The list would do more than anybody is likely to mean."""

    code = "roster.sync"
    default_message = N_("%(leaving)s of %(all)s (%(role)s) would leave, more than %(limit)s %%. If that is meant, say --confirm.")
