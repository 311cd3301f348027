"""Recovery codes: ten codes on paper for the day the phone is gone."""

import re
import secrets
from collections.abc import Sequence

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from idp.audit import Action, Transaction
from idp.database.compare_and_set import compare_and_set
from idp.i18n import N_
from idp.keys import Vault
from idp.mfa import changes
from idp.mfa.errors import NotOffered, WrongCode
from idp.mfa.factor import Answer, Factor, Judged, Site
from idp.mfa.tables import Challenge, Credential, RecoveryCode
from idp.registry.tables import Person

COUNT = 10
LENGTH = 10  # of 32 characters: 50 bits
# Crockford's base32 without its look-alikes: what people write down they can read again.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOK_ALIKES = str.maketrans("OIL", "011")


class RecoveryCodes(Factor):
    """The codes on paper. Made by :func:`idp.mfa.enrolment.renew_recovery_codes`, never by the pages that other kinds share."""

    kind = "recovery"
    title = N_("Recovery codes")
    amr = ("otp",)
    level = 2
    last_resort = True
    addable = False
    limit = 1

    def begin(self, tx: Transaction, site: Site, person: Person, credential: Credential, details: Answer) -> None:
        """Never: they are printed, not set up."""
        raise NotOffered

    def judge(self, tx: Transaction, site: Site, credential: Credential, challenge: Challenge | None, answer: Answer) -> Judged:
        """Accepts a code that is unused."""
        spending = (
            update(RecoveryCode)
            .where(
                RecoveryCode.credential_id == credential.id,
                RecoveryCode.mac == _mac(site.vault, credential.id, normalise(answer.get("code", ""))),
                RecoveryCode.used_at.is_(None),
            )
            .values(used_at=tx.now)
        )
        if not compare_and_set(tx.session, spending):
            raise WrongCode
        tx.record(Action.RECOVERY_CODE_USED, subject=f"factor:{credential.id}", detail={"left": left(tx.session, credential.id)})
        changes.recovery_code_used(tx, credential.person_id)
        return self.proven()

    def forget(self, tx: Transaction, credential: Credential) -> None:
        """Takes the codes away."""
        tx.session.execute(delete(RecoveryCode).where(RecoveryCode.credential_id == credential.id))


def normalise(answer: str) -> str:
    """The code as it was made, from how people type it. Raises :class:`WrongCode` for what cannot be one."""
    code = re.sub(r"[\s-]", "", answer).upper().translate(_LOOK_ALIKES)
    if len(code) != LENGTH or any(c not in ALPHABET for c in code):
        raise WrongCode
    return code


def replace(tx: Transaction, vault: Vault, credential: Credential) -> list[str]:
    """Ten new codes in the place of the old ones, as ``XXXXX-XXXXX``. They can be shown now and never again."""
    tx.session.execute(delete(RecoveryCode).where(RecoveryCode.credential_id == credential.id))
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(LENGTH)) for _ in range(COUNT)]
    tx.session.add_all(RecoveryCode(credential_id=credential.id, mac=_mac(vault, credential.id, code)) for code in codes)
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def left(session: Session, credential_id: int) -> int:
    """How many codes are unused."""
    unused = select(func.count()).where(RecoveryCode.credential_id == credential_id, RecoveryCode.used_at.is_(None))
    return session.scalar(unused) or 0


def is_unreplaced(session: Session, held: Sequence[Credential]) -> bool:
    """Whether a code was used and no other of the factors in ``held`` has worked since: the one it stood for seems to be gone.

    NIST SP 800-63B §4.2: whoever recovers an account binds another authenticator.
    """
    ours = [row.id for row in held if row.kind == RecoveryCodes.kind]
    used_at = session.scalar(select(func.max(RecoveryCode.used_at)).where(RecoveryCode.credential_id.in_(ours))) if ours else None
    others = [max(row.created_at, row.last_used_at or row.created_at) for row in held if row.kind != RecoveryCodes.kind]
    return used_at is not None and not any(moment > used_at for moment in others)


def _mac(vault: Vault, credential_id: int, code: str) -> str:
    return vault.blind_index("recovery_code", f"{credential_id}:{code}")
