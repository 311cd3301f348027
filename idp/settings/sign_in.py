"""The settings of devices and of the record of sign-ins, a part of :class:`idp.settings.Settings`."""

from typing import Literal

from pydantic import BaseModel, Field


class SignInSettings(BaseModel):
    """What browsers are remembered for, and what is kept of sign-ins."""

    remembered_device_days: int = Field(
        default=30, ge=0, le=90, description="For how many days a person may have a device remembered; 0: not at all."
    )
    remembered_device_level: Literal[1, 2] = Field(
        default=1,
        description="What a remembered device counts for beside the password: 1, it spares the second step where an app asks for "
        "none; 2, also where an app requires level 2. Never level 3, and never for administrators.",
    )
    certificate_sign_in: Literal["off", "second", "first"] = Field(
        default="off",
        description="Signing in with a certificate of an authority of this installation, shown at mtls_url: off; second, beside "
        "the password, for level 2; first, also in place of the password, for level 1.",
    )
    sign_ins_kept_days: int = Field(
        default=90, ge=7, le=366, description="For how many days it is kept who signed in when and how."
    )
