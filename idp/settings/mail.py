"""The settings of e-mail and of notices, a part of :class:`idp.settings.Settings`. Without a server no e-mail is sent."""

import re
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr, model_validator

_ADDRESS = re.compile(r"[^\s@<>\"]+@[^\s@<>\"]+")


class MailSettings(BaseModel):
    """Who sends e-mail, and where notices go."""

    mail_server: str = Field(
        default="", pattern=r"^$|^\S+:\d{1,5}$", description="HOST:PORT of the mail server that takes our e-mail; empty: no e-mail."
    )
    mail_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls",
        description="How the mail server is reached: starttls (usually port 587), tls (465); none for a server on this machine.",
    )
    mail_from: str = Field(default="", max_length=254, description="The address that our e-mail comes from.")
    mail_user: str = Field(default="", max_length=254, description="The account at the mail server; empty: none is needed.")
    mail_password: SecretStr | None = Field(default=None, description="The password at the mail server.")
    mail_ca: Path | None = Field(default=None, description="Certificate authorities for the mail server, as a PEM file.")
    mail_timeout: int = Field(default=10, ge=1, le=30, description="How many seconds the mail server has for each answer.")

    mail_own_address: bool = Field(
        default=True,
        description="Whether people may enter an e-mail address of their own at /me and confirm it; false: the school's stays.",
    )
    mail_network_hourly: int = Field(
        default=200, ge=1, description="How many codes that confirm an e-mail address may be asked for from one network in an hour."
    )

    notice_sms: Literal["all", "urgent", "off"] = Field(
        default="all",
        description="Which notices about an account also go out as text messages: all, those that may mean a theft, or none.",
    )
    notice_to_recorded: bool = Field(
        default=True,
        description="Whether notices also go to the number and address that the school has recorded, beside those that the "
        "person has proven.",
    )

    @model_validator(mode="after")
    def _mail_together(self) -> "MailSettings":
        if not self.mail_server:
            return self
        if not _ADDRESS.fullmatch(self.mail_from):
            raise ValueError("mail_server needs mail_from, an address such as no-reply@example.edu.cn")
        if bool(self.mail_user) != (self.mail_password is not None):
            raise ValueError("mail_user and mail_password need each other")
        # Our policy: what goes over a network goes encrypted.
        if self.mail_security == "none" and self.mail_host not in ("localhost", "127.0.0.1", "::1"):
            raise ValueError("mail_security: none is for a server on this machine; use starttls or tls")
        return self

    @property
    def mail_host(self) -> str:
        """The host of ``mail_server``, without the brackets of an IPv6 address."""
        return self.mail_server.rpartition(":")[0].strip("[]")

    @property
    def mail_port(self) -> int:
        """The port of ``mail_server``."""
        return int(self.mail_server.rpartition(":")[2])
