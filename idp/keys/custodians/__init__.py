"""The master key in the hands of several people: split so that k of n bring it back, and k − 1 learn nothing.

``sharing`` is the arithmetic, ``share`` one share and the text it is printed as, ``splitting`` both ways. The journal keeps who the
custodians are and the shares' fingerprints; the shares themselves nobody here keeps. Why it is our own: ``docs/decisions/0027``.
"""

from idp.keys.custodians.share import Share
from idp.keys.custodians.splitting import combine, split

__all__ = ["Share", "combine", "split"]
