"""OpenLDAP's own server on loopback ports, with a school's people in it; StartTLS, LDAPS and its password policy overlay.

It refuses passwords that come without encryption, so that a sign-in which gets through has had it.
"""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from tests.services.processes import START_SECONDS, free_port, needed

BASE = "dc=school,dc=edu,dc=cn"
PEOPLE = f"ou=people,{BASE}"
READER, READER_PASSWORD = f"cn=reader,{BASE}", "reads-and-nothing-else"

_CONFIGURATION = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
pidfile {folder}/slapd.pid
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
security simple_bind=128
database mdb
maxsize 10485760
suffix "{base}"
directory {folder}/data
index uid,mail,employeeNumber eq
overlay ppolicy
ppolicy_default "cn=usual,{base}"
ppolicy_use_lockout
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{reader}" read by anonymous auth by * none
"""

_TREE = f"""
dn: {BASE}
objectClass: dcObject
objectClass: organization
dc: school
o: school

dn: {PEOPLE}
objectClass: organizationalUnit
ou: people

dn: cn=usual,{BASE}
objectClass: device
objectClass: pwdPolicy
cn: usual
pwdAttribute: userPassword
pwdLockout: TRUE
pwdMaxFailure: 0

dn: cn=strict,{BASE}
objectClass: device
objectClass: pwdPolicy
cn: strict
pwdAttribute: userPassword
pwdMaxAge: 86400
pwdMustChange: TRUE
pwdLockout: TRUE
pwdMaxFailure: 0

dn: {READER}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: reader
userPassword: {READER_PASSWORD}
"""


@dataclass(frozen=True)
class Slapd:
    """Where it listens, and the certificate that vouches for it."""

    ldap: str
    ldaps: str
    authority: str
    pid: int


def person(uid: str, password: str, *more: str) -> str:
    """An entry. ``more`` are further lines of it."""
    lines = [f"dn: uid={uid},{PEOPLE}", "objectClass: inetOrgPerson", f"uid: {uid}", f"cn: {uid}", "sn: person"]
    return "\n".join([*lines, f"mail: {uid.lower()}@school.edu.cn", f"userPassword: {password}", *more]) + "\n\n"


def school_people(password: str = "violet-tram-93") -> str:
    """A student, a teacher, an awkward name, and one account for each state of the password policy; all with one password."""
    strict = f"pwdPolicySubentry: cn=strict,{BASE}"
    return "".join(
        (
            person("S001", password, "employeeNumber: S001"),
            person("T001", password),
            person("S002", "another-tram-17"),
            person("O'Neil\\, (x*)", password).replace("uid: O'Neil\\,", "uid: O'Neil,").replace("mail: o'neil\\, (x*)", "mail: x"),
            person("LOCKED", password, "pwdAccountLockedTime: 000001010000Z"),
            person("OLD", password, strict, "pwdChangedTime: 20200101000000Z"),
            person("GIVEN", password, strict, "pwdReset: TRUE", "pwdChangedTime: 20990101000000Z"),
        )
    )


@contextmanager
def running_slapd(folder: Path, people: str, authority: trustme.CA) -> Iterator[Slapd]:
    """Runs until the block ends."""
    program = needed("slapd", "apt-get install slapd")
    (folder / "data").mkdir()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    certificate.private_key_pem.write_to_path(folder / "server.key")
    certificate.cert_chain_pems[0].write_to_path(folder / "server.pem")
    configuration = folder / "slapd.conf"
    configuration.write_text(_CONFIGURATION.format(folder=folder, base=BASE, reader=READER))
    (folder / "people.ldif").write_text(_TREE + "\n" + people)
    loading = [needed("slapadd", "apt-get install slapd"), "-q", "-f", configuration, "-l", folder / "people.ldif"]
    subprocess.run(loading, check=True, capture_output=True)
    ports = free_port(), free_port()
    urls = f"ldap://localhost:{ports[0]}", f"ldaps://localhost:{ports[1]}"
    listening = f"ldap://127.0.0.1:{ports[0]}/ ldaps://127.0.0.1:{ports[1]}/"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [program, "-d", "none", "-f", str(configuration), "-h", listening], stdout=log, stderr=log, start_new_session=True
        )
    try:
        _wait(process, ports, folder / "log")
        yield Slapd(*urls, authority.cert_pem.bytes().decode(), process.pid)
    finally:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGTERM)
        process.wait(15)


def _wait(process: "subprocess.Popen[bytes]", ports: tuple[int, int], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    for port in ports:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError(f"slapd does not answer: {log.read_text(errors='replace')[-2000:]}") from None
                time.sleep(0.02)  # nothing tells us when another program is ready
