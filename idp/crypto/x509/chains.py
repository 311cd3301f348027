"""Ways from a certificate up to an anchor, by names alone; which of them holds is for :mod:`idp.crypto.x509.path` to say."""

from collections.abc import Iterator, Sequence

from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.path import MAX_PATH

MAX_WAYS = 32  # our policy: certificates with one name and many keys must not keep us busy


def chains(
    leaf: Certificate, known: Sequence[Certificate], anchors: Sequence[Certificate]
) -> Iterator[tuple[list[Certificate], Certificate]]:
    """Paths, leaf first and without the anchor, each with its anchor, at most :data:`MAX_WAYS`.

    An authority that was certified anew has several certificates of one name, and only one of them fits.
    """
    ways, steps = 0, 0
    waiting = [[leaf]]
    while waiting and ways < MAX_WAYS and steps < MAX_WAYS * MAX_PATH:
        path, steps = waiting.pop(), steps + 1
        for anchor in anchors:
            if path[-1].issuer == anchor.subject:
                ways += 1
                yield path, anchor
        if len(path) < MAX_PATH:
            above = [one for one in known if one.subject == path[-1].issuer and one not in path and one not in anchors]
            waiting += [[*path, one] for one in reversed(above)]
