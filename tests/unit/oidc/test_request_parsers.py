"""Properties of what reads requests: whatever comes, it is read or refused with an error of ours."""

import json
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from hypothesis import given
from hypothesis import strategies as st

from idp.apps.errors import InvalidRegistration
from idp.oidc import authorization_details, claims_request, parameters, resources
from idp.oidc.clients.metadata import ClientMetadata
from idp.oidc.errors import OAuthError
from idp.oidc.parameters import REPEATABLE
from idp.release.scopes import split

words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
json_texts = st.text(max_size=300) | json_values.map(json.dumps)


@given(st.dictionaries(words.filter(lambda name: name not in REPEATABLE), words, max_size=10))
def test_what_was_form_encoded_is_read_as_it_was(given_parameters: dict[str, str]) -> None:
    assert parameters.parse(urlencode(given_parameters).encode()) == given_parameters


@given(st.binary(max_size=400))
def test_any_bytes_are_parameters_or_refused(body: bytes) -> None:
    with suppress(OAuthError):
        found = parameters.parse(body)
        assert all(name is not None and value for name, value in found.items())


@given(json_texts)
def test_any_claims_parameter_is_read_or_refused(text: str) -> None:
    with suppress(OAuthError):
        claims_request.parse(text)


@given(json_texts)
def test_any_authorization_details_are_read_or_refused(text: str) -> None:
    with suppress(OAuthError):
        for one in authorization_details.parse(text):
            assert isinstance(one["type"], str)


@given(st.text(max_size=300))
def test_any_resources_are_read_or_refused(text: str) -> None:
    with suppress(OAuthError):
        found = resources.parse({"resource": text})
        assert len(found) == len(set(found))


@given(st.dictionaries(st.sampled_from(list(ClientMetadata.model_fields)), json_values, max_size=5))
def test_any_client_metadata_is_read_or_refused(members: dict[str, Any]) -> None:
    with suppress(InvalidRegistration):
        ClientMetadata.from_json(members)


@given(st.lists(st.sampled_from(["openid", "profile", "x"])))
def test_scopes_are_each_there_once_in_their_order(names: list[str]) -> None:
    assert list(split(" ".join(names))) == list(dict.fromkeys(names))
