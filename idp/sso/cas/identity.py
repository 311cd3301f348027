"""As whom an app knows a person, and what else it is told: each from a kind of data that people read of and agree to."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from idp.mfa.policy import acr_of, amr_of
from idp.registry.age import AgeBand
from idp.registry.profile import AffiliationView, Profile
from idp.release.claims import of_person
from idp.release.scopes import SCOPE_OF

STANDARD_ATTRIBUTES = ("authenticationDate", "longTermAuthenticationRequestTokenUsed", "isFromNewLogin")
"""Those of the specification (Appendix A), which every answer of protocol 3.0 has."""


@dataclass(frozen=True)
class About:
    """Whom and what an answer is about. ``school`` is whose numbers are meant; ``sub`` the person's name in this app alone."""

    profile: Profile
    school: str
    sub: str
    level: int
    methods: tuple[str, ...]


Values = Callable[[About], Iterable[object]]


@dataclass(frozen=True)
class Source:
    """``scope`` is what has to be agreed to, ``claim`` the name under which the release is written down."""

    scope: str
    claim: str
    values: Values


def _claim(name: str) -> Source:
    scope = SCOPE_OF[name]
    return Source(scope, name, lambda about: [of_person(about.profile, {scope}).get(name)])


def _affiliations(read: Callable[[AffiliationView], object]) -> Source:
    return Source("school", "affiliations", lambda about: map(read, about.profile.affiliations))


def _local_number(about: About) -> Iterable[object]:
    return [view.local_number for view in about.profile.affiliations if view.institution_code == about.school]


LOCAL_NUMBER = Source("school", "affiliations", _local_number)

USER_NAMES: dict[str, Source] = {
    "pairwise": Source("openid", "sub", lambda about: [about.sub]),
    "local_number": LOCAL_NUMBER,
    "person_number": _claim("person_number"),
    "email": _claim("email"),
    "phone": _claim("phone_number"),
}
"""``local_number`` is the student or staff number in one school; e-mail and telephone number are accounts people sign in with."""

ATTRIBUTES: dict[str, Source] = {
    "name": _claim("name"),
    "age_band": _claim("age_band"),
    "email": _claim("email"),
    "phone": _claim("phone_number"),
    "person_number": _claim("person_number"),
    "local_number": LOCAL_NUMBER,
    "school_code": _affiliations(lambda view: view.institution_code),
    "school_name": _affiliations(lambda view: view.institution_name),
    "role": _affiliations(lambda view: view.role),
    "sub": Source("openid", "sub", lambda about: [about.sub]),
    "acr": Source("openid", "acr", lambda about: [acr_of(about.level)]),
    "amr": Source("openid", "amr", lambda about: amr_of(about.methods)),
}
"""What attributes can be filled from. Several values come one by one, each once, in their order."""


def user_name(kind: str, about: About) -> str | None:
    """The name; ``None`` where the person has none of this kind, or where it is not told: contact details of children."""
    return next(iter(_told(USER_NAMES[kind], about)), None)


def attribute(source: str, about: About) -> tuple[str, ...]:
    """The values, none where nothing is known."""
    return _told(ATTRIBUTES[source], about)


def _told(source: Source, about: About) -> tuple[str, ...]:
    values = source.values(about)
    return tuple(dict.fromkeys(value.value if isinstance(value, AgeBand) else str(value) for value in values if value))
