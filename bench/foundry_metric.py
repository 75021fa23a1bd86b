"""One row of a metric: our table, and MLflow's SQLite store."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from skywright.foundry.jobs.job import JobRequest, Slots
from skywright.foundry.jobs.queue import Queue
from skywright.store.database import Database

ROWS = 300
PEERS = Path(__file__).resolve().parents[1] / ".venv-peers"

MLFLOW = """
import json, os, sys, tempfile, time
os.environ["MLFLOW_DISABLE_TELEMETRY"] = os.environ["DO_NOT_TRACK"] = "true"
from mlflow.tracking import MlflowClient
import mlflow
folder = tempfile.mkdtemp()
client = MlflowClient(tracking_uri=f"sqlite:///{folder}/mlflow.db")
run = client.create_run(client.create_experiment("bench")).info.run_id
client.log_metric(run, "loss", 1.0, step=0)
times = []
for step in range(1, int(sys.argv[1]) + 1):
    began = time.perf_counter()
    client.log_metric(run, "loss", 1.0 / step, step=step)
    times.append(time.perf_counter() - began)
print(json.dumps({"version": mlflow.__version__, "times": times}))
"""


def measure():
    ours, batched = our_times()
    peer = mlflow_times()
    told = {
        "ours_one_row_a_transaction_ms": round(1e3 * statistics.median(ours), 4),
        "ours_as_the_supervisor_writes_ms_a_row": round(1e3 * batched, 4),
    }
    if isinstance(peer, str):
        return told | {"mlflow": peer}
    theirs = statistics.median(peer["times"])
    return told | {
        f"mlflow_{peer['version']}_one_row_ms": round(1e3 * theirs, 4),
        "ratio_one_row": round(theirs / statistics.median(ours), 1),
        "ratio_as_written": round(theirs / batched, 1),
    }


def our_times():
    queue = Queue(Database(f"sqlite:///{tempfile.mkdtemp()}/jobs.db"))
    queue.submit(JobRequest("metric", {"name": "metric", "kind": "sklearn"}, "local"))
    job = queue.claim("w", 600.0, Slots(cpus=1))
    times = []
    for step in range(ROWS):
        began = time.perf_counter()
        queue.note(job, [], [(step, "loss", 1.0 / (step + 1))])
        times.append(time.perf_counter() - began)
    points = [(step, "loss", 1.0 / (step + 1)) for step in range(ROWS)]
    began = time.perf_counter()
    queue.note(job, [], points)
    return times, (time.perf_counter() - began) / ROWS


def mlflow_times():
    python = PEERS / "bin" / "python"
    if not python.is_file():
        subprocess.run([sys.executable, "-m", "venv", str(PEERS)], check=True)
        command = [str(python), "-m", "pip", "install", "--quiet", "--no-compile", "mlflow"]
        if subprocess.run(command, check=False, capture_output=True).returncode:
            return "could not be installed from the package index"
    done = subprocess.run(
        [str(python), "-c", MLFLOW, str(ROWS)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        return f"did not run: {done.stderr.strip().splitlines()[-1:]}"
    return json.loads(done.stdout.strip().splitlines()[-1])
