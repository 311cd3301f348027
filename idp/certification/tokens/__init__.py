"""Certificates of the keys that sign tokens: whose they are and when they change (``keys``), and looking after it (``upkeep``)."""
