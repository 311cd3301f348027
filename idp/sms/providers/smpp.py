"""SMPP 3.4 by smpplib: one bound transceiver, used by one thread at a time, and another that reads while nobody sends."""

import logging
import re
import secrets
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from typing import Any

from smpplib import consts, exceptions
from smpplib.client import Client
from smpplib.smpp import make_pdu

from idp.settings import Settings
from idp.sms import segments
from idp.sms.errors import AccountRefused, Busy, MessageRefused, NumberRefused, OutcomeUnknown, SendError, Unreachable
from idp.sms.provider import Accepted, Report, Reports, TextMessage

log = logging.getLogger("yima.sms.smpp")
# smpplib writes every message into its log at level debug: codes and numbers, which belong in no log.
_wire = logging.getLogger("yima.sms.smpp.wire")
_wire.setLevel(logging.ERROR)

LISTEN_SECONDS = 0.2
ENQUIRE_SECONDS = 30.0
_RECEIPT = re.compile(rb"id:(\S{1,65}) .*?stat:([A-Z]{2,10})", re.DOTALL)
# SMPP 3.4 §5.2.28: states that are an end.
FINAL = ("DELIVRD", "EXPIRED", "DELETED", "UNDELIV", "REJECTD")

# SMPP 3.4 §5.1.3: command_status.
STATUSES: dict[int, type[SendError]] = {
    consts.SMPP_ESME_RTHROTTLED: Busy,
    consts.SMPP_ESME_RMSGQFUL: Busy,
    consts.SMPP_ESME_RSYSERR: Busy,
    consts.SMPP_ESME_RINVDSTADR: NumberRefused,
    consts.SMPP_ESME_RINVPASWD: AccountRefused,
    consts.SMPP_ESME_RINVSYSID: AccountRefused,
    consts.SMPP_ESME_RBINDFAIL: AccountRefused,
    consts.SMPP_ESME_RINVSRCADR: AccountRefused,
}


class _Client(Client):  # type: ignore[misc]
    """smpplib's client, over IPv4 and IPv6 alike."""

    def _create_socket(self) -> socket.socket:
        family = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)[0][0]
        made = socket.socket(family, socket.SOCK_STREAM)
        made.settimeout(self.timeout)
        return self._ssl_context.wrap_socket(made, server_hostname=self.host) if self._ssl_context else made


class Smpp:
    """The provider."""

    name = "smpp"

    def __init__(self, settings: Settings, reports: Reports) -> None:
        host, _, port = settings.sms_smpp_gateway.rpartition(":")
        self._host, self._port = host.strip("[]"), int(port)
        self._settings, self._reports, self._timeout = settings, reports, float(settings.sms_timeout)
        self._lock = threading.Lock()
        self._client: Client | None = None
        self._answers: dict[int, tuple[int, str]] = {}
        self._closing = threading.Event()
        self._heard_at = 0.0

    def send(self, message: TextMessage) -> Accepted:
        """Submits every segment and waits for the answers. Raises a :class:`SendError`."""
        parts = segments.user_data(segments.split(message.text), message.reference)
        with self._lock:
            client = self._bound()
            self._answers.clear()
            sequences: list[int] = []
            try:
                for part in parts:  # one by one: what was sent before an error counts
                    sequences.append(self._submit(client, message.phone, part, long=len(parts) > 1))  # noqa: PERF401
            except (exceptions.ConnectionError, exceptions.PDUError, OSError):
                self._drop()
                raise OutcomeUnknown(detail="partly sent") if sequences else Unreachable(detail="connection lost") from None
            deadline = time.monotonic() + self._timeout
            while not all(sequence in self._answers for sequence in sequences):
                if time.monotonic() >= deadline or not self._listen(client, deadline - time.monotonic()):
                    self._drop()  # an answer that comes after this would be taken for another's
                    raise OutcomeUnknown(detail="no answer to submit_sm")
            return _outcome([self._answers[sequence] for sequence in sequences])

    def close(self) -> None:
        """Unbinds and stays away."""
        self._closing.set()
        with self._lock:
            self._drop(unbind=True)

    def _bound(self) -> Client:
        if self._closing.is_set():
            raise Unreachable(detail="closing")
        if self._client is not None:
            return self._client
        here = self._settings
        context = ssl.create_default_context(cafile=str(here.outgoing_ca) if here.outgoing_ca else None)
        client = _Client(
            self._host,
            self._port,
            timeout=self._timeout / 2,
            logger_name=_wire.name,
            ssl_context=context if here.sms_smpp_tls else None,
            allow_unknown_opt_params=True,
        )
        password = here.sms_smpp_password.get_secret_value() if here.sms_smpp_password else ""
        try:
            client.connect()
            client.bind_transceiver(system_id=here.sms_smpp_system_id, password=password)
        except exceptions.PDUError as error:
            _discard(client)
            status = error.args[1] if len(error.args) > 1 else "?"
            raise AccountRefused(detail=f"bind status {status}") from None
        except (exceptions.ConnectionError, exceptions.UnknownCommandError, OSError, ssl.SSLError):
            _discard(client)
            raise Unreachable(detail="no connection") from None
        client.set_message_sent_handler(self._sent)
        client.set_message_received_handler(self._received)
        client.set_error_pdu_handler(self._sent)
        self._client, self._heard_at = client, time.monotonic()
        threading.Thread(target=self._keep_listening, args=(client,), name="smpp", daemon=True).start()
        return client

    def _submit(self, client: Client, phone: str, part: bytes, *, long: bool) -> int:
        sender = self._settings.sms_smpp_sender
        pdu = client.send_message(
            source_addr_ton=consts.SMPP_TON_UNK if sender.isdigit() or not sender else consts.SMPP_TON_ALNUM,
            source_addr_npi=consts.SMPP_NPI_ISDN if sender.isdigit() else consts.SMPP_NPI_UNK,
            source_addr=sender,
            dest_addr_ton=consts.SMPP_TON_INTL,
            dest_addr_npi=consts.SMPP_NPI_ISDN,
            destination_addr=phone.removeprefix("+"),
            short_message=part,
            data_coding=consts.SMPP_ENCODING_ISO10646,
            esm_class=consts.SMPP_GSMFEAT_UDHI if long else 0,
            registered_delivery=1,
        )
        return int(pdu.sequence)

    def _sent(self, pdu: Any, **_: object) -> None:
        name = pdu.message_id if pdu.status == consts.SMPP_ESME_ROK else b""
        text = name.decode("ascii", "replace") if isinstance(name, bytes) else str(name or "")
        self._answers[pdu.sequence] = (pdu.status, text.rstrip("\0"))

    def _received(self, pdu: Any, **_: object) -> int:
        found = _RECEIPT.match(pdu.short_message or b"")
        if found is None or found[2].decode() not in FINAL:
            return int(consts.SMPP_ESME_ROK)  # a message from a phone, or no end yet
        stat = found[2].decode()
        try:
            self._reports.reported(self.name, Report(found[1].decode("ascii", "replace"), stat == "DELIVRD", stat))
        except Exception:
            log.exception("a receipt could not be kept")
            return int(consts.SMPP_ESME_RSYSERR)  # so that it is sent again
        return int(consts.SMPP_ESME_ROK)

    def _keep_listening(self, client: Client) -> None:
        """Takes receipts and answers tests as long as this client is the one in use."""
        while not self._closing.wait(LISTEN_SECONDS):
            with self._lock:
                if self._client is not client:
                    return
                if not self._listen(client, 0.01):
                    log.warning("the connection ended")
                    self._drop()
                    return

    def _listen(self, client: Client, seconds: float) -> bool:
        """Handles one message that came within ``seconds``, if one did; whether the connection still stands."""
        wire = client._socket  # smpplib has no other way to ask whether something came
        try:
            if (isinstance(wire, ssl.SSLSocket) and wire.pending()) or select.select([wire], [], [], max(0.0, seconds))[0]:
                client.read_once(auto_send_enquire_link=False)
                self._heard_at = time.monotonic()
            elif time.monotonic() - self._heard_at > ENQUIRE_SECONDS:
                self._heard_at = time.monotonic()
                client.send_pdu(make_pdu("enquire_link", client=client))
        except (exceptions.ConnectionError, exceptions.PDUError, exceptions.UnknownCommandError, OSError, ValueError, struct.error):
            return False
        return True

    def _drop(self, *, unbind: bool = False) -> None:
        client, self._client = self._client, None
        if client is not None:
            if unbind:
                _quietly(client.unbind)
            _discard(client)


def build(settings: Settings, reports: Reports) -> Smpp:
    """The provider that the settings describe."""
    return Smpp(settings, reports)


def _outcome(answers: list[tuple[int, str]]) -> Accepted:
    wrong = [status for status, _ in answers if status != consts.SMPP_ESME_ROK]
    if not wrong:
        return Accepted(tuple(name or secrets.token_hex(8) for _, name in answers))
    if len(wrong) < len(answers):
        raise OutcomeUnknown(detail=f"partly taken, status {wrong[0]}")
    raise STATUSES.get(wrong[0], MessageRefused)(detail=f"status {wrong[0]}")


def _discard(client: Client) -> None:
    _quietly(client.disconnect)


def _quietly(act: Callable[[], object]) -> None:
    try:
        act()
    except (exceptions.ConnectionError, exceptions.PDUError, OSError):
        return
