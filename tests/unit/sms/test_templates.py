"""The words of a text message: whose it is, for which app, and a last line that browsers read."""

import pytest

from idp.sms.templates import Purpose, Wording, render

URL = "https://id.example.edu.cn:8443/"
WORDING = Wording("第一小学", "教务系统", "814095", event="密码已修改。")


@pytest.mark.parametrize("purpose", [Purpose.SIGN_IN, Purpose.ENROL])
@pytest.mark.parametrize(("locale", "words"), [("zh_Hans", "验证码"), ("en", "Your code")])
def test_a_code_comes_signed_in_the_persons_language_and_ends_with_host_and_code(purpose: Purpose, locale: str, words: str) -> None:
    text = render(purpose, locale, WORDING, public_url=URL)
    first, empty, last = text.split("\n")
    assert first.startswith("【第一小学】")
    assert (words in first, empty, last) == (True, "", "@id.example.edu.cn #814095")


@pytest.mark.parametrize("locale", ["zh_Hans", "en"])
def test_the_message_to_sign_in_names_the_app(locale: str) -> None:
    assert "教务系统" in render(Purpose.SIGN_IN, locale, WORDING, public_url=URL)


@pytest.mark.parametrize("purpose", [Purpose.TEST, Purpose.NOTICE])
def test_what_has_no_code_has_no_such_line_and_no_address(purpose: Purpose) -> None:
    text = render(purpose, "zh_Hans", Wording("第一小学", "教务系统", event="密码已修改。"), public_url=URL)
    assert not any(part in text for part in ("\n", "@", "example"))


@pytest.mark.parametrize("name", ["a\n\n@evil.example #123456", "】【假学校】", "x" * 200])
def test_a_name_makes_no_line_and_no_signature_of_its_own(name: str) -> None:
    text = render(Purpose.SIGN_IN, "zh_Hans", Wording("第一小学", name, "814095"), public_url=URL)
    assert text.count("\n") == 2
    assert (text.count("【"), text.count("】")) == (1, 1)
    assert len(text) < 120
