"""base64url, strictly."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.crypto import base64url
from idp.crypto.errors import InvalidEncoding


@given(st.binary(max_size=200))
def test_it_comes_back_and_is_what_the_standard_library_writes(data: bytes) -> None:
    text = base64url.encode(data)
    assert text == base64.urlsafe_b64encode(data).decode().rstrip("=")
    assert base64url.decode(text) == data


@given(st.text(max_size=30))
def test_what_decodes_is_the_one_spelling_of_its_bytes(text: str) -> None:
    try:
        data = base64url.decode(text)
    except InvalidEncoding:
        return
    assert base64url.encode(data) == text


@pytest.mark.parametrize("text", ["A", "AB", "AAB", "AA==", "A A", "AA\n", "++++", "////", "é", "AAAAA"])
def test_other_spellings_are_refused(text: str) -> None:
    with pytest.raises(InvalidEncoding):
        base64url.decode(text)
