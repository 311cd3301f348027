"""Tencent Cloud's message service (API ``sms`` of 2021-01-11), signed by TC3-HMAC-SHA256."""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from idp.clock import Clock
from idp.outgoing import FetchFailed, Outgoing
from idp.settings import Settings
from idp.sms.errors import AccountRefused, Busy, NoTemplate, NumberRefused, OutcomeUnknown, ProviderLimit
from idp.sms.provider import Accepted, Report, TextMessage
from idp.sms.providers.http_answer import Meanings, not_fetched, parsed, refused

ALGORITHM = "TC3-HMAC-SHA256"
SERVICE = "sms"
VERSION = "2021-01-11"
CONTENT_TYPE = "application/json; charset=utf-8"
SIGNED = "content-type;host;x-tc-action"

# Tencent Cloud, error codes of the message service.
MEANINGS: Meanings = (
    ("LimitExceeded.PhoneNumber", ProviderLimit),
    ("LimitExceeded.DeliveryFrequencyLimit", ProviderLimit),
    ("LimitExceeded", AccountRefused),
    ("FailedOperation.PhoneNumberInBlacklist", NumberRefused),
    ("FailedOperation.InsufficientBalanceInSmsPackage", AccountRefused),
    ("FailedOperation.SignatureIncorrectOrUnapproved", AccountRefused),
    ("FailedOperation.TemplateIncorrectOrUnapproved", AccountRefused),
    ("InvalidParameterValue.IncorrectPhoneNumber", NumberRefused),
    ("InvalidParameterValue.SdkAppIdNotExist", AccountRefused),
    ("UnsupportedOperation.UnsupportedRegion", NumberRefused),
    ("UnauthorizedOperation", AccountRefused),
    ("AuthFailure", AccountRefused),
    ("RequestLimitExceeded", Busy),
    ("InternalError.Timeout", OutcomeUnknown),
    ("InternalError", OutcomeUnknown),
)


def authorization(host: str, action: str, body: bytes, moment: datetime, *, secret_id: str, secret_key: str, service: str) -> str:
    """The ``Authorization`` header (Tencent Cloud, "Signature v3", steps 1 to 4)."""
    date = moment.astimezone(UTC).strftime("%Y-%m-%d")
    scope = f"{date}/{service}/tc3_request"
    headers = f"content-type:{CONTENT_TYPE}\nhost:{host}\nx-tc-action:{action.lower()}\n"
    canonical = "\n".join(("POST", "/", "", headers, SIGNED, hashlib.sha256(body).hexdigest()))
    to_sign = "\n".join((ALGORITHM, str(int(moment.timestamp())), scope, hashlib.sha256(canonical.encode()).hexdigest()))
    key = _mac(_mac(_mac(f"TC3{secret_key}".encode(), date), service), "tc3_request")
    return f"{ALGORITHM} Credential={secret_id}/{scope}, SignedHeaders={SIGNED}, Signature={_mac(key, to_sign).hex()}"


class Tencent:
    """The provider. Tencent keeps the text as an approved template with the code as ``{1}``."""

    name = "tencent"

    def __init__(self, settings: Settings, outgoing: Outgoing, clock: Clock) -> None:
        self._settings, self._outgoing, self._clock = settings, outgoing, clock

    def send(self, message: TextMessage) -> Accepted:
        """``SendSms``. Raises a :class:`idp.sms.errors.SendError`."""
        here = self._settings
        event = message.values.get("event")
        english = here.sms_tencent_template_en if message.locale == "en" else ""
        if event and not here.sms_tencent_notice:
            raise NoTemplate
        request = {
            "PhoneNumberSet": [message.phone],
            "SmsSdkAppId": here.sms_tencent_app_id,
            "SignName": here.sms_tencent_sign_name,
            "TemplateId": here.sms_tencent_notice if event else english or here.sms_tencent_template,
            "TemplateParamSet": [event or message.values["code"] or "000000"],
            "SessionContext": str(message.reference),
        }
        status = _first(self._call("SendSms", request).get("SendStatusSet"))
        if status.get("Code") != "Ok":
            refused(status.get("Code"), MEANINGS)
        name = status.get("SerialNo")
        if not isinstance(name, str) or not name:
            raise OutcomeUnknown(detail="Ok without SerialNo")
        return Accepted((name,))

    def report(self, message: TextMessage, id: str, sent_at: datetime) -> Report | None:  # noqa: A002
        """``PullSmsSendStatusByPhoneNumber``: what became of the messages to one number since a moment."""
        request = {
            "BeginTime": int(sent_at.timestamp()) - 60,
            "Offset": 0,
            "Limit": 100,
            "PhoneNumber": message.phone,
            "SmsSdkAppId": self._settings.sms_tencent_app_id,
        }
        found = self._call("PullSmsSendStatusByPhoneNumber", request).get("PullSmsSendStatusSet")
        for status in found if isinstance(found, list) else ():
            if isinstance(status, dict) and status.get("SerialNo") == id:
                word = status.get("ReportStatus")
                return Report(id, delivered=word == "SUCCESS", detail="SUCCESS" if word == "SUCCESS" else "FAIL")
        return None

    def close(self) -> None:
        """Nothing to end: connections are the outgoing client's."""

    def _call(self, action: str, request: dict[str, Any]) -> dict[str, Any]:
        here = self._settings
        url, moment, body = here.sms_tencent_url.rstrip("/"), self._clock.now(), json.dumps(request).encode()
        host = urlsplit(url).netloc
        secret = here.sms_tencent_secret_key.get_secret_value() if here.sms_tencent_secret_key else ""
        credentials = authorization(
            host, action, body, moment, secret_id=here.sms_tencent_secret_id, secret_key=secret, service=SERVICE
        )
        headers = {
            "Host": host,
            "X-TC-Action": action,
            "X-TC-Version": VERSION,
            "X-TC-Region": here.sms_tencent_region,
            "X-TC-Timestamp": str(int(moment.timestamp())),
        }
        try:
            answer = self._outgoing.post(
                f"{url}/",
                body,
                content_type=CONTENT_TYPE,
                authorization=credentials,
                headers=headers,
                seconds=here.sms_timeout,
            )
        except FetchFailed as error:
            not_fetched(error)
        response = parsed(answer).get("Response")
        if not isinstance(response, dict):
            raise OutcomeUnknown(detail=f"status {answer.status}")
        if (wrong := response.get("Error")) is not None:
            refused(wrong.get("Code") if isinstance(wrong, dict) else None, MEANINGS)
        return response


def _first(statuses: object) -> dict[str, Any]:
    if isinstance(statuses, list) and statuses and isinstance(statuses[0], dict):
        return statuses[0]
    raise OutcomeUnknown(detail="no SendStatusSet")


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
