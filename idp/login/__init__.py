"""The sign-in: who is at this browser, how well that is proven, and the pages that ask.

Owns passwords and activation codes, throttling, sessions on the server, and the flow that leads from a requirement ("this app
needs level 2") to a session that meets it. ``keepers`` says who judges a password: this installation, or a school's directory
(``idp.directory``). ``next_step`` alone decides what is asked next; pages never lead to each other.
Tables: ``password``, ``activation``, ``browser_session``, ``sign_in_flow``, ``sign_in``, ``throttle``. Addresses: ``/login``,
``/activate``, ``/logout``, ``/me``. Does not know which protocol wanted the sign-in.
"""
