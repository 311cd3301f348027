"""Asking a platform, call by call, until it has said who has come."""

import base64
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from idp.crypto import sm3
from idp.outgoing.fetch import Fetched
from idp.upstream.arrival import values_at
from idp.upstream.errors import AnswerRefused, UpstreamSilent
from idp.upstream.kinds import Upstream
from idp.upstream.oauth2.description import Call, Description
from idp.upstream.oauth2.templates import fill, fill_address
from idp.upstream.oidc.client import with_query
from idp.upstream.server import UpstreamServer, json_of

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
LONGEST_KEPT = 86400
EARLIER = 60
"""A token is asked for anew a minute before it is over."""


class StaleToken(AnswerRefused):
    """The platform says that a token of ours is void."""


def run(server: UpstreamServer, upstream: Upstream, given: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """What the platform says. ``given`` is what came back, the secrets among it. Raises :class:`UpstreamError`.

    A token that was kept may have been taken back meanwhile, by the platform or by another process of ours that asked for one:
    where it says so, everything is asked again with a new one, once.
    """
    try:
        return _run(server, upstream, given)
    except StaleToken:
        for key in [key for key in server.kept if key.startswith(f"{upstream.slug}/")]:
            server.kept.pop(key, None)
    return _run(server, upstream, given)


def _run(server: UpstreamServer, upstream: Upstream, given: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    settings: Description = upstream.settings
    values: dict[str, str] = {**settings.resolved, **given}
    taken: dict[str, tuple[str, ...]] = {}
    for number, call in enumerate(settings.call):
        found = _taken(server, upstream, number, call, values, _key(upstream, call))
        taken |= found
        values |= {name: texts[0] for name, texts in found.items()}
    return taken | {name: _decrypted(upstream, taken[name]) for name in settings.decrypt if name in taken}


def _taken(
    server: UpstreamServer, upstream: Upstream, number: int, call: Call, values: Mapping[str, str], key: str
) -> dict[str, tuple[str, ...]]:
    now = time.monotonic()
    kept = server.kept.get(key)
    if call.is_kept and kept is not None and now < kept[0]:
        return {name: tuple(texts) for name, texts in json.loads(kept[1]).items()}
    answer = _answer(server, upstream, call, values)
    found = {name: texts for name, place in call.take.items() if (texts := values_at(answer, place))}
    # The first that a call is made for has to be there; the others a platform tells of some people only.
    if next(iter(call.take)) not in found:
        raise AnswerRefused(provider=upstream.title, detail=f"call {number + 1}: nothing at {next(iter(call.take.values()))!r}")
    if call.is_kept:
        told = next(iter(values_at(answer, call.keep)), "") if call.keep else str(call.keep_seconds)
        seconds = min(int(told), LONGEST_KEPT) - EARLIER if told.isascii() and told.isdigit() and len(told) < 10 else 0
        if seconds > 0:
            server.kept[key] = (now + seconds, json.dumps(found))
    return found


def _key(upstream: Upstream, call: Call) -> str:
    """Of one app at one platform: an entry that is taken away and made anew for another app does not find the old one's token."""
    asked = json.dumps([call.model_dump(mode="json"), upstream.settings.values], sort_keys=True)
    return f"{upstream.slug}/{sm3.digest(asked.encode()).hex()}"


def _answer(server: UpstreamServer, upstream: Upstream, call: Call, values: Mapping[str, str]) -> Mapping[str, Any]:
    settings: Description = upstream.settings
    title, url = upstream.title, fill_address(call.url, values, settings.resolved)
    if call.query:
        url = with_query(url, {name: fill(text, values) for name, text in call.query.items()})
    headers = {name: fill(text, values) for name, text in call.headers.items()}
    if call.method == "GET":
        fetched = server.get(title, url, headers)
    elif call.body:
        body = json.dumps({name: fill(text, values) for name, text in call.body.items()}).encode()
        fetched = server.post(title, url, body, JSON, headers=headers)
    else:
        body = urlencode({name: fill(text, values) for name, text in call.form.items()}).encode()
        fetched = server.post(title, url, body, FORM, headers=headers)
    return _checked(upstream, call, fetched)


def _checked(upstream: Upstream, call: Call, fetched: Fetched) -> Mapping[str, Any]:
    if fetched.status >= 500:
        raise UpstreamSilent(provider=upstream.title, detail=f"status {fetched.status}")
    answer = json_of(upstream.title, fetched)
    for place, voids in call.stale.items():
        if _plain(_found(answer, place)) in {_plain(one) for one in voids}:
            raise StaleToken(provider=upstream.title, detail=_said(answer))
    if fetched.status >= 300:
        raise AnswerRefused(provider=upstream.title, detail=f"status {fetched.status}: {_said(answer)}")
    for place, wanted in call.success.items():
        if _plain(_found(answer, place)) != _plain(wanted):
            raise AnswerRefused(provider=upstream.title, detail=f"{place} is not {_plain(wanted)}: {_said(answer)}")
    return answer


def _found(answer: Any, place: str) -> Any:
    for part in place.split("."):
        answer = answer.get(part) if isinstance(answer, Mapping) else None
    return answer


def _plain(value: object) -> str:
    """JSON's own spelling, so that ``0`` and ``"0"``, ``true`` and ``"true"`` are the same: platforms write either."""
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _said(answer: Mapping[str, Any]) -> str:
    """The platform's own code of what is wrong, for the operator; never its texts, which can hold anything."""
    for name in ("errcode", "error", "code", "retCode", "status"):
        value = answer.get(name)
        if isinstance(value, int | str) and len(str(value)) <= 40 and str(value).isprintable():
            return f"{name} {value!r}"
    return "no code"


def _decrypted(upstream: Upstream, texts: tuple[str, ...]) -> tuple[str, ...]:
    try:
        key = load_pem_private_key(upstream.secrets["private_key"].encode(), None)
        if not isinstance(key, RSAPrivateKey):
            raise TypeError
        plain = key.decrypt(base64.b64decode(texts[0], validate=True), padding.PKCS1v15()).decode()
    except (ValueError, TypeError, KeyError):
        raise AnswerRefused(provider=upstream.title, detail="a value that our private key does not open") from None
    read = values_at({"value": plain}, "value")
    if not read:
        raise AnswerRefused(provider=upstream.title, detail="an encrypted value that is no text")
    return read
