"""Chaos: killed, frozen, cancelled, fought over, out of disk, edited in between; nothing is lost.

Each runs on SQLite and on PostgreSQL, with supervisors in processes of their own.
"""

import os
import signal

import pytest

from tests.foundry.jobs.conftest import overlap_s

pytestmark = pytest.mark.slow


def test_a_killed_supervisors_job_goes_on_elsewhere_from_its_checkpoint(chaos):
    job = chaos.submit(epochs=6, epoch_s=0.3)
    first = chaos.supervisor()
    chaos.until(lambda: len(chaos.epochs()) >= 2)
    chaos.supervisor()
    first.kill()
    chaos.ends(job)
    assert [row["epoch"] for row in chaos.epochs()] == [1, 2, 3, 4, 5, 6]
    assert overlap_s(chaos.alive()) <= 0.0
    assert chaos.place.queue.find(job.id).attempt == 2


def test_a_killed_child_is_followed_by_another_from_its_checkpoint(chaos):
    job = chaos.submit(epochs=4, epoch_s=0.3)
    chaos.supervisor()
    chaos.until(lambda: len(chaos.epochs()) >= 2)
    os.kill(chaos.alive()[-1][0], signal.SIGKILL)
    chaos.ends(job)
    assert [row["epoch"] for row in chaos.epochs()] == [1, 2, 3, 4]
    assert len({row["pid"] for row in chaos.epochs()}) == 2


def test_a_frozen_supervisors_child_has_ended_before_another_begins(chaos):
    job = chaos.submit(epochs=8, epoch_s=0.3)
    first = chaos.supervisor()
    chaos.until(lambda: len(chaos.epochs()) >= 1)
    os.kill(first.pid, signal.SIGSTOP)
    chaos.supervisor()
    chaos.until(lambda: len({pid for pid, _ in chaos.alive()}) == 2)
    os.kill(first.pid, signal.SIGCONT)
    chaos.ends(job)
    assert overlap_s(chaos.alive()) <= 0.0
    assert [row["epoch"] for row in chaos.epochs()] == list(range(1, 9))


def test_a_cancel_reaches_the_middle_of_an_epoch(chaos):
    job = chaos.submit(epochs=1, epoch_s=300.0)
    chaos.supervisor()
    chaos.until(chaos.alive)
    chaos.place.queue.cancel(job.id)
    chaos.ends(job, "cancelled")
    assert chaos.epochs() == []
    pid = chaos.alive()[-1][0]
    chaos.until(lambda: not _exists(pid))


def test_workers_that_fight_over_jobs_do_each_once(chaos):
    jobs = [chaos.submit(f"job-{k}", epochs=1, epoch_s=0.0) for k in range(8)]
    for _ in range(3):
        chaos.supervisor(lease_s=10.0)
    for job in jobs:
        chaos.ends(job)
    assert len(chaos.epochs()) == len(jobs)
    assert {chaos.place.queue.find(job.id).attempt for job in jobs} == {1}


def test_a_full_disk_parks_the_job_and_a_retry_finishes_it(chaos):
    job = chaos.submit(epochs=3, fills_disk_at=3)
    chaos.supervisor()
    chaos.ends(job, "parked")
    error = chaos.place.queue.find(job.id).error
    assert (error["code"], "Free some space" in error["hint"]) == ("disk_full", True)
    kind = chaos.packages / "counting.py"
    kind.write_text(kind.read_text(encoding="utf-8").replace("fills_disk_at", "spared"))
    chaos.place.queue.retry(job.id)
    chaos.ends(job)
    assert [row["epoch"] for row in chaos.epochs()] == [1, 2, 3]


def test_the_same_error_twice_parks_the_job_with_its_last_lines(chaos):
    job = chaos.submit(epochs=3, breaks_at=2)
    chaos.supervisor()
    chaos.ends(job, "parked")
    error = chaos.place.queue.find(job.id).error
    assert (error["code"], error["message"]) == ("ValueError", "the instrument is broken")
    assert any("Traceback" in line for line in error["log"])
    assert chaos.place.queue.find(job.id).failures == 2


def test_code_that_was_edited_between_attempts_takes_over(chaos):
    job = chaos.submit(epochs=4, epoch_s=0.3)
    first = chaos.supervisor()
    chaos.until(lambda: len(chaos.epochs()) >= 2)
    first.kill()
    kind = chaos.packages / "counting.py"
    kind.write_text(kind.read_text(encoding="utf-8").replace("VERSION = 1", "VERSION = 2"))
    chaos.supervisor()
    chaos.ends(job)
    rows = chaos.epochs()
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4]
    assert (rows[0]["code"], rows[-1]["code"]) == (1, 2)
    assert chaos.place.queue.find(job.id).result["metrics"]["code"] == 2


def _exists(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
