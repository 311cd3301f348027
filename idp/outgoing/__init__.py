"""The one way out: every fetch that an app's registration can cause goes through here.

Owns ``fetch``, and the rules that keep a stranger's address from making us call our own network: https, no redirects, limits of
time and size, and no private address unless the operator allows it. Knows nothing of what is fetched. No table, no address.
"""

from idp.outgoing.fetch import Fetched, FetchFailed, Outgoing

__all__ = ["FetchFailed", "Fetched", "Outgoing"]
