"""E-mail: written down with the change that causes it, sent by the outbox through the mail server of the settings.

Owns what a letter is (``letter``), putting one into the outbox (``queue``), and handing it to a server by SMTP (``smtp``). No table
but the outbox; there address and text wait sealed. A crash loses nothing: at worst a letter arrives twice, with one Message-ID.
Knows neither persons nor reasons.
"""
