"""A letter, and the form it travels in."""

from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime


@dataclass(frozen=True)
class Letter:
    """Plain text to one address. ``reference`` is ours and for once; ``written_at`` in UTC."""

    reference: str
    address: str = field(repr=False)
    subject: str
    text: str = field(repr=False)
    written_at: datetime


def compose(letter: Letter, *, sender: str, sender_name: str) -> EmailMessage:
    """The letter by RFC 5322, UTF-8."""
    user, _, domain = sender.rpartition("@")
    message = EmailMessage(policy=SMTP.clone(raise_on_defect=False))
    message["From"] = Address(_one_line(sender_name), user, domain)
    message["To"] = letter.address
    message["Subject"] = _one_line(letter.subject)
    message["Date"] = format_datetime(letter.written_at)
    # The same at every try: whoever gets the letter twice sees that it is one.
    message["Message-ID"] = f"<{letter.reference}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834 §5: so that no machine answers
    message.set_content(letter.text, cte="base64")
    return message


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
