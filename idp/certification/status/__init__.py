"""Whether a certificate is still good: revocation, by hand and by the register, and how the world is told.

``revocation`` is the act, ``following`` what the register asks for, ``lists`` and ``responder`` tell it by list and by answer,
``allowance`` limits what one network may cause, ``responder_keys`` are the keys of those who answer, ``hosting`` serves the lists
of authorities that are elsewhere.
"""
