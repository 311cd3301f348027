"""Scopes: what each lets an app know, in the words of the consent page."""

from dataclasses import dataclass

from idp.i18n import N_


@dataclass(frozen=True)
class Scope:
    """``words`` tell the person what is given; ``claims`` are the names in tokens and UserInfo."""

    name: str
    words: str
    claims: tuple[str, ...]
    by_approval: bool = False
    """Only for apps that an administrator has approved for it, and never without consent."""


SCOPES: dict[str, Scope] = {
    scope.name: scope
    for scope in (
        Scope("openid", N_("That you are signed in, under a name only this app knows"), ("sub", "auth_time", "acr", "amr")),
        Scope("profile", N_("Your name, and whether you are a child, a teenager or an adult"), ("name", "locale", "age_band")),
        Scope("email", N_("Your e-mail address"), ("email", "email_verified")),
        Scope("phone", N_("Your telephone number"), ("phone_number", "phone_number_verified")),
        Scope("school", N_("Your school, and what you are there"), ("school_code", "affiliations")),
        Scope("person_number", N_("Your person number, which is the same in every app"), ("person_number",), by_approval=True),
        Scope("offline_access", N_("All this also when you are not signed in"), ()),
    )
}

SCOPE_OF = {claim: scope.name for scope in SCOPES.values() for claim in scope.claims if scope.name != "openid"}
"""The scope whose consent covers a claim. What every ID token says anyway needs none."""

# What an app may do in its own name, by tokens of the client credentials grant; no person is asked, and nothing is told of one.
OWN: dict[str, str] = {"signing": N_("Have documents signed, verified and enveloped")}

# What an app has without an administrator's word.
DEFAULT = ("openid", "profile")


def split(scope: str) -> tuple[str, ...]:
    """The scopes in a space-separated list, each once, in their order."""
    return tuple(dict.fromkeys(scope.split(" "))) if scope else ()
