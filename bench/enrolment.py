"""Certificates over HTTP by two processes on PostgreSQL that keeps what it has committed, beside ``openssl speed sm2`` in turns.

The server, the database and the load share the machine's cores, and the seconds are those of the clock on the wall.
"""

import base64
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.crypto import openssl_speed
from bench.http import Target, basic, wrk
from bench.measurement import Measurement
from idp.certification import authorities
from idp.certification.enrolment import rights
from idp.certification.enrolment.rights import Wanted
from idp.deployment import initialise
from idp.settings import Settings
from tests.certificates_of_schools import csr, found_authorities
from tests.people import OPERATOR
from tests.services.postgres import PostgresServer, running_postgres
from tests.services.processes import free_port
from tests.services.provider import running_provider

ROUNDS, REQUESTS = 3, 4000


def measure() -> Iterator[Measurement]:
    """Requests per second that became certificates."""
    for program in ("wrk", "taskset"):
        if shutil.which(program) is None:
            raise SystemExit(f"{program} is needed for this part.")
    with running_postgres() as postgres, tempfile.TemporaryDirectory() as folder:
        _keep_what_is_committed(postgres)
        port = free_port()
        url = f"http://localhost:{port}"
        database = postgres.url(postgres.create())
        settings = Settings(home=Path(folder) / "yima", database_url=database, bind=f"localhost:{port}", public_url=url)
        deployment = initialise(settings)
        schools = found_authorities(deployment)
        with deployment.transaction(OPERATOR) as tx:
            wanted = Wanted(schools.office.profiles["client"], schools.school, name="选课系统", certificates=1_000_000)
            allowed = rights.allow(tx, authorities.by_name(tx.session, "school"), wanted)
        credential = basic(allowed.row.handle, allowed.secret)
        address = f"{url}/.well-known/est/school/simpleenroll"
        target = Target(address, "enrol.lua", [credential], lambda: [_request() for _ in range(REQUESTS)])
        ours, theirs, slow = [], [], []
        with running_provider(settings, Path(folder) / "provider.log", workers=2):
            for _ in range(ROUNDS):
                theirs.append(openssl_speed(seconds=1)["openssl sign"])
                result = wrk(target, cores="0,1")
                ours.append(result.rate)
                slow.append(result.p99)
        deployment.close()
    beside = sum(theirs) / ROUNDS
    goal = "≥ 1,000 where openssl signs 4,158: 0.24"
    yield Measurement("pki.enrol.http", sum(ours) / ROUNDS, "1/s", beside, "openssl speed sm2, sign, one core", goal)
    yield Measurement("pki.enrol.http.p99", max(slow), "ms")


def _request() -> str:
    return base64.b64encode(csr().der).decode()


def _keep_what_is_committed(postgres: PostgresServer) -> None:
    # The tests' server does without; a certificate is durable.
    with postgres.connect("postgres") as connection:
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(f"ALTER SYSTEM RESET {name}")
        connection.execute("SELECT pg_reload_conf()")
