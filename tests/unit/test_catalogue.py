"""Every message in every language: nothing untranslated, nothing left over, and the same blanks to fill in."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from idp.i18n import LOCALES, negotiate, translate
from tools.translations import catalogues, extracted

BLANK = re.compile(r"%\(\w+\)s|\{\w+(?:!r)?\}")

# A comma of the other script next to a character, or after a blank that is filled in.
LATIN_STOP = re.compile(r"[\u4e00-\u9fff][,:;!?](?=[\u4e00-\u9fff%])|\)s,(?=[\u4e00-\u9fff%])")


@pytest.mark.parametrize("path", catalogues(), ids=lambda path: path.parts[-3])
def test_every_message_is_translated_with_the_same_blanks(path: Path) -> None:
    with path.open("rb") as file:
        catalogue = read_po(file)
    wanted = {message.id if isinstance(message.id, str) else message.id[0] for message in extracted() if message.id}
    there = {message.id if isinstance(message.id, str) else message.id[0]: message for message in catalogue if message.id}
    assert wanted == set(there)
    for text, message in there.items():
        strings = [message.string] if isinstance(message.string, str) else list(message.string)
        assert all(strings), text
        possible = set(BLANK.findall(text)) | set(BLANK.findall(message.id[1] if not isinstance(message.id, str) else ""))
        for string in strings:
            assert set(BLANK.findall(string)) <= possible, text
            assert string.isprintable() or "\n" in string, text


def test_chinese_sentences_end_like_chinese_sentences() -> None:
    with catalogues()[0].open("rb") as file:
        for message in read_po(file):
            if isinstance(message.id, str) and message.id and isinstance(message.string, str):
                assert not message.string.endswith("."), message.string
                assert not LATIN_STOP.search(message.string), message.string


def test_a_language_is_negotiated_from_what_browsers_and_terminals_send() -> None:
    for tag, expected in (
        ("zh-TW", "zh_Hans"),
        ("zh", "zh_Hans"),
        ("EN-us", "en"),
        ("en_GB.UTF-8", "en"),
        ("fr", None),
        ("", None),
        ("x" * 500, None),
    ):
        assert negotiate([tag]) == expected, tag


def test_an_unknown_message_and_a_missing_blank_are_shown_as_they_are() -> None:
    assert set(LOCALES) == {"zh_Hans", "en"}
    assert translate("never heard of", "zh_Hans") == "never heard of"
