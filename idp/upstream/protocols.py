"""The kinds there are."""

from idp.i18n import N_
from idp.upstream.cas.kind import CasKind
from idp.upstream.errors import InvalidUpstream
from idp.upstream.kinds import Kind
from idp.upstream.oauth2.kind import OAuth2Kind
from idp.upstream.oidc.kind import OidcKind
from idp.upstream.saml.kind import SamlKind

KINDS: dict[str, Kind] = {kind.name: kind for kind in (OidcKind(), OAuth2Kind(), CasKind(), SamlKind())}


def kind_of(name: str) -> Kind:
    """The kind of this name. Raises :class:`InvalidUpstream`."""
    if name not in KINDS:
        raise InvalidUpstream(field="kind", reason=N_("this value does not exist here"))
    return KINDS[name]
