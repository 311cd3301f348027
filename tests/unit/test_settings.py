"""Settings: read from two places, checked together, and never obeyed in part."""

from pathlib import Path

import pytest

from idp.settings import Settings, SettingsError, load


def test_without_any_setting_the_defaults_hold() -> None:
    settings = load({})
    assert settings.public_url == "http://localhost:8000"
    assert settings.database.endswith("/var/yima.db")
    assert not settings.secure


def test_a_file_in_the_data_folder_is_read_and_the_environment_wins(tmp_path: Path) -> None:
    (tmp_path / "yima.toml").write_text('organisation = "第一中学"\nsession_idle = 600\n', encoding="utf-8")
    settings = load({"YIMA_HOME": str(tmp_path), "YIMA_SESSION_IDLE": "900"})
    assert settings.organisation == "第一中学"
    assert settings.session_idle == 900


def test_another_port_moves_the_public_address_with_it() -> None:
    assert load({"YIMA_BIND": "localhost:9000"}).public_url == "http://localhost:9000"
    assert (
        load({"YIMA_BIND": "localhost:9000", "YIMA_PUBLIC_URL": "https://id.example.edu.cn"}).public_url
        == "https://id.example.edu.cn"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("YIMA_SESION_IDLE", "600"),
        ("YIMA_SESSION_IDLE", "soon"),
        ("YIMA_SESSION_IDLE", "0"),
        ("YIMA_SM_ENGINE", "enigma"),
        ("YIMA_PUBLIC_URL", "http://id.example.edu.cn"),
        ("YIMA_PUBLIC_URL", "https://id.example.edu.cn/path"),
        ("YIMA_PUBLIC_URL", "id.example.edu.cn"),
        ("YIMA_PUBLIC_URL", ""),
        ("YIMA_BIND", "8000"),
        ("YIMA_BIND", "localhost:0"),
        ("YIMA_MASTER_KEY", "abc"),
        ("YIMA_MASTER_KEY", "x" * 64),
        ("YIMA_CODE_LIFETIME", "601"),
        ("YIMA_DEMO_PORTS", "8001"),
        ("YIMA_CAS_PREFIXES", "/"),
        ("YIMA_CAS_PREFIXES", "cas"),
        ("YIMA_CAS_PREFIXES", "/cas/"),
        ("YIMA_CAS_PREFIXES", "/cas,/cas"),
        ("YIMA_CAS_PREFIXES", "/oauth"),
        ("YIMA_CAS_PREFIXES", "/cas,/me/cas"),
        ("YIMA_CAS_TICKET_LIFETIME", "301"),
    ],
)
def test_a_setting_that_is_wrong_or_unknown_stops_the_start_and_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load({name: value})
    assert caught.value.params["name"] == name


def test_settings_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(SettingsError):
        load({"YIMA_SESSION_IDLE": "7200", "YIMA_SESSION_ABSOLUTE": "3600"})
    with pytest.raises(SettingsError):
        load({"YIMA_REFRESH_TOKEN_IDLE": "7200", "YIMA_REFRESH_TOKEN_ABSOLUTE": "3600"})


@pytest.mark.parametrize("text", ["organisation = ", "colour = 'red'", "home = '/elsewhere'", "\xff"])
def test_a_file_that_is_wrong_stops_the_start(tmp_path: Path, text: str) -> None:
    (tmp_path / "yima.toml").write_text(text, encoding="latin-1")
    with pytest.raises(SettingsError):
        load({"YIMA_HOME": str(tmp_path)})


def test_the_master_key_is_not_in_any_representation() -> None:
    key = "ab" * 32
    settings = load({"YIMA_MASTER_KEY": key})
    assert key not in repr(settings) + str(settings) + settings.model_dump_json()


def test_an_error_about_the_master_key_does_not_repeat_it() -> None:
    with pytest.raises(SettingsError) as caught:
        load({"YIMA_MASTER_KEY": "deadbeef"})
    assert "deadbeef" not in str(caught.value)


def test_every_setting_says_what_it_means() -> None:
    assert all(field.description for field in Settings.model_fields.values())


def test_ipv6_addresses_can_be_bound() -> None:
    settings = load({"YIMA_BIND": "[::]:8443", "YIMA_PUBLIC_URL": "https://id.example.edu.cn"})
    assert (settings.bind_host, settings.bind_port) == ("::", 8443)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("YIMA_WEBAUTHN_RP_ID", "https://example.edu.cn"),
        ("YIMA_WEBAUTHN_RP_ID", "example.edu.cn:443"),
        ("YIMA_WEBAUTHN_RP_ID", "Example.edu.cn"),
        ("YIMA_WEBAUTHN_RP_ID", "例子.cn"),
        ("YIMA_WEBAUTHN_RELATED_ORIGINS", "id.example.cn"),
        ("YIMA_WEBAUTHN_RELATED_ORIGINS", "http://id.example.cn"),
        ("YIMA_WEBAUTHN_RELATED_ORIGINS", "https://id.example.cn/"),
        ("YIMA_WEBAUTHN_RELATED_ORIGINS", "https://id.example.cn,https://*.example.cn/x"),
    ],
)
def test_a_domain_or_origin_for_passkeys_that_is_none_stops_the_start(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load({"YIMA_PUBLIC_URL": "https://id.example.edu.cn", name: value})
    assert caught.value.params["name"] == name


def test_passkeys_are_for_the_domain_of_the_public_address_or_one_above_it() -> None:
    here = {"YIMA_PUBLIC_URL": "https://id.example.edu.cn"}
    assert load(here).rp_id == "id.example.edu.cn"
    assert load(here | {"YIMA_WEBAUTHN_RP_ID": "example.edu.cn"}).rp_id == "example.edu.cn"
    for stranger in ("ample.edu.cn", "sso.example.edu.cn", "example.cn"):
        with pytest.raises(SettingsError):
            load(here | {"YIMA_WEBAUTHN_RP_ID": stranger})


def test_after_a_move_passkeys_stay_with_the_old_domain_whose_owner_names_the_new_origin() -> None:
    moved = {"YIMA_PUBLIC_URL": "https://id.example.cn", "YIMA_WEBAUTHN_RP_ID": "example.edu.cn"}
    settings = load(moved | {"YIMA_WEBAUTHN_RELATED_ORIGINS": "https://id.example.cn, https://sso.example.cn"})
    assert settings.rp_id == "example.edu.cn"
    assert settings.related_origins == ("https://id.example.cn", "https://sso.example.cn")


@pytest.mark.parametrize("address", ["http://127.0.0.1:8000", "http://[::1]:8000", "https://192.0.2.7"])
def test_at_an_ip_address_there_are_no_passkeys(address: str) -> None:
    assert load({"YIMA_PUBLIC_URL": address}).rp_id == ""
