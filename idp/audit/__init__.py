"""Who did what to whom: the journal that every change goes through.

Owns the vocabulary of actions, the SM3 hash chain over the events, and :class:`Transaction`, the unit of work that every rule
above takes as its first argument: a change and the record of it are kept together or not at all. Tables: ``audit_event``,
``audit_head``. Does not decide what is allowed, and does not hold tokens or sign-in traffic of machines.
"""

from idp.audit.transaction import Actor, Transaction
from idp.audit.vocabulary import Action

__all__ = ["Action", "Actor", "Transaction"]
