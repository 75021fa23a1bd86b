"""A workplace of its own for measurements: a kind that counts, and supervisors to be killed."""

import itertools
import json
import os
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

from skywright.foundry.jobs.workplace import Workplace
from skywright.foundry.recipe import recipe_of
from skywright.foundry.training import Ask, submit
from skywright.settings import Settings
from skywright.store.database import Database

KIND = """
import json, os, time
from pathlib import Path


def fit(run):
    params = run.recipe.params
    place = Path(params["place"])
    last = run.resume()
    done = int((last / "epoch").read_text()) if last else 0
    alive = os.open(place / "alive", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for epoch in range(done + 1, params["epochs"] + 1):
        until = time.monotonic() + params["epoch_s"]
        while time.monotonic() < until:
            os.write(alive, f"{os.getpid()} {time.time()}\\n".encode())
            time.sleep(0.005)
        with run.checkpoint(epoch) as folder:
            (folder / "epoch").write_text(str(epoch))
        with (place / "epochs").open("a") as told:
            told.write(json.dumps({"epoch": epoch, "pid": os.getpid()}) + "\\n")
    (run.out / "weights").write_bytes(b"1")
    return {"score": 1.0, "baseline": {"name": "none", "score": 0.0}}


def load(folder):
    return lambda rows: [{"value": 1.0} for _ in rows]
"""


class Place:
    """A folder, a database, jobs that count, and supervisors in processes of their own."""

    def __init__(self, lease_s, url=None):
        self.folder = Path(tempfile.mkdtemp(prefix="skywright-bench-"))
        self.packages = self.folder / "packages"
        meta = self.packages / "counting-1.0.dist-info"
        meta.mkdir(parents=True)
        (self.packages / "counting_kind.py").write_text(KIND, encoding="utf-8")
        (meta / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: counting\nVersion: 1.0\n", encoding="utf-8"
        )
        (meta / "entry_points.txt").write_text(
            "[skywright.kinds]\ncounting = counting_kind\n", encoding="utf-8"
        )
        sys.path.insert(0, str(self.packages))
        self.lease_s = lease_s
        self.url = url or f"sqlite:///{self.folder / 'jobs.db'}"
        self.settings = Settings(
            data_dir=self.folder / "sky", database_url=self.url, job_lease_s=lease_s
        )
        self.place = Workplace.of(self.settings, Database(self.url))
        self.supervisors = []

    def submit(self, epochs, epoch_s):
        recipe = {
            "name": "counting",
            "kind": "counting",
            "metric": "score",
            "params": {"place": str(self.folder), "epochs": epochs, "epoch_s": epoch_s},
        }
        return submit(self.place, Ask(recipe_of(recipe, "counting")))

    def supervisor(self):
        program = textwrap.dedent("""
            from skywright.foundry.jobs.worker import Worker
            from skywright.foundry.jobs.workplace import Workplace
            place = Workplace.of()
            print("ready", flush=True)
            Worker(place).run()
        """)
        environment = {
            **os.environ,
            "SKYWRIGHT_DATA_DIR": str(self.settings.data_dir),
            "SKYWRIGHT_DATABASE_URL": self.url,
            "SKYWRIGHT_JOB_LEASE_S": str(self.lease_s),
            "PYTHONPATH": str(self.packages),
        }
        process = subprocess.Popen(
            [sys.executable, "-c", program],
            env=environment,
            start_new_session=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        process.stdout.readline()
        self.supervisors.append(process)
        return process

    def epochs(self):
        path = self.folder / "epochs"
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        return [json.loads(line) for line in text.splitlines()]

    def alive(self):
        path = self.folder / "alive"
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        lines = [line.split() for line in text.splitlines()]
        return [(int(line[0]), float(line[1])) for line in lines if len(line) == 2]

    def until(self, happened, limit_s=120.0):
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            if result := happened():
                return result
            time.sleep(0.005)
        jobs = [(job.status, job.error) for job in self.place.queue.list()]
        sys.exit(f"it never happened; jobs are {jobs}")

    def another(self, pid):
        """Return the time of the first sign of life of another process."""
        return next((at for other, at in self.alive() if other != pid), None)

    def end(self):
        for process in self.supervisors:
            process.kill()
            process.wait()
        self.place.close()
        sys.path.remove(str(self.packages))


def overlap_s(signs):
    """Return for how long two processes showed signs of life at once [s]."""
    spans = {}
    for pid, at in signs:
        first, last = spans.get(pid, (at, at))
        spans[pid] = (min(first, at), max(last, at))
    ordered = sorted(spans.values())
    return max((max(0.0, a[1] - b[0]) for a, b in itertools.pairwise(ordered)), default=0.0)
