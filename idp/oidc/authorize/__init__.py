"""The authorization endpoint: from parameters to a request that every rule has let through, and from there to a code.

``checks`` is the ordered table of rules; ``request`` the value that comes out of it; ``pending`` keeps a request while the person
signs in; ``decision`` says what is still missing; ``issue`` makes the code.
"""
