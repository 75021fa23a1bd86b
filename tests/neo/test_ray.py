"""Monte Carlo on a real Ray cluster: same function, same seeds, same answer."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from skywright.neo.impacts import add_impacts
from skywright.neo.notable import notable_objects
from skywright.settings import get_settings

pytest.importorskip("ray", reason="the extra 'ray' is not installed")
pytestmark = [pytest.mark.alone, pytest.mark.service, pytest.mark.filterwarnings("default")]


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def cluster(monkeypatch):
    """A head node on loopback, in processes of its own."""
    port, ray = _free_port(), str(Path(sys.executable).with_name("ray"))
    quiet = os.environ | {"RAY_USAGE_STATS_ENABLED": "0"}
    start = [ray, "start", "--head", "--node-ip-address=127.0.0.1", f"--port={port}",
             "--num-cpus=2", "--include-dashboard=false", "--disable-usage-stats"]  # fmt: skip
    subprocess.run(start, check=True, capture_output=True, timeout=120, env=quiet)
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("SKYWRIGHT_RAY_ADDRESS", f"127.0.0.1:{port}")
    get_settings.cache_clear()
    yield
    import ray as library

    library.shutdown()
    subprocess.run([ray, "stop", "--force"], check=True, capture_output=True, timeout=60)


def test_ray_gives_the_digits_of_this_machine(cluster, monkeypatch):
    table = notable_objects().filter(pl.col("designation").is_in(["2024 YR4", "2004 MN4"]))
    options = {"years": 8, "clones": 300, "seed": 11, "body": "moon"}
    there = add_impacts(table, **options)
    monkeypatch.delenv("SKYWRIGHT_RAY_ADDRESS")
    get_settings.cache_clear()
    here = add_impacts(table, **options)
    assert there.equals(here)
    assert here["ip_mc"].max() > 0
