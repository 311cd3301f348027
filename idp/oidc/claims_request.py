"""The ``claims`` parameter (OpenID Connect Core 1.0 §5.5): single claims, asked for by name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from idp.crypto.errors import InvalidEncoding
from idp.crypto.jose.strict_json import read_object
from idp.i18n import N_
from idp.oidc.errors import InvalidRequest
from idp.release.scopes import SCOPE_OF

MAX_VALUES = 20


@dataclass(frozen=True)
class Wanted:
    """One requested claim: whether the app cannot do without it, and the values it would accept (none: any)."""

    essential: bool = False
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class ClaimsRequest:
    """What is asked of UserInfo and of the ID token. Claims that we do not know are left out (§5.5)."""

    userinfo: Mapping[str, Wanted] = field(default_factory=dict)
    id_token: Mapping[str, Wanted] = field(default_factory=dict)

    def scopes(self) -> tuple[str, ...]:
        """The scopes that a person has to agree to for these claims."""
        return tuple(dict.fromkeys(SCOPE_OF[name] for name in (*self.userinfo, *self.id_token) if name in SCOPE_OF))

    def limited_to(self, scopes: Iterable[str]) -> "ClaimsRequest":
        """Without the claims of other scopes than these: an app gets by name nothing that it could not get by scope."""
        allowed = {"openid", *scopes}

        def keep(part: Mapping[str, Wanted]) -> dict[str, Wanted]:
            return {name: wanted for name, wanted in part.items() if SCOPE_OF.get(name, "openid") in allowed}

        return ClaimsRequest(keep(self.userinfo), keep(self.id_token))

    def subjects(self) -> tuple[str, ...]:
        """The subjects that the app would accept (§5.5.1); none: any."""
        return tuple(value for part in (self.userinfo, self.id_token) if "sub" in part for value in part["sub"].values)

    def to_json(self) -> dict[str, list[str]]:
        """The names, for the grant."""
        return {"userinfo": sorted(set(self.userinfo) & set(SCOPE_OF)), "id_token": sorted(set(self.id_token) & set(SCOPE_OF))}


def parse(text: str | None) -> ClaimsRequest:
    """Reads the parameter. Raises :class:`InvalidRequest` for what is not the JSON of §5.5."""
    if text is None:
        return ClaimsRequest()
    try:
        document = read_object(text.encode())
        return ClaimsRequest(_part(document, "userinfo"), _part(document, "id_token"))
    except InvalidEncoding:
        raise InvalidRequest(N_("The parameter %(name)s has a value that it cannot have."), name="claims") from None


def _part(document: Mapping[str, Any], name: str) -> dict[str, Wanted]:
    part = document.get(name)
    if part is None:
        return {}
    if not isinstance(part, dict):
        raise InvalidEncoding
    known = {"sub", "acr", "auth_time", *SCOPE_OF}
    return {claim: _wanted(asked) for claim, asked in part.items() if claim in known}


def _wanted(asked: object) -> Wanted:
    if asked is None:
        return Wanted()
    if not isinstance(asked, dict) or not isinstance(asked.get("essential", False), bool):
        raise InvalidEncoding
    values = [asked["value"]] if "value" in asked else asked.get("values", [])
    if not isinstance(values, list) or len(values) > MAX_VALUES or not all(isinstance(value, str) for value in values):
        raise InvalidEncoding
    return Wanted(asked.get("essential", False), tuple(values))
