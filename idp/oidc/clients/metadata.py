"""Client metadata: what an app says of itself, each member under its registered name.

The names are those of the IANA registry "OAuth Dynamic Client Registration Metadata"; the comments name where each comes from.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from idp.apps.errors import InvalidRegistration
from idp.i18n import N_

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
TLS_METHODS = ("tls_client_auth", "self_signed_tls_client_auth")
AUTH_METHODS = ("client_secret_basic", "client_secret_post", "private_key_jwt", *TLS_METHODS, "none")
TLS_NAMES = tuple(f"tls_client_auth_{name}" for name in ("subject_dn", "san_dns", "san_uri", "san_ip", "san_email"))
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
CIBA = "urn:openid:params:grant-type:ciba"
GRANT_TYPES = (
    "authorization_code",
    "refresh_token",
    "client_credentials",
    "implicit",
    DEVICE_CODE,
    CIBA,
    TOKEN_EXCHANGE,
    JWT_BEARER,
)

Text = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")]
Uri = Annotated[str, Field(min_length=1, max_length=2048)]
Uris = Annotated[tuple[Uri, ...], Field(max_length=20)]
Words = Annotated[tuple[Text, ...], Field(max_length=20)]


class ClientMetadata(BaseModel):
    """Read strictly, member by member; members that we do not know are left out (RFC 7591 §2)."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    # RFC 7591 §2, OpenID Connect Dynamic Client Registration 1.0 §2
    redirect_uris: Uris = ()
    application_type: Literal["web", "native"] = "web"
    token_endpoint_auth_method: str = "client_secret_basic"
    grant_types: Words = ("authorization_code",)
    response_types: Words | None = None
    client_name: Text | None = None
    client_uri: Uri | None = None
    policy_uri: Uri | None = None
    tos_uri: Uri | None = None
    contacts: Words = ()
    scope: Text | None = None
    jwks: dict[str, Any] | None = None
    jwks_uri: Uri | None = None
    software_id: Text | None = None
    software_version: Text | None = None
    subject_type: Literal["pairwise", "public"] = "pairwise"
    sector_identifier_uri: Uri | None = None
    id_token_signed_response_alg: Text | None = None
    id_token_encrypted_response_alg: Text | None = None
    id_token_encrypted_response_enc: Text | None = None
    userinfo_signed_response_alg: Text | None = None
    userinfo_encrypted_response_alg: Text | None = None
    userinfo_encrypted_response_enc: Text | None = None
    default_max_age: Annotated[int, Field(ge=0, le=10**9)] | None = None
    require_auth_time: bool = False
    default_acr_values: Words = ()
    initiate_login_uri: Uri | None = None
    request_uris: Uris = ()
    require_signed_request_object: bool = False
    request_object_signing_alg: Text | None = None
    token_endpoint_auth_signing_alg: Text | None = None
    # RFC 9701 §6, JARM §3
    introspection_signed_response_alg: Text | None = None
    introspection_encrypted_response_alg: Text | None = None
    introspection_encrypted_response_enc: Text | None = None
    authorization_signed_response_alg: Text | None = None
    authorization_encrypted_response_alg: Text | None = None
    authorization_encrypted_response_enc: Text | None = None
    # RP-Initiated, Front-Channel, Back-Channel Logout 1.0
    post_logout_redirect_uris: Uris = ()
    frontchannel_logout_uri: Uri | None = None
    frontchannel_logout_session_required: bool = False
    backchannel_logout_uri: Uri | None = None
    backchannel_logout_session_required: bool = False
    # RFC 9126 §6, RFC 9449 §5.2
    require_pushed_authorization_requests: bool = False
    dpop_bound_access_tokens: bool = False
    # RFC 8705 §2.1.2, §3.4
    tls_client_auth_subject_dn: Text | None = None
    tls_client_auth_san_dns: Text | None = None
    tls_client_auth_san_uri: Text | None = None
    tls_client_auth_san_ip: Text | None = None
    tls_client_auth_san_email: Text | None = None
    tls_client_certificate_bound_access_tokens: bool = False
    # RFC 9396 §10
    authorization_details_types: Words = ()
    # CIBA Core 1.0 §4
    backchannel_token_delivery_mode: Literal["poll", "ping"] | None = None
    backchannel_client_notification_endpoint: Uri | None = None
    backchannel_authentication_request_signing_alg: Text | None = None

    @classmethod
    def from_json(cls, members: Mapping[str, Any]) -> "ClientMetadata":
        """Reads the members of a JSON object; ``null`` is as good as left out (RFC 7592 §2.2).

        Raises :class:`InvalidRegistration`.
        """
        given = {name: value for name, value in members.items() if value is not None}
        try:
            return cls.model_validate_json(json.dumps(given))
        except ValidationError as error:
            name = str(error.errors()[0]["loc"][0])
            raise InvalidRegistration(reason=N_("a member is missing, too long or of the wrong type"), field=name) from None

    def to_json(self) -> dict[str, Any]:
        """The members that say something."""
        return self.model_dump(mode="json", exclude_defaults=True)

    def said(self) -> dict[str, Any]:
        """The members with their defaults filled in, for an answer (RFC 7591 §3.2.1)."""
        return self.model_dump(mode="json", exclude_none=True)

    @property
    def is_public(self) -> bool:
        """Whether the app has nothing to authenticate with (RFC 6749 §2.1)."""
        return self.token_endpoint_auth_method == "none"

    @property
    def uses_certificate(self) -> bool:
        """Whether the app authenticates with a TLS certificate (RFC 8705 §2)."""
        return self.token_endpoint_auth_method in TLS_METHODS

    @property
    def has_secret(self) -> bool:
        """Whether the app authenticates with a secret that we give it."""
        return self.token_endpoint_auth_method.startswith("client_secret")
