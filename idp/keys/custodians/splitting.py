"""Splitting the master key among custodians, and putting it together again, with a word for everything that can be wrong."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from idp.audit import Action, Transaction
from idp.crypto import sm2
from idp.keys.custodians import sharing
from idp.keys.custodians.share import MIN_PASSPHRASE, Share, ShareText
from idp.keys.errors import (
    CustodiansUnfit,
    PassphraseTooShort,
    SharesDoNotFit,
    SharesMixed,
    SharesTooFew,
    ShareTwice,
)
from idp.keys.master.files import MasterKey

MAX_NAME = 64


@dataclass(frozen=True, slots=True)
class Custodian:
    """Who keeps a share, and what opens it: a passphrase, or the SM2 ``key``."""

    name: str
    passphrase: str | None = None
    key: sm2.PublicKey | None = None


def check_custodians(names: Sequence[str], threshold: int) -> None:
    """Raises :class:`CustodiansUnfit` for too few people, too many, two of one name, or a threshold that they cannot meet."""
    fit = all(name.isprintable() and name.strip() == name and 0 < len(name) <= MAX_NAME for name in names)
    if not fit or len(set(names)) != len(names) or not 2 <= threshold <= len(names) <= sharing.MAX_SHARES:
        raise CustodiansUnfit(threshold=threshold, count=len(names))


def check_passphrase(passphrase: str) -> None:
    """Raises :class:`PassphraseTooShort`."""
    if len(passphrase) < MIN_PASSPHRASE:
        raise PassphraseTooShort(minimum=MIN_PASSPHRASE)


def split(tx: Transaction, master: MasterKey, custodians: Sequence[Custodian], threshold: int) -> list[ShareText]:
    """A share for each custodian. The journal keeps their names and the shares' fingerprints.

    Raises :class:`CustodiansUnfit`, :class:`PassphraseTooShort`.
    """
    check_custodians([one.name for one in custodians], threshold)
    set_id, count = secrets.token_hex(4), len(custodians)
    values = sharing.split(master.secret, shares=count, threshold=threshold)
    texts = []
    for custodian, (index, value) in zip(custodians, values.items(), strict=True):
        share = Share(set_id, index, count, threshold, master.name, value)
        if custodian.key is not None:
            texts.append(share.sealed_to(custodian.name, custodian.key))
            continue
        check_passphrase(custodian.passphrase or "")
        texts.append(share.sealed_for(custodian.name, custodian.passphrase or ""))
    tx.record(
        Action.MASTER_SPLIT,
        subject="keys:master",
        detail={
            "master": master.name,
            "set": set_id,
            "threshold": threshold,
            "shares": [{"index": one.index, "custodian": one.custodian, "sm3": one.fingerprint} for one in texts],
        },
    )
    return texts


def check_set(texts: Mapping[str, ShareText]) -> None:
    """Looks at shares before anybody is asked to open one; ``texts`` by the name of their file.

    Raises :class:`SharesMixed`, :class:`ShareTwice`, :class:`SharesTooFew`.
    """
    sets: dict[tuple[str, str, int, int], list[str]] = {}
    for source, text in texts.items():
        sets.setdefault((text.set_id, text.master, text.threshold, text.shares), []).append(source)
    if len(sets) != 1:
        told = (f"{', '.join(sources)} ({set_id}, {master})" for (set_id, master, *_), sources in sets.items())
        raise SharesMixed(sets="; ".join(told))
    places: dict[int, list[str]] = {}
    for source, text in texts.items():
        places.setdefault(text.index, []).append(source)
    if twice := next((sources for sources in places.values() if len(sources) > 1), None):
        raise ShareTwice(files=", ".join(twice))
    (_, _, threshold, _), *_ = sets
    if len(texts) < threshold:
        raise SharesTooFew(have=len(texts), need=threshold)


def combine(shares: Sequence[Share]) -> MasterKey:
    """The master key, proven by its name. Raises :class:`SharesDoNotFit`."""
    master = MasterKey(sharing.combine({share.index: share.value for share in shares}))
    if any(share.master != master.name for share in shares):
        raise SharesDoNotFit(name=shares[0].master)
    return master
