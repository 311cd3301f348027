"""Handing letters to a mail server by SMTP (RFC 5321)."""

import smtplib
import ssl
from email.errors import MessageError

from idp.errors import YimaError
from idp.mail.errors import AccountRefused, LetterRefused, MailError, Unreachable
from idp.mail.letter import Letter, compose
from idp.settings import Settings


class Smtp:
    """The mail server of the settings. Each letter has a connection of its own: there are few, and none waits for another."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def send(self, letter: Letter) -> None:
        """Hands the letter over. Raises a :class:`MailError`; :class:`LetterRefused` where trying again is of no use."""
        here = self._settings
        try:
            message = compose(letter, sender=here.mail_from, sender_name=here.organisation)
        except (MessageError, ValueError, UnicodeError):
            raise LetterRefused(detail="it cannot be written as e-mail") from None
        try:
            with self._connected() as server:
                server.send_message(message, from_addr=here.mail_from, to_addrs=[letter.address])
        except YimaError:
            raise
        except smtplib.SMTPException as error:
            raise _meaning(error) from None
        except OSError as error:  # ssl.SSLError among them
            raise Unreachable(detail=type(error).__name__) from None

    def _connected(self) -> smtplib.SMTP:
        here = self._settings
        context = ssl.create_default_context(cafile=here.mail_ca)
        if here.mail_security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(here.mail_host, here.mail_port, timeout=here.mail_timeout, context=context)
        else:
            server = smtplib.SMTP(here.mail_host, here.mail_port, timeout=here.mail_timeout)
        try:
            if here.mail_security == "starttls":
                server.starttls(context=context)  # raises where the server does not offer it: nothing goes in clear
            if here.mail_user and here.mail_password is not None:
                server.login(here.mail_user, here.mail_password.get_secret_value())
        except BaseException:
            server.close()
            raise
        return server


def _meaning(error: smtplib.SMTPException) -> MailError:
    """RFC 5321 §4.2.1: 4yz may be tried again, 5yz is for ever. What the server says beside its code stays there."""
    match error:
        case smtplib.SMTPRecipientsRefused(recipients=refused):
            code = next((code for code, _ in refused.values()), 0)
        case smtplib.SMTPAuthenticationError() | smtplib.SMTPSenderRefused():
            return AccountRefused(detail=f"status {error.smtp_code}")
        case smtplib.SMTPConnectError() | smtplib.SMTPHeloError():
            return Unreachable(detail=f"status {error.smtp_code}")
        case smtplib.SMTPResponseException(smtp_code=code):
            pass
        case smtplib.SMTPNotSupportedError():
            return Unreachable(detail="the server lacks STARTTLS, AUTH or SMTPUTF8")
        case _:
            return Unreachable(detail=type(error).__name__)
    return LetterRefused(detail=f"status {code}") if 500 <= code < 600 else MailError(detail=f"status {code}")
