"""Settings of text messages: each that is wrong, missing or against another stops the start, and says which one it is."""

import pytest

from idp.outgoing import Outgoing
from idp.settings import Settings, SettingsError, load
from idp.settings.sms import NEEDED, PROVIDERS
from idp.sms.providers import BUILDERS, build
from idp.sms.providers.console import Console
from idp.sms.reports import ReportBook

# What each provider needs at the least, as the environment gives it.
COMPLETE = {
    "cmpp3": {"GATEWAY": "127.0.0.1:7890", "SP_ID": "901234", "SECRET": "s3cret", "ACCESS_NUMBER": "10690000"},
    "smpp": {"GATEWAY": "[::1]:2775", "SYSTEM_ID": "yima", "PASSWORD": "s3cret"},
    "aliyun": {"KEY_ID": "id", "KEY_SECRET": "secret", "SIGN_NAME": "一码", "TEMPLATE": "SMS_1"},
    "tencent": {"SECRET_ID": "id", "SECRET_KEY": "secret", "APP_ID": "14", "SIGN_NAME": "一码", "TEMPLATE": "11"},
    "console": {},
}


def complete(*providers: str) -> dict[str, str]:
    named = {f"YIMA_SMS_{one.upper()}_{name}": value for one in providers for name, value in COMPLETE[one].items()}
    return {**named, "YIMA_SMS_PROVIDERS": ",".join(providers)}


def reason(settings: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as caught:
        load(settings)
    return f"{caught.value.params['name']}: {caught.value.params['reason']}"


def test_every_provider_starts_with_what_it_needs_and_is_there_to_be_built() -> None:
    assert load(complete(*PROVIDERS)).sms_provider_list == PROVIDERS
    assert set(BUILDERS) == set(PROVIDERS) == set(NEEDED) == set(COMPLETE)


MISSING = [(one, name) for one, values in COMPLETE.items() for name in values]


@pytest.mark.parametrize(("provider", "name"), MISSING)
@pytest.mark.parametrize("given", [None, ""])
def test_what_a_named_provider_lacks_is_named(provider: str, name: str, given: str | None) -> None:
    settings = complete(provider)
    missing = f"YIMA_SMS_{provider.upper()}_{name}"
    del settings[missing]
    if given is not None:
        settings[missing] = given
    assert f"names {provider}, which needs {missing.removeprefix('YIMA_').lower()}" in reason(settings)


WRONG = [
    ("SMS_PROVIDERS", "pigeon"),
    ("SMS_PROVIDERS", "cmpp3,cmpp3"),
    ("SMS_TIMEOUT", "0"),
    ("SMS_TIMEOUT", "11"),
    ("SMS_TIMEOUT", "soon"),
    ("SMS_COUNTRIES", ""),
    ("SMS_COUNTRIES", "+86"),
    ("SMS_COUNTRIES", "86, 852"),
    ("SMS_COUNTRIES", "1234"),
    ("SMS_LIMITS", "off"),
    ("SMS_NETWORK_HOURLY", "0"),
    ("SMS_WIDE_NETWORK_HOURLY", "0"),
    ("SMS_DAILY_BUDGET", "-1"),
    ("SMS_KEPT_DAYS", "0"),
    ("SMS_KEPT_DAYS", "731"),
    ("SMS_CMPP3_GATEWAY", "gateway.example.cn"),
    ("SMS_CMPP3_GATEWAY", "gateway.example.cn:port"),
    ("SMS_CMPP3_GATEWAY", "gateway.example.cn:0"),
    ("SMS_CMPP3_GATEWAY", "gateway.example.cn:65536"),
    ("SMS_CMPP3_SP_ID", "9012345"),
    ("SMS_CMPP3_SP_ID", "企业"),
    ("SMS_CMPP3_SERVICE_ID", "A" * 11),
    ("SMS_CMPP3_ACCESS_NUMBER", "1069-0000"),
    ("SMS_CMPP3_ACCESS_NUMBER", "1" * 22),
    ("SMS_CMPP3_CHECK_GATEWAY", "perhaps"),
    ("SMS_CMPP3_WINDOW", "0"),
    ("SMS_CMPP3_WINDOW", "257"),
    ("SMS_CMPP3_PRICE", "-1"),
    ("SMS_CMPP3_PRICE", "0.045"),
    ("SMS_SMPP_GATEWAY", "2775"),
    ("SMS_SMPP_SYSTEM_ID", "a" * 16),
    ("SMS_SMPP_PASSWORD", "nineteen9"),
    ("SMS_SMPP_SENDER", "1" * 21),
    ("SMS_SMPP_TLS", "yes please"),
    ("SMS_SMPP_PRICE", "10001"),
    ("SMS_ALIYUN_KEY_ID", "a" * 129),
    ("SMS_ALIYUN_SIGN_NAME", "一" * 25),
    ("SMS_ALIYUN_TEMPLATE", "S" * 33),
    ("SMS_ALIYUN_TEMPLATE_EN", "S" * 33),
    ("SMS_ALIYUN_NOTICE", "S" * 33),
    ("SMS_ALIYUN_URL", "dysmsapi.aliyuncs.com"),
    ("SMS_ALIYUN_URL", "https://dysmsapi.aliyuncs.com/path"),
    ("SMS_ALIYUN_URL", "https://user@dysmsapi.aliyuncs.com"),
    ("SMS_ALIYUN_PRICE", "four"),
    ("SMS_TENCENT_SECRET_ID", "a" * 129),
    ("SMS_TENCENT_APP_ID", "app"),
    ("SMS_TENCENT_SIGN_NAME", "一" * 25),
    ("SMS_TENCENT_TEMPLATE", "SMS_1"),
    ("SMS_TENCENT_TEMPLATE_EN", "1" * 21),
    ("SMS_TENCENT_NOTICE", "1" * 21),
    ("SMS_TENCENT_URL", "ftp://sms.tencentcloudapi.com"),
    ("SMS_TENCENT_PRICE", "-1"),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_value_that_cannot_be_stops_the_start_and_is_named(name: str, value: str) -> None:
    assert name.lower() in reason({f"YIMA_{name}": value}).lower()


def test_no_setting_of_text_messages_is_left_without_a_wrong_value() -> None:
    free = {"sms_cmpp3_secret", "sms_aliyun_key_secret", "sms_tencent_secret_key", "sms_tencent_region"}  # any text may be right
    tried = {name.lower() for name, _ in WRONG} | free
    assert {name for name in Settings.model_fields if name.startswith("sms_")} == tried


def test_a_mistyped_setting_is_not_passed_over() -> None:
    assert "YIMA_SMS_CMPP_GATEWAY" in reason({"YIMA_SMS_CMPP_GATEWAY": "127.0.0.1:7890"})


def test_the_wider_network_may_not_be_allowed_less_than_the_narrower() -> None:
    assert "sms_wide_network_hourly" in reason({"YIMA_SMS_NETWORK_HOURLY": "200"})
    load({"YIMA_SMS_NETWORK_HOURLY": "200", "YIMA_SMS_WIDE_NETWORK_HOURLY": "200"})


def test_no_error_repeats_a_secret() -> None:
    wrong = complete("smpp") | {"YIMA_SMS_SMPP_PASSWORD": "s3cret-and-too-long"}
    assert "s3cret" not in reason(wrong)
    settings = load(complete(*PROVIDERS))
    assert "s3cret" not in repr(settings) + str(settings) + settings.model_dump_json()


PUBLIC = {"YIMA_PUBLIC_URL": "https://id.example.edu.cn"}


@pytest.mark.parametrize("providers", [("console",), ("cmpp3", "console")])
def test_the_console_is_refused_where_people_come_by_https(providers: tuple[str, ...]) -> None:
    assert "console prints codes" in reason(complete(*providers) | PUBLIC)
    load(complete("cmpp3") | PUBLIC)


def test_a_console_is_not_even_built_for_an_installation_that_is_not_a_developers() -> None:
    with pytest.raises(SettingsError, match="console prints codes"):
        Console(Settings(public_url="https://id.example.edu.cn"))


def test_providers_are_built_in_the_order_of_the_setting() -> None:
    class Bare:
        settings = load(complete("tencent", "console", "cmpp3", "smpp", "aliyun"))
        clock = None

    built = build(Bare(), Outgoing(Bare.settings), ReportBook(Bare()))  # type: ignore[arg-type]
    assert [one.name for one in built] == ["tencent", "console", "cmpp3", "smpp", "aliyun"]
    for one in built:
        one.close()
