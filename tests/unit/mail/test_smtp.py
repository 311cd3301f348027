"""Letters, over real SMTP."""

import email
import email.policy
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest
from pydantic import SecretStr

from idp.mail.errors import AccountRefused, LetterRefused, MailError, Unreachable
from idp.mail.letter import Letter
from idp.mail.smtp import Smtp
from idp.settings import Settings, SettingsError, load
from tests.services.mail_server import PASSWORD, USER, MailServer, running_mail_server
from tests.services.processes import free_port

MOMENT = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailServer]:
    with running_mail_server(tmp_path_factory.mktemp("mail")) as one:
        yield one


def settings(server: MailServer, port: int, **changes: Any) -> Settings:
    values = {
        "mail_server": f"localhost:{port}",
        "mail_from": "no-reply@example.edu.cn",
        "mail_ca": server.authority,
        "organisation": "第一中学",
        **changes,
    }
    return Settings(**values)


def guarded(server: MailServer, **changes: Any) -> Smtp:
    account = {"mail_user": USER, "mail_password": SecretStr(PASSWORD)}
    return Smtp(settings(server, server.starttls, **{**account, **changes}))


def letter(address: str = "lin@example.edu.cn", reference: str = "r1", subject: str = "第一中学：您的账号") -> Letter:
    return Letter(reference, address, subject, "有人登录了您的账号。\n.\n不是您本人？\n", MOMENT)


def arrived(server: MailServer, reference: str) -> tuple[dict[str, Any], EmailMessage]:
    for found in server.letters():
        message = email.message_from_string(found["content"], policy=email.policy.default)
        if message["Message-ID"] == f"<{reference}@example.edu.cn>":
            return found, message
    raise AssertionError(server.letters())


def test_a_letter_arrives_by_starttls_after_the_password_whole_and_in_chinese(server: MailServer) -> None:
    guarded(server).send(letter())
    found, message = arrived(server, "r1")
    assert (found["to"], found["tls"], found["authenticated"]) == (["lin@example.edu.cn"], True, True)
    assert (str(message["Subject"]), message["From"].addresses[0].display_name) == ("第一中学：您的账号", "第一中学")
    assert message.get_content().replace("\r\n", "\n") == "有人登录了您的账号。\n.\n不是您本人？\n"
    assert (message["Auto-Submitted"], message["Date"].datetime) == ("auto-generated", MOMENT)


def test_a_letter_arrives_by_tls_from_the_first_byte(server: MailServer) -> None:
    Smtp(settings(server, server.tls, mail_security="tls")).send(letter(reference="r2"))
    assert arrived(server, "r2")[0]["tls"]


def test_where_the_server_offers_no_starttls_nothing_is_sent(server: MailServer) -> None:
    with pytest.raises(Unreachable):
        Smtp(settings(server, server.plain)).send(letter(reference="r3"))
    assert not any("<r3@" in found["content"] for found in server.letters())


def test_a_server_whose_certificate_nobody_vouches_for_gets_neither_password_nor_letter(server: MailServer) -> None:
    with pytest.raises(Unreachable):
        guarded(server, mail_ca=None).send(letter(reference="r4"))
    assert not any("<r4@" in found["content"] for found in server.letters())


def test_a_wrong_password_is_told_apart_and_repeated_by_nobody(server: MailServer) -> None:
    with pytest.raises(AccountRefused) as caught:
        guarded(server, mail_password=SecretStr("a wrong one")).send(letter())
    assert "a wrong one" not in f"{caught.value} {caught.value.detail}"


@pytest.mark.parametrize(("address", "error"), [("nobody@example.edu.cn", LetterRefused), ("later@example.edu.cn", MailError)])
def test_an_address_that_does_not_exist_is_given_up_and_one_that_may_later_is_not(
    server: MailServer, address: str, error: type[MailError]
) -> None:
    with pytest.raises(MailError) as caught:
        Smtp(settings(server, server.plain, mail_security="none")).send(letter(address))
    assert caught.type is error
    assert address not in f"{caught.value} {caught.value.detail}"


def test_a_server_that_is_not_there_is_tried_again_later() -> None:
    with pytest.raises(Unreachable):
        Smtp(Settings(mail_server=f"localhost:{free_port()}", mail_from="a@b.cn", mail_security="none")).send(letter())


def test_a_name_with_line_breaks_makes_no_header(server: MailServer) -> None:
    here = settings(server, server.plain, mail_security="none", organisation="第一\r\nBcc: all@example.cn")
    Smtp(here).send(letter(reference="r5", subject="a\nBcc: b@c.cn"))
    found, message = arrived(server, "r5")
    assert (found["to"], message["Bcc"]) == (["lin@example.edu.cn"], None)


@pytest.mark.parametrize(
    "values",
    [
        {"YIMA_MAIL_SERVER": "mail"},
        {"YIMA_MAIL_SERVER": "mail:25"},
        {"YIMA_MAIL_SERVER": "mail:25", "YIMA_MAIL_FROM": "nobody"},
        {"YIMA_MAIL_SERVER": "mail:25", "YIMA_MAIL_FROM": "a@b.cn", "YIMA_MAIL_SECURITY": "none"},
        {"YIMA_MAIL_SERVER": "mail:25", "YIMA_MAIL_FROM": "a@b.cn", "YIMA_MAIL_USER": "a"},
        {"YIMA_MAIL_SERVER": "mail:25", "YIMA_MAIL_FROM": "a@b.cn", "YIMA_MAIL_PASSWORD": "a"},
    ],
)
def test_half_a_mail_server_stops_the_start(values: dict[str, str]) -> None:
    with pytest.raises(SettingsError):
        load(values)
