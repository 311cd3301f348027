"""How apps learn that somebody has signed out: from server to server, by frames in the browser, by asking a frame of ours.

RP-initiated logout, the other direction, has its address in ``routes/logout``. No table but the outbox's.
"""
