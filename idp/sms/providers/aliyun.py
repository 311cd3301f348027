"""Aliyun's message service (API ``Dysmsapi`` of 2017-05-25), signed by ACS3-HMAC-SHA256."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

from idp.clock import BEIJING, Clock
from idp.outgoing import FetchFailed, Outgoing
from idp.settings import Settings
from idp.sms.errors import AccountRefused, Busy, NoTemplate, NumberRefused, OutcomeUnknown, ProviderLimit
from idp.sms.numbers import national
from idp.sms.provider import Accepted, Report, TextMessage
from idp.sms.providers.http_answer import Meanings, not_fetched, parsed, refused

ALGORITHM = "ACS3-HMAC-SHA256"
VERSION = "2017-05-25"
EMPTY = hashlib.sha256(b"").hexdigest()

# Aliyun, API error codes of the message service.
MEANINGS: Meanings = (
    ("isv.BUSINESS_LIMIT_CONTROL", ProviderLimit),
    ("isv.DAY_LIMIT_CONTROL", AccountRefused),
    ("isv.MONTH_LIMIT_CONTROL", AccountRefused),
    ("isv.MOBILE_NUMBER_ILLEGAL", NumberRefused),
    ("isv.MOBILE_COUNT_OVER_LIMIT", NumberRefused),
    ("isv.BLACK_KEY_CONTROL_LIMIT", AccountRefused),
    ("isv.AMOUNT_NOT_ENOUGH", AccountRefused),
    ("isv.OUT_OF_SERVICE", AccountRefused),
    ("isv.PRODUCT_UN", AccountRefused),
    ("isv.ACCOUNT", AccountRefused),
    ("isv.SMS_SIGN", AccountRefused),
    ("isv.SIGN_", AccountRefused),
    ("isv.SMS_TEMPLATE", AccountRefused),
    ("isv.DENY_IP_RANGE", AccountRefused),
    ("isp.RAM_PERMISSION_DENY", AccountRefused),
    ("isp.SYSTEM_ERROR", OutcomeUnknown),
    ("SignatureDoesNotMatch", AccountRefused),
    ("SignatureNonceUsed", AccountRefused),
    ("IncompleteSignature", AccountRefused),
    ("InvalidAccessKeyId", AccountRefused),
    ("InvalidTimeStamp", AccountRefused),
    ("Forbidden", AccountRefused),
    ("NoPermission", AccountRefused),
    ("Throttling", Busy),
    ("ServiceUnavailable", Busy),
    ("InternalError", OutcomeUnknown),
)


@dataclass(frozen=True)
class Call:
    """A call about to be signed: ``host`` as the Host header has it, ``nonce`` for once, ``moment`` in UTC."""

    host: str
    action: str
    version: str
    query: Mapping[str, str]
    nonce: str
    moment: datetime

    @property
    def canonical_query(self) -> str:
        """The parameters in the order and spelling that are signed, and sent."""
        return "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in sorted(self.query.items()))

    @property
    def headers(self) -> dict[str, str]:
        """What is signed beside the query. The body is empty."""
        return {
            "host": self.host,
            "x-acs-action": self.action,
            "x-acs-content-sha256": EMPTY,
            "x-acs-date": self.moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "x-acs-signature-nonce": self.nonce,
            "x-acs-version": self.version,
        }


def authorization(call: Call, key_id: str, key_secret: str) -> str:
    """The ``Authorization`` header (Aliyun, "Request syntax and signature method V3", steps 1 to 4)."""
    headers = call.headers
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    canonical = "\n".join(("POST", "/", call.canonical_query, lines, names, EMPTY))
    to_sign = f"{ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(key_secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    return f"{ALGORITHM} Credential={key_id},SignedHeaders={names},Signature={signature}"


class Aliyun:
    """The provider. Aliyun keeps the text as an approved template; it gets the code and the number."""

    name = "aliyun"

    def __init__(self, settings: Settings, outgoing: Outgoing, clock: Clock) -> None:
        self._settings, self._outgoing, self._clock = settings, outgoing, clock

    def send(self, message: TextMessage) -> Accepted:
        """``SendSms``. Raises a :class:`idp.sms.errors.SendError`."""
        here = self._settings
        event = message.values.get("event")
        english = here.sms_aliyun_template_en if message.locale == "en" else ""
        if event and not here.sms_aliyun_notice:
            raise NoTemplate
        query = {
            "PhoneNumbers": national(message.phone),
            "SignName": here.sms_aliyun_sign_name,
            "TemplateCode": here.sms_aliyun_notice if event else english or here.sms_aliyun_template,
            "TemplateParam": json.dumps({"event": event} if event else {"code": message.values["code"] or "000000"}),
            "OutId": str(message.reference),
        }
        answer = self._call("SendSms", query)
        name = answer.get("BizId")
        if not isinstance(name, str) or not name:
            raise OutcomeUnknown(detail="OK without BizId")
        return Accepted((name,))

    def report(self, message: TextMessage, id: str, sent_at: datetime) -> Report | None:  # noqa: A002
        """``QuerySendDetails``: SendStatus is 1 for waiting, 2 for failed, 3 for delivered."""
        query = {
            "PhoneNumber": national(message.phone),
            "BizId": id,
            "SendDate": sent_at.astimezone(BEIJING).strftime("%Y%m%d"),
            "PageSize": "10",
            "CurrentPage": "1",
        }
        answer = self._call("QuerySendDetails", query)
        outer = answer.get("SmsSendDetailDTOs")
        details = outer.get("SmsSendDetailDTO") if isinstance(outer, dict) else None
        found = details[0] if isinstance(details, list) and details and isinstance(details[0], dict) else {}
        if found.get("SendStatus") == 3:
            return Report(id, delivered=True, detail="DELIVERED")
        if found.get("SendStatus") == 2:
            code = found.get("ErrCode")
            return Report(id, delivered=False, detail=code[:40] if isinstance(code, str) and code.isprintable() else "failed")
        return None

    def close(self) -> None:
        """Nothing to end: connections are the outgoing client's."""

    def _call(self, action: str, query: Mapping[str, str]) -> dict[str, Any]:
        here = self._settings
        url = here.sms_aliyun_url.rstrip("/")
        call = Call(urlsplit(url).netloc, action, VERSION, query, secrets.token_hex(16), self._clock.now())
        secret = here.sms_aliyun_key_secret.get_secret_value() if here.sms_aliyun_key_secret else ""
        try:
            # The interface is described with its parameters in the query. The address is sent by TLS and logged nowhere here.
            answer = self._outgoing.post(
                f"{url}/?{call.canonical_query}",
                b"",
                content_type=None,  # there is no body; a content type would have to be signed
                authorization=authorization(call, here.sms_aliyun_key_id, secret),
                headers={**call.headers, "accept": "application/json"},
                seconds=here.sms_timeout,
            )
        except FetchFailed as error:
            not_fetched(error)
        value = parsed(answer)
        if value.get("Code") != "OK":
            refused(value.get("Code"), MEANINGS)
        return value


def _encoded(text: str) -> str:
    return quote(text, safe="-_.~")
