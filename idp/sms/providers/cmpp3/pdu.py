"""CMPP 3.0 on the wire: a header of three numbers, then fields of fixed width. Reading is strict: what has the wrong length or a
value that cannot be is refused, never guessed.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Self

from idp.sms.errors import SmsError

HEADER = struct.Struct(">III")
MAX_LENGTH = 4096  # our policy: the longest PDU that a gateway sends us is a deliver of some 270 octets
VERSION = 0x30


class PduError(SmsError):
    """What came is not a CMPP message that we can read."""

    code = "sms.cmpp3.pdu"


class BadLength(PduError):
    """Shorter or longer than its kind is, or than anything is."""

    code = "sms.cmpp3.length"


class UnknownCommand(PduError):
    """No command of CMPP 3.0."""

    code = "sms.cmpp3.command"


class BadField(PduError):
    """A field holds what it cannot."""

    code = "sms.cmpp3.field"


class Command(IntEnum):
    """The commands between a sender and its gateway. An answer has the highest bit set."""

    CONNECT = 0x1
    CONNECT_RESP = 0x80000001
    TERMINATE = 0x2
    TERMINATE_RESP = 0x80000002
    SUBMIT = 0x4
    SUBMIT_RESP = 0x80000004
    DELIVER = 0x5
    DELIVER_RESP = 0x80000005
    ACTIVE_TEST = 0x8
    ACTIVE_TEST_RESP = 0x80000008


@dataclass(frozen=True)
class Header:
    """``length`` counts the whole message, the header's twelve octets too."""

    length: int
    command: Command
    sequence: int

    @classmethod
    def read(cls, data: bytes) -> Self:
        """Raises :class:`BadLength` or :class:`UnknownCommand`."""
        if len(data) != HEADER.size:
            raise BadLength
        length, command, sequence = HEADER.unpack(data)
        if not HEADER.size <= length <= MAX_LENGTH:
            raise BadLength(detail=f"length {length}")
        try:
            return cls(length, Command(command), sequence)
        except ValueError:
            raise UnknownCommand(detail=f"command {command:#x}") from None


def message(command: Command, sequence: int, body: bytes = b"") -> bytes:
    """A whole message."""
    return HEADER.pack(HEADER.size + len(body), command, sequence) + body


@dataclass(frozen=True)
class Connect:
    """CMPP_CONNECT: who we are, and the proof that we know the secret."""

    source: str
    authenticator: bytes
    timestamp: int

    def body(self) -> bytes:
        """27 octets."""
        return struct.pack(">6s16sBI", text(self.source, 6), self.authenticator, VERSION, self.timestamp)


@dataclass(frozen=True)
class ConnectResp:
    """CMPP_CONNECT_RESP: 0 for welcome, and the gateway's own proof."""

    status: int
    authenticator: bytes
    version: int

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Raises :class:`BadLength`."""
        return cls(*_fields(">I16sB", body))


@dataclass(frozen=True)
class Submit:
    """CMPP_SUBMIT of one segment to one number. The sender pays (Fee_UserType 2) and asks for a status report."""

    content: bytes
    phone: str
    sp_id: str
    service_id: str
    source_number: str
    total: int = 1
    number: int = 1

    def body(self) -> bytes:
        """163 octets before the content, 20 after it. Raises :class:`BadField` for what does not fit."""
        if not 0 < len(self.content) <= 140 or not 1 <= self.number <= self.total <= 255:
            raise BadField
        head = struct.pack(
            ">QBBBB10sB32sBBBB6s2s6s17s17s21sB32sBB",
            0,  # Msg_Id: the gateway makes it
            self.total,
            self.number,
            1,  # Registered_Delivery: report, please
            0,
            text(self.service_id, 10),
            2,  # Fee_UserType: the sender pays
            b"",
            0,
            0,
            int(self.total > 1),  # TP_udhi: the content begins with a header
            8,  # Msg_Fmt: UCS-2
            text(self.sp_id, 6),
            b"01",  # FeeType: free for the person
            b"0",
            b"",
            b"",
            text(self.source_number, 21),
            1,
            text(self.phone, 32),
            0,
            len(self.content),
        )
        return head + self.content + bytes(20)


@dataclass(frozen=True)
class SubmitResp:
    """CMPP_SUBMIT_RESP: the gateway's name for the segment, or why it was not taken."""

    id: int
    result: int

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Raises :class:`BadLength`."""
        return cls(*_fields(">QI", body))


@dataclass(frozen=True)
class StatusReport:
    """What a deliver says about an earlier submit: ``stat`` is ``DELIVRD``, ``UNDELIV``, a network's own code, …"""

    id: int
    stat: str


@dataclass(frozen=True)
class Deliver:
    """CMPP_DELIVER: a status report, or a message from a phone (``report`` is ``None``)."""

    id: int
    report: StatusReport | None

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Raises :class:`BadLength` or :class:`BadField`."""
        if len(body) < 77:
            raise BadLength
        identifier, *_, registered, length = struct.unpack(">Q21s10sBBB32sBBB", body[:77])
        if len(body) != 77 + length + 20:
            raise BadLength
        if registered not in (0, 1):
            raise BadField
        if registered == 0:
            return cls(identifier, None)
        content = body[77 : 77 + length]
        about, stat, *_ = _fields(">Q7s10s10s32sI", content)
        word = stat.rstrip(b"\0 ")
        if not word or not all(0x21 <= octet <= 0x7E for octet in word):
            raise BadField
        return cls(identifier, StatusReport(about, word.decode("ascii")))


def deliver_resp(identifier: int, result: int = 0) -> bytes:
    """The body of CMPP_DELIVER_RESP."""
    return struct.pack(">QI", identifier, result)


def text(value: str, width: int) -> bytes:
    """An octet string, padded with zeros by ``struct``. Raises :class:`BadField` for one that is too long or not ASCII."""
    try:
        octets = value.encode("ascii")
    except UnicodeEncodeError:
        raise BadField from None
    if len(octets) > width or b"\0" in octets:
        raise BadField
    return octets


def _fields(form: str, body: bytes) -> tuple[Any, ...]:
    if len(body) != struct.calcsize(form):
        raise BadLength
    return struct.unpack(form, body)
