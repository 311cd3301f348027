"""A CSV list keeps a school's people current: who is new, who has changed, and who, being absent from it, has left.

``lists`` reads rows as entries, ``sync`` compares them with the roster and brings it up to date. A run that was killed is simply
made again: what was done is found done.
"""
