"""How a certificate is shown, and what state it is in."""

import gettext
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from idp.certification.status.revocation import current
from idp.certification.tables import CertificateAuthority, IssuedCertificate
from idp.crypto.x509.reasons import Reason

_ = gettext.gettext

TITLES = {
    "serial": _("Serial number"),
    "subject": _("Subject"),
    "authority": _("Authority"),
    "profile": _("Profile"),
    "state": _("State"),
    "reason": _("Reason"),
    "valid_until": _("Valid until"),
    "fingerprint": _("SM3 fingerprint"),
}


def record(session: Session, row: IssuedCertificate, now: datetime) -> dict[str, Any]:
    """What is known of a certificate."""
    revocation = current(session, row)
    state = "valid" if row.not_before <= now <= row.not_after else "expired"
    if revocation is not None:
        state = "held" if revocation.reason == Reason.CERTIFICATE_HOLD else "revoked"
    return {
        "serial": row.serial,
        "subject": row.subject,
        "authority": session.get_one(CertificateAuthority, row.authority_id).name,
        "profile": row.profile,
        "institution": row.institution,
        "state": state,
        "reason": Reason(revocation.reason).word if revocation is not None else None,
        "revoked_at": revocation.revoked_at.isoformat() if revocation is not None else None,
        "valid_from": row.not_before.isoformat(),
        "valid_until": row.not_after.isoformat(),
        "fingerprint": row.fingerprint,
    }
