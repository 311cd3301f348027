"""What a token or UserInfo says of a person: the claims of the granted scopes, and no others."""

from collections.abc import Collection, Mapping

from idp.registry.age import AgeBand
from idp.registry.profile import Profile

LOCALE = "zh-CN"


def of_person(profile: Profile, scopes: Collection[str]) -> dict[str, object]:
    """The claims that ``scopes`` give (OpenID Connect Core 1.0 §5.4), without ``sub``. What is not known is left out.

    Contact details of a child under 14 are not given, whatever was asked and agreed: our policy on PIPL art. 28 and 31, until a
    guardian can agree in the platform.
    """
    child = profile.age_band is AgeBand.UNDER_14
    claims: dict[str, object] = {}
    if "profile" in scopes:
        claims |= {"name": profile.name, "locale": LOCALE, "age_band": profile.age_band.value if profile.age_band else None}
    if "email" in scopes and not child:
        # OpenID Connect Core 1.0 §5.1: true is for what the person has proven. To what a school wrote down nobody has written yet.
        verified = profile.email_confirmed_at is not None
        claims |= {"email": profile.email, "email_verified": verified if profile.email else None}
    if "phone" in scopes and not child:  # and this is always the school's
        claims |= {"phone_number": profile.phone, "phone_number_verified": False if profile.phone else None}
    if "school" in scopes:
        claims |= _school(profile)
    if "person_number" in scopes:
        claims["person_number"] = profile.number
    return {name: value for name, value in claims.items() if value is not None}


def _school(profile: Profile) -> Mapping[str, object]:
    affiliations = [
        {"school_code": view.institution_code, "school_name": view.institution_name, "role": view.role}
        | ({"local_number": view.local_number} if view.local_number else {})
        for view in profile.affiliations
    ]
    first = profile.affiliations[0].institution_code if profile.affiliations else None
    return {"school_code": first, "affiliations": affiliations}
