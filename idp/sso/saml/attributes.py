"""What an assertion says of a person: each attribute from a kind of data that people read of and agree to."""

import base64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from idp.crypto import base64url
from idp.registry.affiliations import Role
from idp.registry.profile import Profile
from idp.release.claims import of_person
from idp.release.scopes import SCOPE_OF

# eduPerson's vocabulary (eduPerson 202208 §2.2.1); a guardian is no member of the school.
_AFFILIATIONS: Mapping[str, tuple[str, ...]] = {
    Role.STUDENT.value: ("student", "member"),
    Role.TEACHER.value: ("faculty", "employee", "member"),
    Role.STAFF.value: ("staff", "employee", "member"),
    Role.SCHOOL_ADMIN.value: ("staff", "employee", "member"),
    Role.REGION_ADMIN.value: ("staff", "employee", "member"),
    Role.ALUMNUS.value: ("alum",),
    Role.GUARDIAN.value: ("affiliate",),
}


@dataclass(frozen=True)
class About:
    """Whom an assertion is about: ``sub`` is their name in this app alone, as the key ring makes it.

    ``scopes`` are the domains of the schools, by code; ``scope`` is ours, for whoever's school has none.
    """

    profile: Profile
    school: str
    sub: str
    scope: str
    scopes: Mapping[str, str] = field(default_factory=dict)
    entitlements: tuple[str, ...] = ()

    @property
    def opaque(self) -> str:
        """The pairwise name in small letters and digits only: SAML Subject Identifier Attributes §3.3 allows little more."""
        return base64.b32encode(base64url.decode(self.sub)).decode().rstrip("=").lower()

    @property
    def pairwise_id(self) -> str:
        """The value of ``pairwise-id``."""
        return f"{self.opaque}@{self.scope}"

    @property
    def affiliations(self) -> tuple[str, ...]:
        """The values of eduPersonAffiliation, each once."""
        return tuple(dict.fromkeys(value for view in self.profile.affiliations for value in _AFFILIATIONS.get(view.role, ())))

    @property
    def scoped_affiliations(self) -> tuple[str, ...]:
        """The same with the domain of the school where it holds."""
        values = (
            f"{value}@{self.scopes.get(view.institution_code, self.scope)}"
            for view in self.profile.affiliations
            for value in _AFFILIATIONS.get(view.role, ())
        )
        return tuple(dict.fromkeys(values))


Values = Callable[[About], Iterable[object]]


@dataclass(frozen=True)
class Attribute:
    """``name`` is the one on the wire, ``scope`` what has to be agreed to, ``claim`` how the release is written down."""

    friendly: str
    name: str
    scope: str
    claim: str
    values: Values


def _of(claim: str) -> Values:
    scope = SCOPE_OF[claim]
    return lambda about: [of_person(about.profile, {scope}).get(claim)]


def _local_numbers(about: About) -> Iterable[object]:
    return [view.local_number for view in about.profile.affiliations if view.institution_code == about.school]


def _is_member(about: About) -> bool:
    return "member" in about.affiliations


ATTRIBUTES: dict[str, Attribute] = {
    one.friendly: one
    for one in (
        Attribute(
            "eduPersonScopedAffiliation",
            "urn:oid:1.3.6.1.4.1.5923.1.1.1.9",
            "school",
            "affiliations",
            lambda about: about.scoped_affiliations,
        ),
        Attribute(
            "eduPersonAffiliation", "urn:oid:1.3.6.1.4.1.5923.1.1.1.1", "school", "affiliations", lambda about: about.affiliations
        ),
        Attribute("eduPersonTargetedID", "urn:oid:1.3.6.1.4.1.5923.1.1.1.10", "openid", "sub", lambda about: [about.opaque]),
        Attribute(
            "pairwise-id", "urn:oasis:names:tc:SAML:attribute:pairwise-id", "openid", "sub", lambda about: [about.pairwise_id]
        ),
        Attribute(
            "eduPersonEntitlement",
            "urn:oid:1.3.6.1.4.1.5923.1.1.1.7",
            "school",
            "affiliations",
            lambda about: about.entitlements if _is_member(about) else (),
        ),
        Attribute("displayName", "urn:oid:2.16.840.1.113730.3.1.241", "profile", "name", _of("name")),
        Attribute("cn", "urn:oid:2.5.4.3", "profile", "name", _of("name")),
        Attribute("mail", "urn:oid:0.9.2342.19200300.100.1.3", "email", "email", _of("email")),
        Attribute("telephoneNumber", "urn:oid:2.5.4.20", "phone", "phone_number", _of("phone_number")),
        Attribute("employeeNumber", "urn:oid:2.16.840.1.113730.3.1.3", "school", "affiliations", _local_numbers),
        Attribute("uid", "urn:oid:0.9.2342.19200300.100.1.1", "person_number", "person_number", _of("person_number")),
        Attribute(
            "o",
            "urn:oid:2.5.4.10",
            "school",
            "affiliations",
            lambda about: [view.institution_name for view in about.profile.affiliations],
        ),
    )
}
"""By the friendly name. ``employeeNumber`` is the student or staff number in the app's school, ``uid`` the person number."""

# CARSI's default: what any service provider gets.
DEFAULT = ("eduPersonScopedAffiliation", "eduPersonTargetedID", "pairwise-id")


def values_of(friendly: str, about: About) -> tuple[str, ...]:
    """The values, each once; none where nothing is known or told."""
    found = ATTRIBUTES[friendly].values(about)
    return tuple(dict.fromkeys(str(value) for value in found if value))
