"""Ray as a place to run: what the supervisor forgets by dying, its successor finds again."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from skywright.errors import SourceError
from skywright.foundry.jobs.ray_jobs import RayLauncher
from skywright.settings import Settings

pytestmark = [pytest.mark.alone, pytest.mark.service, pytest.mark.slow]


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@pytest.fixture
def ray_address(chaos, tmp_path):
    """Address of the Jobs service of a Ray head started for one test."""
    program = Path(sys.executable).with_name("ray")
    if not program.is_file():
        pytest.skip("Ray is not installed (pip install 'skywright[ray]')")
    port, dashboard = free_ports(2)
    folder = Path("/tmp") / f"ray-{os.getpid()}"  # paths of sockets must be short
    environment = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0", "PYTHONPATH": str(chaos.packages)}
    command = [
        str(program),
        "start",
        "--head",
        "--num-cpus=4",
        f"--port={port}",
        f"--dashboard-port={dashboard}",
        "--dashboard-host=127.0.0.1",
        f"--temp-dir={folder}",
        "--object-store-memory=100000000",
        "--disable-usage-stats",
    ]
    log = (tmp_path / "ray.log").open("wb")
    subprocess.run(command, env=environment, check=True, stdout=log, stderr=log)
    yield f"http://127.0.0.1:{dashboard}"
    subprocess.run([str(program), "stop", "--force"], check=False, stdout=log, stderr=log)
    log.close()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("any_database", ["sqlite"], indirect=True)
def test_a_job_on_ray_outlives_its_driver_and_is_found_again(chaos, ray_address, monkeypatch):
    monkeypatch.setenv("SKYWRIGHT_RAY_JOBS_ADDRESS", ray_address)
    job = chaos.submit(epochs=24, epoch_s=0.25, run={"on": "ray"})
    driver = chaos.supervisor()
    chaos.until(lambda: len(chaos.epochs()) >= 2, limit_s=120.0)
    driver.kill()
    chaos.supervisor()
    chaos.until(lambda: chaos.status(job) == "completed", limit_s=180.0)
    assert [row["epoch"] for row in chaos.epochs()] == list(range(1, 25))
    assert len({row["pid"] for row in chaos.epochs()}) == 1, "it was attached to, not started again"
    assert chaos.place.queue.find(job.id).attempt == 2
    second = chaos.submit("broken", epochs=6, epoch_s=0.3, run={"on": "ray"})
    chaos.until(lambda: len(chaos.epochs()) >= 26, limit_s=120.0)
    os.kill(chaos.epochs()[-1]["pid"], signal.SIGKILL)
    chaos.until(lambda: chaos.status(second) == "completed", limit_s=120.0)
    assert [row["epoch"] for row in chaos.epochs()[24:]] == [1, 2, 3, 4, 5, 6]


def test_no_ray_is_a_sentence():
    (port,) = free_ports(1)
    with pytest.raises(SourceError, match="no Ray Jobs service at http"):
        RayLauncher(Settings(ray_jobs_address=f"http://127.0.0.1:{port}"))
