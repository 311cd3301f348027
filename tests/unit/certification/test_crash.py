"""Killed in the middle: what was handed out has its row, no number comes twice or goes back, and the journal is whole.

With the re-sealing of ``tests/unit/keys/test_resealing.py`` that makes two hundred kills.
"""

from sqlalchemy import func, select

from idp.audit.chain import breaks
from idp.audit.tables import AuditEvent
from idp.certification import authorities
from idp.certification.status import lists
from idp.certification.tables import IssuedCertificate, TimeStamp
from idp.certification.timestamping import keys as timestamp_keys
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.crl import RevocationList
from idp.deployment import open_deployment
from idp.settings import Settings
from tests.certificates_of_schools import found_authorities
from tests.killing import killed_often
from tests.people import OPERATOR
from tests.unit.certification.issuing_process import begin

KILLS = {"sqlite": 110, "postgresql": 60}


def test_a_process_that_is_killed_loses_nothing_that_was_handed_out(deployment_settings: Settings) -> None:
    deployment = open_deployment(deployment_settings)  # by the real clock, as in the process
    schools = found_authorities(deployment)
    with deployment.transaction(OPERATOR) as tx:
        timestamp_keys.set_up(tx, schools.office, authorities.by_name(tx.session, "school"), policy=None, accuracy_ms=1000)
    deployment.database.close()
    kills = KILLS["postgresql" if deployment_settings.database_url else "sqlite"]
    said = killed_often(begin, deployment_settings, schools.teacher.number, schools.school, kills=kills)
    issued = [words[1:] for words in said if words[0] == "certificate"]
    numbers = [words[1] for words in said if words[0] == "list"]
    stamps = [(words[1], words[2]) for words in said if words[0] == "stamp"]
    with deployment.reading() as session:
        given = {row.serial: row.digest for row in session.scalars(select(TimeStamp))}
        rows = {row.serial: row for row in session.scalars(select(IssuedCertificate))}
        newest = lists.newest(session, authorities.by_name(session, "school"))
        assert next(breaks(session, deployment.ring.current().audit.keys), None) is None
        recorded = session.scalar(
            select(func.count()).select_from(AuditEvent).where(AuditEvent.action == "certification.certificate.issued")
        )
    deployment.close()
    assert len(issued) >= kills  # each process begins with one
    assert len({serial for serial, _ in issued}) == len(issued)
    assert all(rows[serial].fingerprint == fingerprint for serial, fingerprint in issued)
    assert all(Certificate(row.der).fingerprint.hex() == row.fingerprint for row in rows.values())
    assert recorded == len(rows)
    assert [(number, given[number]) for number, _ in stamps] == stamps
    assert [number for number, _ in stamps] == sorted({number for number, _ in stamps})
    assert len(stamps) > kills / 8
    assert len(numbers) > kills / 4
    assert numbers == sorted(set(numbers))
    assert RevocationList(newest.der).contents.number == newest.number >= numbers[-1]
