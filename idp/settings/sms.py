"""The settings of text messages, a part of :class:`idp.settings.Settings`.

They are checked together: a provider that is named but half configured stops the start.
"""

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, SecretStr, model_validator

PROVIDERS = ("cmpp3", "smpp", "aliyun", "tencent", "console")
Fen = Annotated[int, Field(ge=0, le=10_000)]
Address = Annotated[str, Field(pattern=r"^$|^\S+:\d{1,5}$")]

# What each provider cannot do without.
NEEDED = {
    "cmpp3": ("sms_cmpp3_gateway", "sms_cmpp3_sp_id", "sms_cmpp3_secret", "sms_cmpp3_access_number"),
    "smpp": ("sms_smpp_gateway", "sms_smpp_system_id", "sms_smpp_password"),
    "aliyun": ("sms_aliyun_key_id", "sms_aliyun_key_secret", "sms_aliyun_sign_name", "sms_aliyun_template"),
    "tencent": (
        "sms_tencent_secret_id",
        "sms_tencent_secret_key",
        "sms_tencent_app_id",
        "sms_tencent_sign_name",
        "sms_tencent_template",
    ),
    "console": (),
}


class SmsSettings(BaseModel):
    """Who sends text messages, at what price, and within which limits. Prices are fen for each segment."""

    public_url: str

    sms_providers: str = Field(
        default="",
        description="Who sends text messages, in the order they are tried: cmpp3, smpp, aliyun, tencent; console for development. "
        "Empty: no text messages.",
    )
    sms_timeout: int = Field(default=8, ge=1, le=10, description="How many seconds a provider has to take a message.")
    sms_countries: str = Field(
        default="86", pattern=r"^\d{1,3}(,\d{1,3})*$", description="Calling codes that messages may go to, separated by commas."
    )
    sms_limits: Literal["record_only", "enforce"] = Field(
        default="record_only",
        description="What the limits per network and the budget of unanswered codes do when reached: write it down, or refuse. "
        "The limits per number and per person hold in any case.",
    )
    sms_network_hourly: int = Field(
        default=20, gt=0, description="Messages that one IP address (IPv6: one /64) may cause in an hour."
    )
    sms_wide_network_hourly: int = Field(
        default=100, gt=0, description="Messages that one /24 (IPv6: one /48) may cause in an hour."
    )
    sms_daily_budget: int = Field(
        default=20, gt=0, description="Codes a day that may stay unanswered before 0.3 of the best day of the last 14 is more."
    )
    sms_kept_days: int = Field(default=90, ge=1, le=730, description="How long it is kept which message went where and cost what.")

    sms_cmpp3_gateway: Address = Field(
        default="", description="HOST:PORT of the China Mobile gateway (CMPP 3.0); usually port 7890."
    )
    sms_cmpp3_sp_id: str = Field(default="", pattern=r"^[!-~]{0,6}$", description="The enterprise code (SP_Id), six characters.")
    sms_cmpp3_secret: SecretStr | None = Field(default=None, description="The shared secret of CMPP.")
    sms_cmpp3_service_id: str = Field(default="", pattern=r"^[!-~]{0,10}$", description="The service code (Service_Id).")
    sms_cmpp3_access_number: str = Field(
        default="", pattern=r"^\d{0,21}$", description="The number that messages come from (Src_Id)."
    )
    sms_cmpp3_check_gateway: bool = Field(
        default=True,
        description="Whether the gateway has to prove that it knows the secret too; some send a proof of another form.",
    )
    sms_cmpp3_window: int = Field(default=16, ge=1, le=256, description="How many messages may wait for the gateway's answer.")
    sms_cmpp3_price: Fen = Field(default=0, description="What a segment costs by CMPP, in fen.")

    sms_smpp_gateway: Address = Field(default="", description="HOST:PORT of an SMPP 3.4 gateway; usually port 2775.")
    sms_smpp_system_id: str = Field(default="", max_length=15, description="The account at the SMPP gateway.")
    sms_smpp_password: SecretStr | None = Field(
        default=None, description="The password at the SMPP gateway, at most eight characters."
    )
    sms_smpp_sender: str = Field(default="", max_length=20, description="The number or name that messages come from.")
    sms_smpp_tls: bool = Field(default=False, description="Whether the SMPP gateway is reached by TLS.")
    sms_smpp_price: Fen = Field(default=0, description="What a segment costs by SMPP, in fen.")

    sms_aliyun_key_id: str = Field(default="", max_length=128, description="AccessKey ID of Aliyun.")
    sms_aliyun_key_secret: SecretStr | None = Field(default=None, description="AccessKey secret of Aliyun.")
    sms_aliyun_sign_name: str = Field(default="", max_length=24, description="The signature that Aliyun has approved.")
    sms_aliyun_template: str = Field(
        default="", max_length=32, description="The approved template with ${code}, such as SMS_123456."
    )
    sms_aliyun_template_en: str = Field(default="", max_length=32, description="The same in English; without it the Chinese one.")
    sms_aliyun_notice: str = Field(
        default="", max_length=32, description="The approved template with ${event} for notices; without it Aliyun sends none."
    )
    sms_aliyun_url: str = Field(default="https://dysmsapi.aliyuncs.com", description="The address of Aliyun's message service.")
    sms_aliyun_price: Fen = Field(default=0, description="What a segment costs at Aliyun, in fen.")

    sms_tencent_secret_id: str = Field(default="", max_length=128, description="SecretId of Tencent Cloud.")
    sms_tencent_secret_key: SecretStr | None = Field(default=None, description="SecretKey of Tencent Cloud.")
    sms_tencent_app_id: str = Field(default="", pattern=r"^\d{0,20}$", description="SmsSdkAppId of the message application.")
    sms_tencent_sign_name: str = Field(default="", max_length=24, description="The signature that Tencent has approved.")
    sms_tencent_template: str = Field(default="", pattern=r"^\d{0,20}$", description="The approved template with {1}, the code.")
    sms_tencent_template_en: str = Field(
        default="", pattern=r"^\d{0,20}$", description="The same in English; without it the Chinese one."
    )
    sms_tencent_notice: str = Field(
        default="",
        pattern=r"^\d{0,20}$",
        description="The approved template with {1}, what happened, for notices; without it Tencent sends none.",
    )
    sms_tencent_region: str = Field(default="ap-guangzhou", description="The region of Tencent's message service.")
    sms_tencent_url: str = Field(default="https://sms.tencentcloudapi.com", description="The address of Tencent's message service.")
    sms_tencent_price: Fen = Field(default=0, description="What a segment costs at Tencent, in fen.")

    @model_validator(mode="after")
    def _sms_complete(self) -> "SmsSettings":
        chosen = self.sms_provider_list
        for name in chosen:
            if name not in PROVIDERS:
                raise ValueError(f"sms_providers: there is no provider {name}; there are {', '.join(PROVIDERS)}")
            missing = [needed for needed in NEEDED[name] if not getattr(self, needed)]
            if missing:
                raise ValueError(f"sms_providers names {name}, which needs {missing[0]}")
        if len(set(chosen)) != len(chosen):
            raise ValueError("sms_providers names a provider twice")
        return self

    @model_validator(mode="after")
    def _sms_together(self) -> "SmsSettings":
        # Our policy: a console that prints codes is for a developer's own machine.
        if "console" in self.sms_provider_list and self.public_url.startswith("https://"):
            raise ValueError("sms_providers: console prints codes and is refused where people come by https")
        if self.sms_wide_network_hourly < self.sms_network_hourly:
            raise ValueError("sms_wide_network_hourly must not be smaller than sms_network_hourly")
        if self.sms_smpp_password and len(self.sms_smpp_password.get_secret_value()) > 8:
            raise ValueError("sms_smpp_password must not be longer than eight characters (SMPP 3.4 §5.2.2)")
        for name in ("sms_cmpp3_gateway", "sms_smpp_gateway"):
            port = getattr(self, name).rpartition(":")[2]
            if port and not 0 < int(port) < 65536:
                raise ValueError(f"{name} names a port that is none: {port}")
        for name in ("sms_aliyun_url", "sms_tencent_url"):
            parts = urlsplit(getattr(self, name))
            if parts.scheme not in ("http", "https") or not re.fullmatch(r"[^/?#@\s]+", parts.netloc) or parts.path.strip("/"):
                raise ValueError(f"{name} must be an origin such as https://dysmsapi.aliyuncs.com")
        return self

    @property
    def sms_provider_list(self) -> tuple[str, ...]:
        """The providers of ``sms_providers``, in their order."""
        return tuple(name.strip().lower() for name in self.sms_providers.split(",") if name.strip())

    @property
    def sms_country_list(self) -> tuple[str, ...]:
        """The calling codes of ``sms_countries``."""
        return tuple(self.sms_countries.split(","))
