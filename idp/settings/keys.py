"""The settings of the key ring, a part of :class:`idp.settings.Settings`."""

from pydantic import BaseModel, Field


class KeySettings(BaseModel):
    """How old a key may become before the server lets the next one take over; 0 leaves that to you."""

    key_token_days: int = Field(
        default=90, ge=0, le=3650, description="For how many days a key signs tokens before the next takes over; 0: for good."
    )
    key_seal_days: int = Field(
        default=365, ge=0, le=3650, description="The same for the keys that seal secrets and authorities' keys; 0: for good."
    )
    key_password_days: int = Field(
        default=365, ge=0, le=3650, description="The same for the key that is part of every password's verifier; 0: for good."
    )
    key_web_days: int = Field(
        default=365, ge=0, le=3650, description="The same for the key that signs the pages' cookies; 0: for good."
    )
    key_audit_days: int = Field(default=365, ge=0, le=3650, description="The same for the key that seals the journal; 0: for good.")
