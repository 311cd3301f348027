"""``/oauth/token``."""

from collections.abc import Callable
from dataclasses import replace

from idp.i18n import N_
from idp.oidc import client_jwt
from idp.oidc.clients.client import Client
from idp.oidc.clients.metadata import CIBA, DEVICE_CODE, JWT_BEARER, TOKEN_EXCHANGE
from idp.oidc.decoupled import ciba, device
from idp.oidc.errors import InvalidRequest, UnauthorizedClient, UnsupportedGrantType
from idp.oidc.issuer import Issuer
from idp.oidc.parameters import parse, required
from idp.oidc.possession import confirmation
from idp.oidc.provider import Provider
from idp.oidc.token import authorization_code, client_credentials, jwt_bearer, refresh_token, token_exchange
from idp.oidc.token.answer import TokenAnswer
from idp.oidc.token.client_authentication import authenticate
from idp.oidc.token.token_request import TokenRequest
from idp.web.machine import MachineAnswer, MachineRequest

Grant = Callable[[Provider, Issuer, Client, TokenRequest], TokenAnswer]

GRANTS: dict[str, Grant] = {
    "authorization_code": authorization_code.exchange,
    "refresh_token": refresh_token.exchange,
    "client_credentials": client_credentials.exchange,
    DEVICE_CODE: device.exchange,
    CIBA: ciba.exchange,
    TOKEN_EXCHANGE: token_exchange.exchange,
    JWT_BEARER: jwt_bearer.exchange,
}


def token(provider: Provider, issuer: Issuer, request: MachineRequest) -> MachineAnswer:
    """RFC 6749 §3.2: POST, form-encoded, nothing in the query."""
    if not request.is_form or request.query:
        raise InvalidRequest(N_("The token endpoint takes form-encoded parameters in the body."))
    parameters = parse(request.body)
    client = authenticate(provider, issuer, request, parameters)
    grant_type = required(parameters, "grant_type")
    grant = GRANTS.get(grant_type)
    if grant is None:
        raise UnsupportedGrantType
    if grant_type not in client.metadata.grant_types:
        raise UnauthorizedClient
    cnf = confirmation.for_new_tokens(provider, client, request, issuer.endpoint("token"))
    answer = grant(provider, issuer, client, TokenRequest(parameters, request.address, cnf))
    if answer.id_token is not None:
        answer = replace(answer, id_token=client_jwt.encrypted(provider, client, answer.id_token, "id_token"))
    return MachineAnswer(200, answer.to_json())
