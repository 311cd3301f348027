"""Work that leaves the machine: written down with the change that caused it, done afterwards, by whichever server comes first.

Owns the table ``outbox``, ``queue`` (putting in), ``worker`` (carrying out: each piece by one server, again after a while, given up
visibly; or a batch of them), ``crew`` (many pieces at a time, few of them to one host) and ``standing`` (how it stands). Knows no
kind of work; whoever has one gives the worker its handler. A crash loses nothing: at worst a message is sent twice.
"""
