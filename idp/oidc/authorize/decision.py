"""What a request still needs before it can be answered."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from idp.apps.audience import is_for
from idp.keys import Vault
from idp.login.requirement import Requirement, is_satisfied
from idp.login.sessions import SignedIn
from idp.oidc.authorize.request import AuthorizeRequest
from idp.oidc.errors import ConsentRequired, LoginRequired, NotForThisPerson
from idp.release import consent
from idp.web.headers import origin_of


class Need(StrEnum):
    """``sign_in`` and ``consent`` go to the person, as does ``explanation``: the app is not for them. ``nothing`` means: answer."""

    SIGN_IN = "sign_in"
    CONSENT = "consent"
    EXPLANATION = "explanation"
    NOTHING = "nothing"


def is_the_one(request: AuthorizeRequest, signed_in: SignedIn | None, vault: Vault) -> bool:
    """Whether whoever is signed in is one of those the app asked for (OpenID Connect Core 1.0 §3.1.2.1, §5.5.1)."""
    if signed_in is None or not request.subjects:
        return True
    return vault.pairwise_subject(request.client.sector, signed_in.person_number) in request.subjects


def requirement(request: AuthorizeRequest, signed_in: SignedIn | None, since: datetime | None, vault: Vault) -> Requirement:
    """What the sign-in must be. ``since`` is when the request began to wait, ``None`` for one that has just come.

    OpenID Connect Core 1.0 §3.1.2.1: ``prompt=login`` and ``select_account`` ask again; having asked *for this request* is enough.
    """
    asks_again = bool(request.prompt & {"login", "select_account"}) or not is_the_one(request, signed_in, vault)
    asked = since is not None and signed_in is not None and signed_in.auth_time >= since
    return Requirement(
        level=request.client.policy.required_level,
        wished=request.levels,
        max_age=None if asked else request.max_age,
        force=asks_again and not asked,
        login_hint=request.login_hint,
        app_name=request.client.name,
        app_origin=origin_of(request.redirect_uri),
        client_id=request.client.id,
    )


def need(
    request: AuthorizeRequest,
    wanted: Requirement,
    signed_in: SignedIn | None,
    session: Session,
    vault: Vault,
    now: datetime,
    *,
    agreed: bool,
) -> Need:
    """What is missing. Where ``prompt=none`` forbids asking, raises :class:`LoginRequired`, :class:`ConsentRequired` or
    :class:`NotForThisPerson`.
    """
    if signed_in is None or not is_satisfied(session, request.provider.site, wanted, signed_in, now):
        if "none" in request.prompt:
            raise LoginRequired
        return Need.SIGN_IN
    if not is_the_one(request, signed_in, vault):
        # Somebody else has signed in although the app named another: there is nothing to tell it about them.
        raise LoginRequired
    if not is_for(session, request.client.audience, signed_in.person_id, now.date()):
        if "none" in request.prompt:
            raise NotForThisPerson
        return Need.EXPLANATION
    # RFC 9396 §1: details are of one case, so that an earlier consent cannot cover them.
    one_case = bool(request.authorization_details) and not request.client.policy.trusted and not agreed
    covered = consent.covers(session, vault, request.client, signed_in.person_id, request.consent_scopes, now.date())
    if "consent" in request.prompt or one_case or not covered:
        if "none" in request.prompt:
            raise ConsentRequired
        return Need.CONSENT
    return Need.NOTHING
