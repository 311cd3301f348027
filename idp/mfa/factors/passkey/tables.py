"""Rows of passkeys, beside those of all factors."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from idp.database import Base


class PasskeyOwner(Base):
    """What the authenticators of a person know them by: ``user_handle`` is 64 random bytes in base64url, made once."""

    __tablename__ = "passkey_owner"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, autoincrement=False)
    user_handle: Mapped[str] = mapped_column(String(86), unique=True)
