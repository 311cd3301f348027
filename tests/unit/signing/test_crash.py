"""Killed in the middle: a signature that left is in the journal."""

from itertools import count

import pytest
from sqlalchemy import select

from idp.audit.chain import breaks
from idp.audit.tables import AuditEvent
from idp.certification import authorities
from idp.certification.office import office_of
from idp.crypto.x509.cms.document import Document
from idp.deployment import SYSTEM, open_deployment
from idp.settings import Settings
from idp.signing import keys, signing
from idp.signing.keys import Use
from idp.signing.signing import Wanted
from tests.certificates_of_schools import found_authorities
from tests.killing import Act, killed_often
from tests.people import OPERATOR

KILLS = 20


def begin(settings: Settings) -> Act:
    """Says ``(digest, signature)``."""
    deployment = open_deployment(settings)
    office = office_of(deployment.settings, deployment.ring.authority_vault)
    numbers = count()

    def act() -> str:
        document = Document.of(b"%d" % next(numbers))
        with deployment.transaction(SYSTEM) as tx:
            signing.sign(tx, office, keys.by_name(tx.session, "seal"), Wanted(document))
        return document.digest.hex()

    return act, deployment.close


@pytest.mark.parametrize("deployment_settings", ["sqlite"], indirect=True)
def test_what_was_signed_by_a_process_that_was_killed_is_in_the_journal(deployment_settings: Settings) -> None:
    deployment = open_deployment(deployment_settings)  # by the real clock, as in the process
    schools = found_authorities(deployment)
    with deployment.transaction(OPERATOR) as tx:
        keys.add(tx, schools.office, "seal", authorities.by_name(tx.session, "school"), Use.SIGN)
    deployment.database.close()
    said = killed_often(begin, deployment_settings, kills=KILLS)
    with deployment.reading() as session:
        events = session.scalars(select(AuditEvent).where(AuditEvent.action == "signing.document.signed")).all()
        assert next(breaks(session, deployment.ring.current().audit.keys), None) is None
    deployment.close()
    assert len(said) >= KILLS
    recorded = [event.detail["digest"] for event in events]
    assert all(recorded.count(digest) >= said.count(digest) for digest in set(said))
