"""Issues certificates, publishes lists and gives time-stamps, in turn, and says what it did after it is committed."""

from itertools import cycle

from idp.certification import authorities, issuance, subjects
from idp.certification.issuance import Application
from idp.certification.office import office_of
from idp.certification.status import lists
from idp.certification.timestamping import stamps as timestamps
from idp.crypto import sm3
from idp.crypto.x509.timestamp import MessageImprint, TimeStampRequest, TimeStampResponse
from idp.deployment import SYSTEM, open_deployment
from idp.settings import Settings
from tests.certificates_of_schools import csr
from tests.killing import Act

ASKED = TimeStampRequest(MessageImprint.of(b"diploma"))


def begin(settings: Settings, person: str, school: str) -> Act:
    """Says ``("certificate", serial, fingerprint)``, ``("list", number)`` and ``("stamp", number, digest)``."""
    deployment = open_deployment(settings)
    office = office_of(deployment.settings, deployment.ring.authority_vault)

    def issue() -> tuple[str, str, str]:
        with deployment.transaction(SYSTEM) as tx:
            holder = subjects.person_at(tx.session, person, school, tx.now.date())
            application = Application(office.profiles["person-sign"], holder, csr())
            row = issuance.issue(tx, office, authorities.by_name(tx.session, "school"), application)
        return "certificate", row.serial, row.fingerprint

    def publish() -> tuple[str, int]:
        with deployment.transaction(SYSTEM) as tx:
            number = lists.publish(tx, office, authorities.by_name(tx.session, "school")).number
        return "list", number

    def stamp() -> tuple[str, int, str]:
        with deployment.transaction(SYSTEM) as tx:
            answer = timestamps.reply(tx, office, authorities.by_name(tx.session, "school"), ASKED)
        token = TimeStampResponse.from_der(answer).granted()
        return "stamp", token.info.serial_number, sm3.digest(token.der).hex()

    acts = cycle((issue, publish, stamp))
    return lambda: next(acts)(), deployment.close
