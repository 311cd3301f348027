"""What can be said of a platform: where people go, what we ask when they are back, and where in the answers it says who they are.

A description is data: it is entered by the operator, and cannot do more than send texts to addresses and read texts from answers.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from idp.upstream.arrival import FIELDS
from idp.upstream.kinds import KindSettings
from idp.upstream.oauth2.templates import fill, places

_Name = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,40}$")]
_Text = Annotated[str, Field(max_length=1000)]
_Parameter = Annotated[str, Field(min_length=1, max_length=100)]
_Texts = Annotated[dict[_Parameter, _Text], Field(max_length=20)]

GIVEN = ("client_id", "redirect_uri", "state", "scope")
"""What an authorization address can name besides the operator's own values."""

RETURNED = ("code", "client_secret", "code_verifier")
"""What only the calls to the platform can name, because it must not be seen by the browser."""


class Authorize(BaseModel):
    """Where people go. ``browser``: only those whose ``User-Agent`` has this text; the first that fits is taken.

    ``anew`` are the parameters that make the platform ask the person again, where it has any.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: _Text
    query: _Texts
    fragment: _Text = ""
    browser: _Text = ""
    anew: _Texts = {}


class Call(BaseModel):
    """A question to the platform. ``take`` names what is read from the answer, each from its place (see ``arrival``).

    ``success`` are places and the values that must stand there. ``keep`` is the place of the seconds for which what was taken is
    ours for everybody, such as an app's own token: it is not asked for again meanwhile; ``keep_seconds`` where none are told.
    ``stale`` are places and values by which the platform says that such a token is void: then a new one is asked for, once.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Literal["GET", "POST"] = "GET"
    url: _Text
    query: _Texts = {}
    form: _Texts = {}
    body: _Texts = {}
    headers: _Texts = {}
    success: Annotated[dict[_Parameter, str | int | bool], Field(max_length=5)] = {}
    take: Annotated[dict[_Name, _Parameter], Field(min_length=1, max_length=20)]
    stale: Annotated[dict[_Parameter, tuple[str | int, ...]], Field(max_length=5)] = {}
    keep: str = ""
    keep_seconds: Annotated[int, Field(ge=0, le=86400)] = 0

    @property
    def is_kept(self) -> bool:
        """Whether its answer is good for everybody for a while."""
        return bool(self.keep or self.keep_seconds)

    @property
    def texts(self) -> list[str]:
        """All that is filled in."""
        return [self.url, *self.query.values(), *self.form.values(), *self.body.values(), *self.headers.values()]

    @model_validator(mode="after")
    def _one_body(self) -> "Call":
        if (self.form and self.body) or (self.method == "GET" and (self.form or self.body)):
            raise ValueError("one body")
        return self


class Description(KindSettings):
    """A platform. ``values`` are the operator's own, by the names in ``needs``; ``about`` says what was confirmed of all this.

    ``fields`` say which of the things that were taken stand for what; ``decrypt`` those that are RSA-encrypted (PKCS #1 v1.5, in
    base64) for our private key. ``state_in_address``: the platform does not bring ``state`` back, so it stands in our address.
    """

    title_zh: str = ""
    title_en: str = ""
    about: _Text = ""
    needs: Annotated[tuple[_Name, ...], Field(max_length=10)] = ("client_id",)
    values: Annotated[dict[_Name, _Text], Field(max_length=20)]
    secrets: tuple[Literal["client_secret", "private_key"], ...] = ("client_secret",)
    scope: _Text = ""
    authorize: Annotated[tuple[Authorize, ...], Field(min_length=1, max_length=5)]
    code: _Parameter = "code"
    state_in_address: bool = False
    call: Annotated[tuple[Call, ...], Field(min_length=1, max_length=6)]
    fields: Annotated[dict[str, _Name], Field(max_length=20)]
    decrypt: tuple[_Name, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> "Description":
        missing = [name for name in self.needs if not self.values.get(name)]
        if missing:
            raise ValueError(f"values.{missing[0]}")
        known = {*self.values, *GIVEN, "code_challenge"}
        for way in self.authorize:
            texts = [way.url, way.fragment, *way.query.values(), *way.anew.values()]
            if any(not places(text) <= known for text in texts):
                raise ValueError("authorize")
        if self.authorize[-1].browser:
            raise ValueError("authorize")  # there must be a way for every browser
        self._check_calls(known - {"code_challenge"} | set(RETURNED))
        return self

    def _check_calls(self, known: set[str]) -> None:
        taken: set[str] = set()
        for call in self.call:
            if any(not places(text) <= known | taken for text in call.texts):
                raise ValueError("call")
            # What is kept for everybody must not rest on the code of one.
            if call.is_kept and any(places(text) & ({"code", "code_verifier"} | taken) for text in call.texts):
                raise ValueError("keep")
            if call.is_kept and self.fields.get("subject") in call.take:
                raise ValueError("keep")  # what is good for everybody is nobody
            taken |= set(call.take)
        if "subject" not in self.fields or not set(self.fields) <= set(FIELDS) or not set(self.fields.values()) <= taken:
            raise ValueError("fields")
        if not set(self.decrypt) <= taken or (self.decrypt and "private_key" not in self.secrets):
            raise ValueError("decrypt")

    @property
    def resolved(self) -> dict[str, str]:
        """The operator's values; one may name others."""
        return {name: fill(text, self.values) for name, text in self.values.items()}
