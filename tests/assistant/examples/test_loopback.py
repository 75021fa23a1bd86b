"""While a build runs, tools that are handed no settings find the sandbox and not the services."""

import os
import time

from skywright.assistant.examples.loopback import no_pauses, settings_of_the_process
from skywright.settings import Settings, get_settings
from skywright.sources import pacing


def test_settings_hold_within_and_those_before_come_back(tmp_path, monkeypatch):
    monkeypatch.setenv("SKYWRIGHT_GAIA_URL", "https://before.example/tap")
    get_settings.cache_clear()
    ours = Settings(gaia_url="http://127.0.0.1:1/tap", data_dir=tmp_path, ads_token="token")
    with settings_of_the_process(ours):
        within = get_settings()
    assert (within.gaia_url, within.data_dir) == ("http://127.0.0.1:1/tap", tmp_path)
    assert within.ads_token.get_secret_value() == "token"
    assert get_settings().gaia_url == "https://before.example/tap"
    assert "SKYWRIGHT_ADS_TOKEN" not in os.environ


def test_our_own_host_is_asked_without_a_pause_and_others_are_not():
    waited = []
    with no_pauses("http://127.0.0.1:1234"):
        for _ in range(2):
            pacing.take_turn(b"127.0.0.1:1234", 3.0, waited.append)
    assert waited == []
    for _ in range(2):
        pacing.take_turn(b"127.0.0.1:1234", 3.0, waited.append)
    assert len(waited) == 1
    pacing._FREE_AT_S[b"127.0.0.1:1234"] = time.monotonic()
