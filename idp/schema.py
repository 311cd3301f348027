"""Every table of every room, for whoever compares the schema with the migrations. Rooms import their own tables only."""

from idp.apps import tables as apps
from idp.audit import tables as audit
from idp.certification import tables as certification
from idp.database import Base
from idp.directory import tables as directory
from idp.keys import tables as keys
from idp.login import tables as login
from idp.mfa import tables as mfa
from idp.mfa.factors.cosign import tables as cosign
from idp.mfa.factors.passkey import tables as passkey
from idp.mfa.factors.sm3otp import tables as sm3otp
from idp.notices import tables as notices
from idp.oidc import tables as oidc
from idp.outbox import tables as outbox
from idp.policy import tables as policy
from idp.portal import tables as portal
from idp.registry import tables as registry
from idp.release import tables as release
from idp.roster import tables as roster
from idp.signing import tables as signing
from idp.sms import tables as sms
from idp.sso.cas import tables as cas
from idp.sso.saml import tables as saml
from idp.upstream import tables as upstream

ROOMS = (
    audit,
    keys,
    outbox,
    registry,
    sms,
    notices,
    apps,
    directory,
    policy,
    mfa,
    cosign,
    passkey,
    sm3otp,
    login,
    oidc,
    release,
    roster,
    portal,
    cas,
    saml,
    upstream,
    certification,
    signing,
)
metadata = Base.metadata
