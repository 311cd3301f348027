"""Every setting of Yima: its type, default and meaning.

A setting is an environment variable ``YIMA_<NAME>``, or a line ``name = value`` in ``yima.toml`` in the data folder; the
environment wins. One that is wrong or unknown stops the start: a mistyped setting must never pass for one that was obeyed.
"""

import ipaddress
import os
import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator

from idp.errors import YimaError
from idp.i18n import N_
from idp.settings.cas import CasSettings
from idp.settings.certification import CertificationSettings
from idp.settings.devices import DeviceSettings
from idp.settings.keys import KeySettings
from idp.settings.mail import MailSettings
from idp.settings.roster import RosterSettings
from idp.settings.saml import SamlSettings
from idp.settings.sign_in import SignInSettings
from idp.settings.signing import SigningSettings
from idp.settings.sms import SmsSettings

PREFIX = "YIMA_"
# Letters, digits and hyphens, as the domain name system and browsers spell them; other scripts in their xn-- form.
_DOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
Seconds = Annotated[int, Field(gt=0)]


class SettingsError(YimaError):
    """A setting is wrong, unknown, or contradicts another."""

    code = "settings"
    default_message = N_("Setting %(name)s: %(reason)s")


class Settings(
    SmsSettings,
    MailSettings,
    SignInSettings,
    CasSettings,
    SamlSettings,
    RosterSettings,
    CertificationSettings,
    KeySettings,
    DeviceSettings,
    SigningSettings,
):
    """The settings, checked together. Times are seconds unless the name says otherwise."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Path = Field(default=Path("var"), description="The data folder: SQLite database, master key, yima.toml.")
    database_url: str = Field(
        default="", description="SQLAlchemy URL; empty means SQLite in the data folder. postgresql://… for PostgreSQL."
    )
    database_pool_size: int = Field(default=10, gt=0, description="Connections to PostgreSQL kept by each worker.")

    master_key: SecretStr | None = Field(
        default=None, description="The master key, 64 hexadecimal digits; without it the file master.key in the data folder."
    )
    sm_engine: Literal["auto", "gmssl", "libcrypto"] = Field(
        default="auto", description="Who computes SM2: libcrypto (OpenSSL >= 3 or Tongsuo) where it can, else gmssl."
    )
    libcrypto_path: Path | None = Field(default=None, description="The libcrypto to load, for example Tongsuo's.")

    public_url: str = Field(
        default="http://localhost:8000",
        description="The address people and apps use; also the name of the SM issuer. Without it, localhost and the port of bind.",
    )
    phone_url: str = Field(
        default="",
        description="The signing app's own address, another host than public_url's; empty: no phone signing.",
    )
    bind: str = Field(default="localhost:8000", description="HOST:PORT to listen on; [::]:8000 for every address.")
    workers: int = Field(default=0, ge=0, description="Worker processes; 0 means one per core.")
    trusted_proxies: int = Field(
        default=0, ge=0, le=5, description="How many reverse proxies stand before us and set X-Forwarded-For and -Proto."
    )
    client_certificate_header: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9-]*$",
        description="The header in which the proxy hands on a client's TLS certificate. It must overwrite what clients send there.",
    )
    proxy_addresses: str = Field(
        default="127.0.0.0/8,::1/128",
        description="Where the proxy connects from: only from there a client's certificate is believed. Networks, by commas.",
    )
    mtls_url: str = Field(
        default="",
        description="The proxy's other name, at which it asks apps for a TLS certificate; apps find it in the discovery document.",
    )
    client_certificate_ca: Path | None = Field(
        default=None, description="Certificate authorities for apps that authenticate by tls_client_auth, as a PEM file."
    )
    organisation: str = Field(default="一码", description="The name shown on the sign-in page.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="What is logged.")

    session_idle: Seconds = Field(default=4 * 3600, description="A sign-in ends after this long without use.")
    session_absolute: Seconds = Field(default=12 * 3600, description="A sign-in ends after this long in any case.")
    activation_lifetime: Seconds = Field(default=14 * 86400, description="How long an activation code can be used.")
    totp_algorithm: Literal["SHA1", "SHA256", "SHA512"] = Field(
        default="SHA1", description="The algorithm of new authenticator apps; many apps know SHA1 alone."
    )
    totp_digits: Literal[6, 8] = Field(default=6, description="How many digits the codes of new authenticator apps have.")
    sm3_otp_apps: bool = Field(
        default=False, description="Offer SM3 one-time codes by an app of your own; no standard says how apps take the key."
    )
    code_lifetime: Seconds = Field(default=60, le=600, description="How long an authorization code can be exchanged.")
    access_token_lifetime: Seconds = Field(default=3600, le=86400, description="How long an access token is good.")
    id_token_lifetime: Seconds = Field(default=3600, le=86400, description="How long an ID token is good.")
    refresh_token_idle: Seconds = Field(default=14 * 86400, description="A refresh token ends after this long without use.")
    refresh_token_absolute: Seconds = Field(default=90 * 86400, description="A refresh token's family ends after this long.")
    jwks_max_age: Seconds = Field(default=300, description="How long an app may keep our key set; a new key waits as long.")
    client_cache: int = Field(default=5, ge=0, le=60, description="How long a worker may keep an app's registration.")
    public_subjects: bool = Field(
        default=False, description="Whether an app may be registered for the same subject in every app; pairwise otherwise."
    )
    redirect_domains: str = Field(
        default="", description="Domains that redirect URIs must lie under, separated by commas: edu.cn,example.cn. Empty: any."
    )
    registration: Literal["closed", "token", "open"] = Field(
        default="token",
        description="Who may register apps over the network: nobody, who has an initial access token, or anybody.",
    )
    registration_owner: str = Field(
        default="", description="The institution that owns what anybody registers; needed where registration is open."
    )
    registration_scopes: str = Field(
        default="openid profile", description="What an app may have that anybody registered, before an administrator says more."
    )
    registration_review: bool = Field(
        default=False, description="Whether an app that was registered over the network waits until an administrator approves it."
    )
    registration_requires_pkce: bool = Field(
        default=True, description="Whether apps registered over the network need PKCE though they have a secret or key."
    )
    release_memory_days: int = Field(
        default=3 * 366, ge=183, description="For how many days it is kept which app was told what about whom."
    )
    dpop_nonces: bool = Field(default=False, description="Whether a DPoP proof needs a nonce of ours (RFC 9449 §8).")
    allow_private_fetches: bool = Field(
        default=False, description="Let apps name addresses inside our own network, and plain http, for us to call: sign-out."
    )
    outgoing_seconds: float = Field(
        default=10,
        gt=0,
        le=60,
        description="How long an app's whole answer may take, and a second for every 32 KB that it may have.",
    )
    outgoing_ca: Path | None = Field(default=None, description="Certificate authorities for our calls to apps, as a PEM file.")
    webauthn_rp_id: str = Field(
        default="",
        description="The domain that passkeys are made for (RP ID): that of public_url, or one above it. Never change it.",
    )
    webauthn_related_origins: str = Field(
        default="",
        description="Other origins whose pages may use the same passkeys, separated by commas, named in /.well-known/webauthn.",
    )
    demo_ports: str = Field(default="8001,8002", pattern=r"^\d{2,5},\d{2,5}$", description="The ports of the two demo apps.")

    @model_validator(mode="before")
    @classmethod
    def _default_public_url(cls, values: dict[str, Any]) -> dict[str, Any]:
        port = str(values.get("bind", "")).rpartition(":")[2]
        if "public_url" not in values and port.isdigit():
            values = values | {"public_url": f"http://localhost:{port}"}
        parts = urlsplit(str(values.get("public_url", cls.model_fields["public_url"].default)))
        if "phone_url" not in values and parts.hostname == "localhost" and parts.scheme == "http":
            # Browsers send every name under .localhost to this very machine (RFC 6761 §6.3).
            values = values | {"phone_url": f"http://phone.{parts.netloc}"}
        return values

    @field_validator("public_url", "mtls_url", "phone_url")
    @classmethod
    def _public_url(cls, value: str, info: ValidationInfo) -> str:
        value = value.rstrip("/")
        if not value and info.field_name != "public_url":
            return value
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query or parts.fragment:
            raise ValueError("must be an origin such as https://id.example.edu.cn, without a path")
        if parts.scheme == "http" and not is_loopback(parts.hostname):
            raise ValueError("must be https; plain http is for loopback addresses only")
        return value

    @field_validator("proxy_addresses")
    @classmethod
    def _proxy_addresses(cls, value: str) -> str:
        for text in value.split(","):
            ipaddress.ip_network(text.strip())
        return value

    @field_validator("webauthn_rp_id")
    @classmethod
    def _webauthn_rp_id(cls, value: str) -> str:
        if value and not _DOMAIN.fullmatch(value):
            raise ValueError("must be a domain in small letters, such as example.edu.cn, without scheme and port")
        return value

    @field_validator("webauthn_related_origins")
    @classmethod
    def _webauthn_related_origins(cls, value: str) -> str:
        for origin in _listed(value):
            parts = urlsplit(origin)
            if parts.scheme != "https" or not parts.hostname or origin != f"https://{parts.netloc}".lower():
                raise ValueError("must be origins such as https://id.example.cn, separated by commas")
        return value

    @field_validator("bind")
    @classmethod
    def _bind(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        if not host or not port.isdigit() or not 0 < int(port) < 65536:
            raise ValueError("must be HOST:PORT")
        return value

    @field_validator("master_key")
    @classmethod
    def _master_key(cls, value: SecretStr | None) -> SecretStr | None:
        text = value.get_secret_value() if value else "0" * 64
        if len(text) != 64 or any(c not in "0123456789abcdefABCDEF" for c in text):
            raise ValueError("must be 64 hexadecimal digits")
        return value

    @model_validator(mode="after")
    def _together(self) -> "Settings":
        if self.session_idle > self.session_absolute:
            raise ValueError("session_idle must not be longer than session_absolute")
        if self.refresh_token_idle > self.refresh_token_absolute:
            raise ValueError("refresh_token_idle must not be longer than refresh_token_absolute")
        if self.client_certificate_header and not self.trusted_proxies:
            raise ValueError("client_certificate_header needs a proxy to set it: set trusted_proxies too")
        if self.mtls_url and not self.client_certificate_header:
            raise ValueError("mtls_url needs client_certificate_header, or no certificate is ever seen")
        if self.certificate_sign_in != "off" and not self.mtls_url:
            raise ValueError("certificate_sign_in needs mtls_url, where browsers are asked for a certificate")
        if self.phone_url and urlsplit(self.phone_url).hostname == urlsplit(self.public_url).hostname:
            raise ValueError("phone_url must have a host of its own, or the pages of public_url could read the phone's keys")
        if self.registration == "open" and not self.registration_owner:
            raise ValueError("open registration needs registration_owner, the code of an institution")
        return self

    @model_validator(mode="after")
    def _passkeys(self) -> "Settings":
        host = urlsplit(self.public_url).hostname or ""
        rp_id = self.webauthn_rp_id
        # WebAuthn §5.1.3 and §5.11: a domain of ours, or one whose owner names us as a related origin.
        if rp_id and host != rp_id and not host.endswith(f".{rp_id}") and self.public_url not in self.related_origins:
            raise ValueError("webauthn_rp_id is no domain of public_url, and webauthn_related_origins does not name public_url")
        return self

    @property
    def database(self) -> str:
        """The database's URL, the default filled in."""
        return self.database_url or f"sqlite:///{self.home.absolute() / 'yima.db'}"

    @property
    def redirect_domain_list(self) -> tuple[str, ...]:
        """The domains of ``redirect_domains``."""
        return tuple(name.lower().lstrip(".") for name in _listed(self.redirect_domains))

    @property
    def rp_id(self) -> str:
        """The domain that passkeys are made for; empty where we have none: browsers make no passkeys for IP addresses."""
        host = urlsplit(self.public_url).hostname or ""
        return self.webauthn_rp_id or (host if _DOMAIN.fullmatch(host) and not _is_address(host) else "")

    @property
    def related_origins(self) -> tuple[str, ...]:
        """The origins of ``webauthn_related_origins``."""
        return tuple(_listed(self.webauthn_related_origins))

    @property
    def proxy_networks(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """The networks of ``proxy_addresses``."""
        return tuple(ipaddress.ip_network(text.strip()) for text in self.proxy_addresses.split(","))

    @property
    def secure(self) -> bool:
        """Whether people reach us by https, so that cookies can insist on it."""
        return self.public_url.startswith("https://")

    @property
    def bind_host(self) -> str:
        """The host of ``bind``, without the brackets of an IPv6 address."""
        return self.bind.rpartition(":")[0].strip("[]")

    @property
    def bind_port(self) -> int:
        """The port of ``bind``."""
        return int(self.bind.rpartition(":")[2])

    @property
    def longest_token(self) -> timedelta:
        """The longest life of anything signed: a retired key stays published for it."""
        return timedelta(seconds=max(self.access_token_lifetime, self.id_token_lifetime))


def is_loopback(host: str) -> bool:
    """Whether ``host`` (a name or an address, IPv6 without brackets) is this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    return _is_address(host) and ipaddress.ip_address(host).is_loopback


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _listed(value: str) -> list[str]:
    return [item.strip() for item in value.split(",") if item.strip()]


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process, from ``environment`` (default: the process's) and the data folder's ``yima.toml``.

    Raises :class:`SettingsError` naming the first setting that is wrong or unknown.
    """
    environment = os.environ if environment is None else environment
    named = {key[len(PREFIX) :].lower(): value for key, value in environment.items() if key.startswith(PREFIX)}
    home = Path(named.get("home", Settings.model_fields["home"].default))
    values: dict[str, Any] = _read_file(home / "yima.toml") | named
    try:
        return Settings(**values)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "yima.toml"
        if first["type"] == "extra_forbidden":
            raise SettingsError(name=_spelt(name, named), reason="there is no such setting") from None
        reason = first["msg"].removeprefix("Value error, ")
        raise SettingsError(name=_spelt(name, named), reason=reason) from None


def _spelt(name: str, named: Mapping[str, str]) -> str:
    return PREFIX + name.upper() if name in named else name


def _read_file(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(name=str(path), reason=str(error)) from None
    if "home" in values:
        raise SettingsError(name="home", reason="cannot be set in yima.toml, which lies in it")
    return values
