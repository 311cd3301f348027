"""What a token is bound to: its ``cnf`` (RFC 7800), ``{"jkt": …}`` or ``{"x5t#S256": …}``."""

from idp.oidc.bearer import Presented
from idp.oidc.clients.client import Client
from idp.oidc.errors import InvalidAccessToken, InvalidClient, InvalidDpopProof
from idp.oidc.possession import certificate, dpop
from idp.oidc.provider import Provider
from idp.web.machine import MachineRequest

Confirmation = dict[str, str]
JKT, X5T = "jkt", "x5t#S256"


def for_new_tokens(provider: Provider, client: Client, request: MachineRequest, url: str) -> Confirmation | None:
    """What tokens of this request are bound to: the key of its proof, the certificate of its connection, or nothing.

    Raises :class:`InvalidDpopProof` or :class:`InvalidClient` where the client has to have one and shows none.
    """
    key = dpop.check_proof(provider, request, url)
    if key is not None:
        return {JKT: key}  # RFC 9449 §6
    if client.metadata.dpop_bound_access_tokens:
        raise InvalidDpopProof
    if not client.metadata.tls_client_certificate_bound_access_tokens:
        return None
    given = certificate.shown(request)
    if given is None:
        raise InvalidClient(detail=f"{client.id} shows no certificate")
    return {X5T: given.thumbprint}  # RFC 8705 §3


def token_type(cnf: Confirmation | None) -> str:
    """How a token is presented: by the scheme DPoP, or as a bearer token (RFC 8705 §3: a bound one too)."""
    return "DPoP" if cnf is not None and JKT in cnf else "Bearer"


def check(provider: Provider, request: MachineRequest, url: str, presented: Presented, cnf: Confirmation | None) -> None:
    """That the request proves what its token is bound to, and that an unbound one comes as a bearer token.

    RFC 9449 §7.1, §7.2; RFC 8705 §3. Raises :class:`InvalidAccessToken` or :class:`InvalidDpopProof`.
    """
    if (token_type(cnf) == "DPoP") != presented.with_proof:
        raise InvalidAccessToken(detail="presented by the wrong scheme")
    if cnf is None:
        return
    if JKT in cnf:
        key = dpop.check_proof(provider, request, url, presented.text)
        if key is None:
            raise InvalidDpopProof
        if key != cnf[JKT]:
            raise InvalidAccessToken(detail="bound to another key")
        return
    given = certificate.shown(request)
    if given is None or given.thumbprint != cnf[X5T]:
        raise InvalidAccessToken(detail="bound to another certificate")
