"""Aliyun and Tencent against services of our own, where the vendor's own signer judges every request: and every way they fail."""

from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Event

import pytest

from idp.outgoing import Outgoing
from idp.settings import Settings
from idp.sms.errors import (
    AccountRefused,
    Busy,
    MessageRefused,
    NoTemplate,
    NumberRefused,
    OutcomeUnknown,
    ProviderLimit,
    SendError,
    Unreachable,
)
from idp.sms.provider import Report, TextMessage
from idp.sms.providers import aliyun, tencent
from tests.clocks import SettableClock
from tests.services.sms_vendors import KEY_ID, KEY_SECRET, Vendor, vendor

KINDS = ("aliyun", "tencent")
OUTGOING = Outgoing(Settings(allow_private_fetches=True))


@pytest.fixture
def there() -> Iterator[Vendor]:
    with vendor() as one:
        yield one


def of(kind: str, url: str, **changes: object) -> aliyun.Aliyun | tencent.Tencent:
    values = {
        "sms_aliyun_key_id": KEY_ID, "sms_aliyun_key_secret": KEY_SECRET, "sms_aliyun_sign_name": "一码 & (学校)*~",
        "sms_aliyun_template": "SMS_1", "sms_aliyun_template_en": "SMS_2",
        "sms_tencent_secret_id": KEY_ID, "sms_tencent_secret_key": KEY_SECRET, "sms_tencent_app_id": "14",
        "sms_tencent_sign_name": "一码 & (学校)*~", "sms_tencent_template": "11", "sms_tencent_template_en": "12",
    }  # fmt: skip
    here = Settings(
        sms_aliyun_url=url,
        sms_tencent_url=url,
        allow_private_fetches=True,
        sms_timeout=1,
        **{**values, **changes},  # type: ignore[arg-type]
    )
    return (aliyun.Aliyun if kind == "aliyun" else tencent.Tencent)(here, OUTGOING, SettableClock())


def message(locale: str = "zh_Hans", code: str = "814095") -> TextMessage:
    return TextMessage(7, "+8613800000000", "text", locale, {"code": code})


def test_the_published_example_of_aliyun_is_reproduced() -> None:
    # Aliyun, "V3 request structure and signature", fixed example with YourAccessKeyId and YourAccessKeySecret.
    query = {"ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd", "RegionId": "cn-shanghai"}
    moment = datetime(2023, 10, 26, 9, 1, 1, tzinfo=UTC)
    nonce = "d410180a5abf7fe235dd9b74aca91fc0"
    call = aliyun.Call("ecs.cn-shanghai.aliyuncs.com", "RunInstances", "2014-05-26", query, nonce, moment)
    signature = "e521358f7776c97df52e6b2891a8bc73026794a071b50c3323388c4e0df64804"
    assert aliyun.authorization(call, "YourAccessKeyId", "YourAccessKeySecret").endswith(signature)


@pytest.mark.parametrize(("locale", "template"), [("zh_Hans", "SMS_1"), ("en", "SMS_2")])
def test_aliyun_takes_a_message_in_the_persons_language(there: Vendor, locale: str, template: str) -> None:
    assert of("aliyun", there.url).send(message(locale)).ids == ("1^0",)
    [(action, taken)] = there.taken
    expected = {"PhoneNumbers": "13800000000", "SignName": "一码 & (学校)*~", "TemplateCode": template}
    assert (action, taken) == ("SendSms", {**expected, "TemplateParam": '{"code": "814095"}', "OutId": "7"})


@pytest.mark.parametrize(("locale", "template"), [("zh_Hans", "11"), ("en", "12")])
def test_tencent_takes_a_message_in_the_persons_language(there: Vendor, locale: str, template: str) -> None:
    assert of("tencent", there.url).send(message(locale)).ids == ("1:1",)
    [(action, taken)] = there.taken
    expected = {"PhoneNumberSet": ["+8613800000000"], "SmsSdkAppId": "14", "SignName": "一码 & (学校)*~", "TemplateId": template}
    assert (action, taken) == ("SendSms", {**expected, "TemplateParamSet": ["814095"], "SessionContext": "7"})


@pytest.mark.parametrize("kind", KINDS)
def test_a_notice_goes_out_by_its_own_approved_text_or_not_at_all(there: Vendor, kind: str) -> None:
    notice = TextMessage(7, "+8613800000000", "text", "en", {"code": "", "event": "The password was changed."})
    with pytest.raises(NoTemplate):
        of(kind, there.url).send(notice)
    assert there.taken == []
    of(kind, there.url, sms_aliyun_notice="SMS_9", sms_tencent_notice="99").send(notice)
    taken = str(there.taken[0][1])
    assert "SMS_9" in taken or "'99'" in taken
    assert "The password was changed." in taken


def test_each_call_is_signed_for_once(there: Vendor) -> None:
    one = of("aliyun", there.url)
    assert [one.send(message()).ids for _ in range(3)] == [("1^0",), ("2^0",), ("3^0",)]


@pytest.mark.parametrize(
    ("kind", "setting"),
    [
        ("aliyun", "sms_aliyun_key_id"),
        ("aliyun", "sms_aliyun_key_secret"),
        ("tencent", "sms_tencent_secret_id"),
        ("tencent", "sms_tencent_secret_key"),
    ],
)
def test_a_wrong_key_is_refused_by_the_vendor_and_another_provider_may_be_asked(there: Vendor, kind: str, setting: str) -> None:
    with pytest.raises(AccountRefused) as caught:
        of(kind, there.url, **{setting: "another"}).send(message())
    assert caught.value.elsewhere
    assert there.taken == []


CODES: list[tuple[str, str, type[SendError]]] = [
    ("aliyun", "isv.BUSINESS_LIMIT_CONTROL", ProviderLimit),
    ("aliyun", "isv.DAY_LIMIT_CONTROL", AccountRefused),
    ("aliyun", "isv.MOBILE_NUMBER_ILLEGAL", NumberRefused),
    ("aliyun", "isv.AMOUNT_NOT_ENOUGH", AccountRefused),
    ("aliyun", "isv.SMS_TEMPLATE_ILLEGAL", AccountRefused),
    ("aliyun", "isv.INVALID_PARAMETERS", MessageRefused),
    ("aliyun", "isp.SYSTEM_ERROR", OutcomeUnknown),
    ("aliyun", "Throttling.User", Busy),
    ("tencent", "LimitExceeded.PhoneNumberThirtySecondLimit", ProviderLimit),
    ("tencent", "LimitExceeded.PhoneNumberDailyLimit", ProviderLimit),
    ("tencent", "LimitExceeded.AppCountryOrRegionDailyLimit", AccountRefused),
    ("tencent", "InvalidParameterValue.IncorrectPhoneNumber", NumberRefused),
    ("tencent", "FailedOperation.PhoneNumberInBlacklist", NumberRefused),
    ("tencent", "FailedOperation.InsufficientBalanceInSmsPackage", AccountRefused),
    ("tencent", "FailedOperation.ContainSensitiveWord", MessageRefused),
    ("tencent", "InternalError.Timeout", OutcomeUnknown),
    ("tencent", "RequestLimitExceeded", Busy),
]


@pytest.mark.parametrize(("kind", "code", "error"), CODES)
def test_what_the_vendor_refuses_has_its_own_error(there: Vendor, kind: str, code: str, error: type[SendError]) -> None:
    there.code = code
    with pytest.raises(error) as caught:
        of(kind, there.url).send(message())
    assert caught.value.detail == code


@pytest.mark.parametrize("kind", KINDS)
def test_foreign_text_in_a_code_is_not_repeated(there: Vendor, kind: str) -> None:
    there.code = "<script>13800000000"
    with pytest.raises(MessageRefused) as caught:
        of(kind, there.url).send(message())
    assert caught.value.detail == "unreadable code"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "body", [b"", b"[]", b"<html>", b'{"Code":"OK"}', b'{"Response":{}}', b"[" * 100_000, b"\xff", b"x" * 300_000]
)
def test_an_answer_that_says_nothing_never_counts_as_sent(there: Vendor, kind: str, body: bytes) -> None:
    there.body = body
    with pytest.raises(SendError) as caught:
        of(kind, there.url).send(message())
    assert caught.value.code in ("sms.unknown", "sms.message")


@pytest.mark.parametrize("kind", KINDS)
def test_a_vendor_that_dies_with_the_message_leaves_it_unknown(there: Vendor, kind: str) -> None:
    there.dies, one = True, of(kind, there.url)
    with pytest.raises(OutcomeUnknown) as caught:
        one.send(message())
    assert (caught.value.elsewhere, caught.value.permanent) == (False, True)
    there.dies = False
    assert one.send(message()).ids[0].startswith("2")


@pytest.mark.parametrize("kind", KINDS)
def test_a_vendor_that_answers_too_late_leaves_the_message_unknown_and_the_next_one_gets_its_own_answer(
    there: Vendor, kind: str
) -> None:
    there.silent, one = Event(), of(kind, there.url)
    with pytest.raises(OutcomeUnknown) as caught:
        one.send(message())
    assert caught.value.detail == "ReadTimeout"
    there.silent.set()
    assert one.send(message()).ids[0].startswith("2")
    assert len(there.taken) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_where_nobody_listens_the_message_may_go_elsewhere(kind: str) -> None:
    with vendor() as gone:
        pass
    with pytest.raises(Unreachable) as caught:
        of(kind, gone.url).send(message())
    assert (caught.value.elsewhere, caught.value.permanent) == (True, False)


@pytest.mark.parametrize(
    ("status", "report"),
    [(1, None), (2, Report("1^0", False, "MOBILE_NOT_ON_SERVICE")), (3, Report("1^0", True, "DELIVERED")), ("3", None)],
)
def test_aliyun_is_asked_what_became_of_a_message(there: Vendor, status: object, report: Report | None) -> None:
    there.details = [{"SendStatus": status, "ErrCode": "MOBILE_NOT_ON_SERVICE"}]
    assert of("aliyun", there.url).report(message(), "1^0", datetime(2026, 9, 1, 17, tzinfo=UTC)) == report
    [(action, taken)] = there.taken
    assert (action, taken["SendDate"]) == ("QuerySendDetails", "20260902")  # the day in Beijing


@pytest.mark.parametrize(
    ("word", "serial", "report"),
    [
        ("SUCCESS", "1:1", Report("1:1", True, "SUCCESS")),
        ("FAIL", "1:1", Report("1:1", False, "FAIL")),
        ("SUCCESS", "another", None),
    ],
)
def test_tencent_is_asked_what_became_of_a_message(there: Vendor, word: str, serial: str, report: Report | None) -> None:
    there.details = [{"SerialNo": serial, "ReportStatus": word}]
    assert of("tencent", there.url).report(message(), "1:1", SettableClock().now()) == report
