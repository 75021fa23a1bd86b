"""How soon a job goes on after its supervisor or its child was killed, and how soon it stops."""

import os
import signal
import statistics
import sys
import time

from foundry_place import Place, overlap_s

LEASE_S = 3.0
TIMES = 3


def measure():
    supervisor = [after_killed_supervisor() for _ in range(TIMES)]
    child = [after_killed_child() for _ in range(TIMES)]
    cancel = [cancelled_in_epoch() for _ in range(TIMES)]
    return {
        "lease_s": LEASE_S,
        "after_kill_9_of_supervisor_s": told(supervisor, 5.0),
        "after_kill_9_of_child_s": told(child, 1.0),
        "cancel_inside_a_30_s_epoch_s": told(cancel, 1.0),
        "double_running_under_frozen_supervisor_s": {"value": frozen(), "target": 0.0},
    }


def told(values, target):
    return {
        "median": round(statistics.median(values), 3),
        "worst": round(max(values), 3),
        "target": target,
    }


def begun(epochs, epoch_s, workers=2):
    """Start workers, then a job; return the worker that took it first."""
    place = Place(LEASE_S)
    workers = [place.supervisor() for _ in range(workers)]
    job = place.submit(epochs, epoch_s)
    place.until(lambda: len(place.epochs()) >= 1 if epochs > 1 else place.alive())
    owner = place.place.queue.find(job.id).worker
    first = next(worker for worker in workers if f"-{worker.pid}-" in owner)
    return place, job, first


def after_killed_supervisor():
    place, job, first = begun(8, 0.5)
    pid = place.alive()[-1][0]
    killed = time.time()
    first.kill()
    place.until(lambda: place.another(pid))
    seconds = place.another(pid) - killed
    finished(place, job)
    return seconds


def after_killed_child():
    place, job, _ = begun(8, 0.5, workers=1)
    pid = place.alive()[-1][0]
    killed = time.time()
    os.kill(pid, signal.SIGKILL)
    place.until(lambda: place.another(pid))
    seconds = place.another(pid) - killed
    finished(place, job)
    return seconds


def cancelled_in_epoch():
    place, job, _ = begun(1, 30.0, workers=1)
    pid = place.alive()[-1][0]
    asked = time.monotonic()
    place.place.queue.cancel(job.id)
    place.until(lambda: not os.path.exists(f"/proc/{pid}"))  # noqa: PTH110
    seconds = time.monotonic() - asked
    place.until(lambda: place.place.queue.find(job.id).status == "cancelled")
    place.end()
    return seconds


def frozen():
    place, job, first = begun(14, 0.5)
    pid = place.alive()[-1][0]
    os.kill(first.pid, signal.SIGSTOP)
    place.until(lambda: place.another(pid))
    time.sleep(1.0)
    os.kill(first.pid, signal.SIGCONT)
    finished(place, job)
    return round(overlap_s(place.alive()), 3)


def finished(place, job):
    """Every epoch once, whatever happened in between."""
    place.until(lambda: place.place.queue.find(job.id).status == "completed")
    epochs = [row["epoch"] for row in place.epochs()]
    if epochs != sorted(set(epochs)):
        sys.exit(f"epochs were repeated or lost: {epochs}")
    place.end()
