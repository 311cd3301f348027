"""Killed in the middle: what was handed out has its row, no number comes twice or goes back, and the journal is whole."""

import os
import secrets
import subprocess
import sys

from sqlalchemy import select

from idp.audit.chain import breaks
from idp.certification import authorities, lists
from idp.certification.tables import IssuedCertificate
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.crl import RevocationList
from idp.deployment import Deployment, open_deployment
from idp.settings import Settings
from tests.certificates_of_schools import found_authorities
from tests.services.processes import ROOT

KILLS = 2


def _run_and_kill(deployment: Deployment, *arguments: str) -> list[list[str]]:
    settings = deployment.settings
    environment = os.environ | {"YIMA_HOME": str(settings.home), "YIMA_DATABASE_URL": settings.database_url}
    command = [sys.executable, "-m", "tests.unit.certification.issuing_process", *arguments]
    with subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(2 + secrets.randbelow(20))]  # wherever it stands then
        process.kill()
        said += process.stdout.readlines()
    return [line.split() for line in said if line.endswith("\n")]


def test_a_process_that_is_killed_loses_nothing_that_was_handed_out(deployment_settings: Settings) -> None:
    deployment = open_deployment(deployment_settings)  # by the real clock, as in the process
    schools = found_authorities(deployment)
    said = [line for _ in range(KILLS) for line in _run_and_kill(deployment, schools.teacher.number, schools.school)]
    handed_out = {words[1]: words[2] for words in said if words[0] == "certificate"}
    numbers = [int(words[1]) for words in said if words[0] == "list"]
    with deployment.reading() as session:
        rows = {row.serial: row for row in session.scalars(select(IssuedCertificate))}
        newest = lists.newest(session, authorities.by_name(session, "school"))
        assert next(breaks(session, deployment.ring.current().audit.keys), None) is None
    assert {serial: rows[serial].fingerprint for serial in handed_out} == handed_out
    assert all(Certificate(row.der).fingerprint.hex() == row.fingerprint for row in rows.values())
    assert len(numbers) >= KILLS
    assert numbers == sorted(set(numbers))
    assert RevocationList(newest.der).contents.number == newest.number >= numbers[-1]
    deployment.close()
