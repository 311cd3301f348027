"""The settings of cryptographic devices, a part of :class:`idp.settings.Settings`."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

_LABEL = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")


class SdfDevice(BaseModel):
    """One device by GM/T 0018: a table ``[sdf_devices.LABEL]`` in ``yima.toml``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    library: Path = Field(description="The shared library of the device's maker.")
    password_file: str = Field(
        default="",
        description="The file with the password of its keys, in the data folder or by its whole path; {index} in it: a file each.",
    )
    password: SecretStr | None = Field(default=None, description="The password itself, where there is no file.")
    sessions: int = Field(default=8, ge=1, le=256, description="How many sessions each worker opens at most.")
    seconds: float = Field(default=5, gt=0, le=60, description="How long one call may take.")

    @model_validator(mode="after")
    def _one_password(self) -> "SdfDevice":
        if self.password_file and self.password is not None:
            raise ValueError("give password_file or password, not both")
        return self


class DeviceSettings(BaseModel):
    """Which devices there are."""

    sdf_devices: Mapping[str, SdfDevice] = Field(
        default_factory=dict,
        description="Cryptographic devices with an SDF library (GM/T 0018), by label: library, password_file, sessions, seconds.",
    )

    @field_validator("sdf_devices", mode="before")
    @classmethod
    def _from_environment(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value or "{}")
        except ValueError:
            raise ValueError(
                'must be JSON such as {"hsm": {"library": "/opt/hsm/libsdf.so", "password_file": "hsm.pin"}}'
            ) from None

    @field_validator("sdf_devices")
    @classmethod
    def _labels(cls, value: Mapping[str, SdfDevice]) -> Mapping[str, SdfDevice]:
        for label in value:
            if _LABEL.fullmatch(label) is None:
                raise ValueError("a label is small letters, digits and hyphens, 31 at most")
        return value
