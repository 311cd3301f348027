"""China Mobile's gateway protocol CMPP 3.0, a client of our own: no package that can be used speaks version 3.

Owns the messages on the wire (``pdu``), one connection with its login, window and reader (``connection``), and the provider on
top, which keeps the connection up (``gateway``). Done: connect, submit, deliver (status reports), active test, terminate. Left out:
query, cancel, and messages from phones, which are acknowledged and dropped.

Written after descriptions and open implementations of the protocol, and tried against a gateway by other authors; a carrier's
has not been tried.
"""

from idp.sms.providers.cmpp3.gateway import build

__all__ = ["build"]
