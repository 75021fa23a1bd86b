"""Settings: frozen, from the environment, and strict about names."""

import pytest
from pydantic import ValidationError

from skywright.errors import InputError
from skywright.settings import get_settings


def test_defaults_need_nothing():
    settings = get_settings()
    assert settings.host == "127.0.0.1"
    assert settings.database_url == ""


def test_environment_overrides_a_default(monkeypatch):
    monkeypatch.setenv("SKYWRIGHT_PORT", "9000")
    get_settings.cache_clear()
    assert get_settings().port == 9000


def test_misspelt_name_is_refused_with_the_nearest_one(monkeypatch):
    monkeypatch.setenv("SKYWRIGHT_PROT", "9000")
    get_settings.cache_clear()
    with pytest.raises(InputError, match="SKYWRIGHT_PROT is not.*Did you mean SKYWRIGHT_PORT"):
        get_settings()


def test_value_outside_its_range_names_the_setting(monkeypatch):
    monkeypatch.setenv("SKYWRIGHT_PORT", "0")
    get_settings.cache_clear()
    with pytest.raises(InputError, match="SKYWRIGHT_PORT='0'.*greater than or equal to 1"):
        get_settings()


def test_settings_cannot_be_changed_afterwards():
    with pytest.raises(ValidationError, match="frozen"):
        get_settings().port = 1
