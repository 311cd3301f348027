"""Aliyun and Tencent against a server of our own; each request's signature is computed again by the vendor's own code."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from tencentcloud.common.sign import Sign

from idp.outgoing import Outgoing
from idp.settings import Settings
from idp.sms.errors import AccountRefused, Busy, NoTemplate, NumberRefused, OutcomeUnknown, ProviderLimit, SendError, Unreachable
from idp.sms.provider import TextMessage
from idp.sms.providers import aliyun, tencent
from tests.clocks import SettableClock
from tests.services.receiver import Receiver, receiving

MESSAGE = TextMessage(7, "+8613800000000", "text", "en", {"code": "814095"})


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


def settings(url: str) -> Settings:
    values = {
        "sms_aliyun_key_id": "id", "sms_aliyun_key_secret": "key", "sms_aliyun_sign_name": "一码", "sms_aliyun_template": "SMS_1",
        "sms_tencent_secret_id": "id", "sms_tencent_secret_key": "key", "sms_tencent_app_id": "14", "sms_tencent_sign_name": "一码",
        "sms_tencent_template": "11",
    }  # fmt: skip
    return Settings(sms_aliyun_url=url, sms_tencent_url=url, allow_private_fetches=True, **values)  # type: ignore[arg-type]


def of(kind: str, url: str) -> aliyun.Aliyun | tencent.Tencent:
    here = settings(url)
    chosen = aliyun.Aliyun if kind == "aliyun" else tencent.Tencent
    return chosen(here, Outgoing(here), SettableClock())


def test_the_published_example_of_aliyun_is_reproduced() -> None:
    # Aliyun, "V3 request structure and signature", fixed example with YourAccessKeyId and YourAccessKeySecret.
    query = {"ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd", "RegionId": "cn-shanghai"}
    moment = datetime(2023, 10, 26, 9, 1, 1, tzinfo=UTC)
    nonce = "d410180a5abf7fe235dd9b74aca91fc0"
    call = aliyun.Call("ecs.cn-shanghai.aliyuncs.com", "RunInstances", "2014-05-26", query, nonce, moment)
    signature = "e521358f7776c97df52e6b2891a8bc73026794a071b50c3323388c4e0df64804"
    assert aliyun.authorization(call, "YourAccessKeyId", "YourAccessKeySecret").endswith(signature)
    assert not aliyun.authorization(call, "YourAccessKeyId", "another").endswith(signature)


def test_tencents_own_signer_agrees_with_ours(receiver: Receiver) -> None:
    receiver.body = json.dumps({"Response": {"SendStatusSet": [{"SerialNo": "5:1", "Code": "Ok"}]}}).encode()
    assert of("tencent", receiver.url).send(MESSAGE).ids == ("5:1",)
    (_, content_type, body), host = receiver.received[0], receiver.url.removeprefix("http://")
    moment = SettableClock().now()
    request = f"POST\n/\n\ncontent-type:{content_type}\nhost:{host}\nx-tc-action:sendsms\n\ncontent-type;host;x-tc-action\n"
    import hashlib

    digest = hashlib.sha256((request + hashlib.sha256(body).hexdigest()).encode()).hexdigest()
    scope = f"{moment:%Y-%m-%d}/sms/tc3_request"
    to_sign = f"TC3-HMAC-SHA256\n{int(moment.timestamp())}\n{scope}\n{digest}"
    expected = Sign.sign_tc3("key", f"{moment:%Y-%m-%d}", "sms", to_sign)
    assert receiver.authorizations[0].endswith(f"Signature={expected}")
    assert Sign.sign_tc3("other", f"{moment:%Y-%m-%d}", "sms", to_sign) != expected
    assert json.loads(body)["TemplateParamSet"] == ["814095"]


def test_aliyun_takes_a_message_and_says_what_became_of_it(receiver: Receiver) -> None:
    one = of("aliyun", receiver.url)
    receiver.body = b'{"Code":"OK","BizId":"9^0"}'
    assert one.send(MESSAGE).ids == ("9^0",)
    for status, found in ((1, None), (2, False), (3, True)):
        details = {"SmsSendDetailDTO": [{"SendStatus": status, "ErrCode": "MOBILE_NOT_ON_SERVICE"}]}
        receiver.body = json.dumps({"Code": "OK", "SmsSendDetailDTOs": details}).encode()
        report = one.report(MESSAGE, "9^0", SettableClock().now())
        assert (report.delivered if report else None) is found


CODES: list[tuple[str, str, type[SendError]]] = [
    ("aliyun", "isv.BUSINESS_LIMIT_CONTROL", ProviderLimit),
    ("aliyun", "isv.MOBILE_NUMBER_ILLEGAL", NumberRefused),
    ("aliyun", "SignatureDoesNotMatch", AccountRefused),
    ("aliyun", "Throttling.User", Busy),
    ("tencent", "LimitExceeded.PhoneNumberThirtySecondLimit", ProviderLimit),
    ("tencent", "InvalidParameterValue.IncorrectPhoneNumber", NumberRefused),
    ("tencent", "FailedOperation.InsufficientBalanceInSmsPackage", AccountRefused),
    ("tencent", "RequestLimitExceeded", Busy),
]


@pytest.mark.parametrize(("kind", "code", "error"), CODES)
def test_what_the_vendor_refuses_has_its_own_error(receiver: Receiver, kind: str, code: str, error: type[SendError]) -> None:
    answer: object = {"Code": code} if kind == "aliyun" else {"Response": {"SendStatusSet": [{"Code": code}]}}
    receiver.body = json.dumps(answer).encode()
    with pytest.raises(error) as caught:
        of(kind, receiver.url).send(MESSAGE)
    assert caught.value.detail == code


def test_a_wrong_key_is_refused(receiver: Receiver) -> None:
    receiver.body = b'{"Response":{"Error":{"Code":"AuthFailure.SignatureFailure"}}}'
    with pytest.raises(AccountRefused):
        of("tencent", receiver.url).send(MESSAGE)


@pytest.mark.parametrize("kind", ["aliyun", "tencent"])
@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'{"Code":"OK"}', b'{"Response":{}}'])
def test_an_answer_that_says_nothing_leaves_the_message_unknown_or_refused(receiver: Receiver, kind: str, body: bytes) -> None:
    receiver.body = body
    with pytest.raises(SendError) as caught:
        of(kind, receiver.url).send(MESSAGE)
    assert caught.value.code in ("sms.unknown", "sms.message")


@pytest.mark.parametrize("kind", ["aliyun", "tencent"])
def test_where_nobody_listens_it_may_go_elsewhere(kind: str) -> None:
    with receiving() as gone:
        pass
    with pytest.raises(Unreachable):
        of(kind, gone.url).send(MESSAGE)
    assert OutcomeUnknown.elsewhere is False


@pytest.mark.parametrize("kind", ["aliyun", "tencent"])
def test_a_notice_goes_out_by_its_own_approved_text_or_not_at_all(receiver: Receiver, kind: str) -> None:
    notice = TextMessage(7, "+8613800000000", "text", "en", {"code": "", "event": "The password was changed."})
    with pytest.raises(NoTemplate):
        of(kind, receiver.url).send(notice)
    assert receiver.received == []
    receiver.body = json.dumps(
        {"Code": "OK", "BizId": "b", "Response": {"SendStatusSet": [{"SerialNo": "5:1", "Code": "Ok"}]}}
    ).encode()
    here = settings(receiver.url).model_copy(update={"sms_aliyun_notice": "SMS_9", "sms_tencent_notice": "99"})
    chosen = aliyun.Aliyun if kind == "aliyun" else tencent.Tencent
    assert chosen(here, Outgoing(here), SettableClock()).send(notice).ids
    path, _, body = receiver.received[0]
    sent = f"{path} {body if isinstance(body, str) else body.decode()}"
    assert "SMS_9" in sent or '"99"' in sent
    assert "password" in sent
