"""Files of authorities that are elsewhere, on a machine without a network: served here, under the addresses that their certificates
name.

What arrives is believed by signature alone: the certificate by its chain, which an operator has compared with paper, and a list
by that certificate.
"""

import re
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from idp.audit import Action, Transaction
from idp.certification import authorities
from idp.certification.ceremony import Ceremony
from idp.certification.errors import AuthorityExists, CertificateNotAcceptable, ListNotAcceptable, NoList
from idp.certification.status import lists
from idp.certification.tables import HostedAuthority, HostedList
from idp.crypto import pem
from idp.crypto.errors import CryptoError
from idp.crypto.x509.certificate import PEM_LABEL, Certificate
from idp.crypto.x509.crl import RevocationList
from idp.crypto.x509.errors import SignatureRefused
from idp.crypto.x509.extensions.usage import KEY_CERT_SIGN
from idp.crypto.x509.path import PathRules, validate_path
from idp.database.upsert import upsert_newer
from idp.i18n import N_

MAX_NUMBER = (1 << 63) - 1  # what the database counts to; ours are seconds of the clock
# The end of an address in a list's issuing distribution point, as :func:`idp.certification.contents.list_url` writes it.
_ADDRESS = re.compile(r"/ca/([a-z0-9-]{1,40})-(\d{1,6})\.crl$")


def host(tx: Transaction, name: str, chain_pem: str | bytes, ceremony: Ceremony) -> HostedAuthority:
    """Serves the files of the authority ``name`` of another installation from now on. ``chain_pem`` is its certificate, then those
    above it up to the root; repeating it puts a renewed certificate in the old one's place.

    Raises :class:`AuthorityExists` where an authority of this installation has the name, :class:`CertificateNotAcceptable`,
    ``TwoOperatorsNeeded``, ``MalformedPEM``.
    """
    ceremony.check()
    authorities.check_name(name)
    chain = [Certificate(der) for der in pem.decode_all(chain_pem, PEM_LABEL)]
    _check_chain(chain, tx.now)
    tx.serialise()
    if any(row.name == name for row in authorities.listed(tx.session)):
        raise AuthorityExists(name=name)
    row = tx.session.get(HostedAuthority, name)
    if row is None:
        row = HostedAuthority(name=name, chain="", hosted_at=tx.now)
        tx.session.add(row)
    elif chain[0].public_key != chain_of(row)[0].public_key:
        raise AuthorityExists(name=name)
    row.chain = "".join(one.to_pem() for one in chain)
    tx.session.flush()
    tx.record(
        Action.AUTHORITY_HOSTED,
        subject=f"authority:{name}",
        detail={"operators": list(ceremony.operators), "certificate": chain[0].fingerprint.hex()},
    )
    return row


def take(tx: Transaction, given: RevocationList) -> HostedList:
    """Serves a list of an authority that is hosted here, in place of the one before; the same list again changes nothing.

    Raises :class:`ListNotAcceptable` for one that nobody here signed, that is of the past, or that would go back.
    """
    row = _issuer(tx.session, given)
    shard = _shard(row.name, given)
    contents = given.contents
    if contents.next_update <= tx.now:
        raise ListNotAcceptable(reason=N_("it is out of date"))
    if contents.number > MAX_NUMBER:
        raise ListNotAcceptable(reason=N_("its number is too large"))
    before = tx.session.get(HostedList, (row.name, shard))
    if before is not None and before.der == given.der:
        return before
    values = {
        "name": row.name,
        "shard": shard,
        "number": contents.number,
        "entries": len(contents.entries),
        "this_update": contents.this_update,
        "next_update": contents.next_update,
        "der": given.der,
    }
    if not upsert_newer(tx.session, HostedList, values, by="number"):
        raise ListNotAcceptable(reason=N_("a newer one is here already"))
    tx.record(
        Action.REVOCATION_LIST_HOSTED,
        subject=f"authority:{row.name}",
        detail={"number": contents.number, "entries": len(contents.entries)},
    )
    return newest(tx.session, row.name, shard)


def listed(session: Session) -> list[HostedAuthority]:
    """Every authority whose files are served for it, by name."""
    return list(session.scalars(select(HostedAuthority).order_by(HostedAuthority.name)))


def find(session: Session, name: str) -> HostedAuthority | None:
    """The authority of this name, where its files are served here."""
    return session.get(HostedAuthority, name)


def chain_of(row: HostedAuthority) -> list[Certificate]:
    """Its own certificate first, the root last."""
    return [Certificate(der) for der in pem.decode_all(row.chain, PEM_LABEL)]


def newest(session: Session, name: str, shard: int = lists.ALL) -> HostedList:
    """The list that is served. Raises :class:`NoList`."""
    found = session.get(HostedList, (name, shard), populate_existing=True)
    if found is None:
        raise NoList(name=name)
    return found


def ending(session: Session, until: datetime) -> list[HostedList]:
    """The lists that are good no longer than ``until``, the most urgent first."""
    wanted = select(HostedList).where(HostedList.next_update <= until)
    return list(session.scalars(wanted.order_by(HostedList.next_update, HostedList.name, HostedList.shard)))


def _check_chain(chain: list[Certificate], now: datetime) -> None:
    if not chain[-1].is_self_issued:
        raise CertificateNotAcceptable(reason=N_("the certificates above it are missing, up to the root"))
    try:
        chain[-1].check_signed_by(chain[-1].public_key)
        # A root alone is a path of itself: what it may, and whether it has expired, is looked at all the same.
        validate_path(chain[:-1] or chain, chain[-1], PathRules(at=now, key_usage=KEY_CERT_SIGN))
    except CryptoError as error:
        raise CertificateNotAcceptable(reason=error.default_message, detail=str(error)) from None


def _issuer(session: Session, given: RevocationList) -> HostedAuthority:
    for row in listed(session):
        try:
            given.check_signed_by(chain_of(row)[0])
        except SignatureRefused:
            continue
        return row
    raise ListNotAcceptable(reason=N_("no authority that is hosted here has signed it"))


def _shard(name: str, given: RevocationList) -> int:
    part = given.contents.part
    if part is None:
        return lists.ALL
    addresses = [_ADDRESS.search(str(each.value)) for each in part.names]
    shards = [int(match[2]) for match in addresses if match is not None and match[1] == name]
    if len(shards) != 1:
        raise ListNotAcceptable(reason=N_("its address is not one of this authority's here"))
    return shards[0]
