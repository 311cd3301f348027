"""Notices: what changed in how a person signs in, told to them where a thief is not the only one to read it.

A notice is written with the change itself, stays on the person's page until it is read, and goes by the outbox to every other
channel there is: text message, e-mail. Owns the events and their words, who is told where, and the person's language. Tables:
``notice``, ``notice_language``. Has no page (``login`` shows them), and knows no second factor: whoever knows the numbers that a
person has proven says so to ``delivery``.
"""
