"""Which claims about a person one answer holds: those of its scopes, and those asked for by name."""

from collections.abc import Collection, Mapping

from sqlalchemy.orm import Session

from idp.oidc.provider import Provider
from idp.registry import profile
from idp.release.claims import of_person
from idp.release.scopes import SCOPE_OF


def named(claims: Mapping[str, list[str]] | None, place: str) -> tuple[str, ...]:
    """The claims that a grant's ``claims`` parameter asked for in ``userinfo`` or ``id_token``."""
    return tuple((claims or {}).get(place, ()))


def read(
    provider: Provider, session: Session, person_id: int, scopes: Collection[str], names: Collection[str]
) -> dict[str, object]:
    """The claims, without ``sub``; nothing is read where nothing is asked."""
    if not names and not set(scopes) - {"openid", "offline_access"}:
        return {}
    here = provider.deployment
    seen = profile.read(session, here.ring.vault, person_id, here.clock.now().date())
    by_name = of_person(seen, {SCOPE_OF[name] for name in names})
    return {**of_person(seen, scopes), **{name: value for name, value in by_name.items() if name in names}}
