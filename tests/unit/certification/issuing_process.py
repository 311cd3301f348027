"""A process that issues certificates and publishes lists until it is killed, and says what it did after it is committed."""

import sys

from idp.certification import authorities, issuance, lists, subjects
from idp.certification.issuance import Application
from idp.certification.office import office_of
from idp.deployment import SYSTEM, open_deployment
from idp.settings import load
from tests.certificates_of_schools import csr


def main(person: str, school: str) -> None:
    deployment = open_deployment(load())
    office = office_of(deployment.settings, deployment.ring.authority_vault)
    while True:
        with deployment.transaction(SYSTEM) as tx:
            holder = subjects.person_at(tx.session, person, school, tx.now.date())
            application = Application(office.profiles["person-sign"], holder, csr())
            row = issuance.issue(tx, office, authorities.by_name(tx.session, "school"), application)
        sys.stdout.write(f"certificate {row.serial} {row.fingerprint}\n")
        with deployment.transaction(SYSTEM) as tx:
            published = lists.publish(tx, office, authorities.by_name(tx.session, "school"))
        sys.stdout.write(f"list {published.number}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
