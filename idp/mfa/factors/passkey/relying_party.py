"""Who we are to authenticators."""

from dataclasses import dataclass

from idp.settings import Settings


@dataclass(frozen=True)
class RelyingParty:
    """``id`` is the domain that passkeys are made for; ``origins`` are the pages (scheme, host, port) they may be used on."""

    id: str
    name: str
    origins: tuple[str, ...]


def relying_party(settings: Settings) -> RelyingParty | None:
    """The relying party of this installation; ``None`` where browsers would refuse every passkey.

    WebAuthn §5.1.3: the RP ID is a domain, so that nobody can have a passkey for an IP address.
    """
    if not settings.rp_id:
        return None
    return RelyingParty(settings.rp_id, settings.organisation, (settings.public_url, *settings.related_origins))
