"""A kind for chaos: it counts epochs, keeps checkpoints, and misbehaves when told to.

It is installed as third parties install theirs, through the entry points, in a folder of its own.
"""

import itertools
import json
import os
import subprocess
import sys
import textwrap
import time
from dataclasses import replace

import pytest

from skywright.foundry.jobs.job import Slots
from skywright.foundry.jobs.workplace import Workplace
from skywright.foundry.recipe import recipe_of
from skywright.foundry.training import Ask, submit
from skywright.settings import Settings

KIND = '''
"""Counts: one epoch after the other, each on record with its process and its times."""

import json, os, time
from pathlib import Path

VERSION = 1


def fit(run):
    params = run.recipe.params
    place = Path(params["place"])
    last = run.resume()
    done = int((last / "epoch").read_text()) if last else 0
    for epoch in range(done + 1, params.get("epochs", 3) + 1):
        begun = time.time()
        if epoch == params.get("breaks_at"):
            raise ValueError("the instrument is broken")
        if epoch == params.get("fills_disk_at"):
            raise OSError(28, "No space left on device")
        until = time.monotonic() + params.get("epoch_s", 0.05)
        while time.monotonic() < until:
            with (place / "alive").open("a") as alive:
                alive.write(f"{os.getpid()} {time.time()}\\\\n")
            time.sleep(0.02)
        with run.checkpoint(epoch) as folder:
            (folder / "epoch").write_text(str(epoch))
        with (place / "epochs").open("a") as told:
            told.write(json.dumps({"epoch": epoch, "pid": os.getpid(), "from": begun,
                                   "to": time.time(), "code": VERSION}) + "\\\\n")
        run.log(step=epoch, loss=1.0 / epoch)
    (run.out / "weights").write_bytes(bytes(range(params.get("epochs", 3))))
    return {"score": 1.0, "epochs": params.get("epochs", 3), "code": VERSION,
            "baseline": {"name": "none", "score": 0.0}}


def load(folder):
    return lambda rows: [{"value": 1.0} for _ in rows]
'''.replace("\\\\\\\\n", "\\\\n")


@pytest.fixture
def chaos(tmp_path, any_database, monkeypatch):
    """A workplace with the counting kind, its folder, and supervisors in processes of their own."""
    packages = tmp_path / "packages"
    meta = packages / "counting-1.0.dist-info"
    meta.mkdir(parents=True)
    (packages / "counting.py").write_text(KIND.replace("\\\\n", "\\n"), encoding="utf-8")
    (meta / "METADATA").write_text("Metadata-Version: 2.1\nName: counting\nVersion: 1.0\n")
    (meta / "entry_points.txt").write_text("[skywright.kinds]\ncounting = counting\n")
    monkeypatch.setenv("PYTHONPATH", str(packages))
    monkeypatch.syspath_prepend(str(packages))
    found = Chaos(tmp_path, any_database, packages)
    yield found
    found.end()


class Chaos:
    def __init__(self, folder, database, packages):
        self.folder, self.database, self.packages = folder, database, packages
        self.settings = Settings(
            data_dir=folder / "sky", database_url=database.url, job_lease_s=1.0, job_cpus=8
        )
        self.place = replace(Workplace.of(self.settings, database), offer=Slots(cpus=8))
        self.supervisors = []

    def submit(self, name="counting", **params):
        run = params.pop("run", {})
        recipe = {
            "name": name,
            "kind": "counting",
            "metric": "score",
            "params": {"place": str(self.folder), **params},
            "run": run,
        }
        return submit(self.place, Ask(recipe_of(recipe, name)))

    def supervisor(self, lease_s=1.0):
        """Start a worker in a process of its own; killing it takes nothing of ours along."""
        program = textwrap.dedent("""
            from skywright.foundry.jobs.worker import Worker
            from skywright.foundry.jobs.workplace import Workplace
            Worker(Workplace.of()).run()
        """)
        environment = {
            **os.environ,
            "SKYWRIGHT_DATA_DIR": str(self.settings.data_dir),
            "SKYWRIGHT_DATABASE_URL": self.database.url,
            "SKYWRIGHT_JOB_LEASE_S": str(lease_s),
            "SKYWRIGHT_JOB_CPUS": "8",
            "PYTHONPATH": str(self.packages),
        }
        process = subprocess.Popen(
            [sys.executable, "-c", program], env=environment, start_new_session=True
        )
        self.supervisors.append(process)
        return process

    def epochs(self):
        path = self.folder / "epochs"
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        return [json.loads(line) for line in text.splitlines()]

    def alive(self):
        """Return (pid, time) of every sign of life."""
        path = self.folder / "alive"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return [(int(pid), float(at)) for pid, at in (line.split() for line in lines)]

    def until(self, happened, limit_s=60.0):
        """Wait for something; the limit is only there to end a test that hangs."""
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            if result := happened():
                return result
            time.sleep(0.02)
        states = [(job.id, job.status, job.error) for job in self.place.queue.list()]
        logs = [self.place.queue.log(job.id) for job in self.place.queue.list()]
        pytest.fail(f"it never happened; jobs are {states}, logs {logs}")

    def status(self, job):
        return self.place.queue.find(job.id).status

    def ends(self, job, status="completed"):
        return self.until(lambda: self.status(job) == status)

    def end(self):
        for process in self.supervisors:
            process.kill()
            process.wait()


def overlap_s(signs):
    """Return for how long two processes showed signs of life at once [s]."""
    spans = {}
    for pid, at in signs:
        first, last = spans.get(pid, (at, at))
        spans[pid] = (min(first, at), max(last, at))
    ordered = sorted(spans.values())
    return max(
        (first[1] - second[0] for first, second in itertools.pairwise(ordered)),
        default=0.0,
    )
