"""The queue: each job once, the right one first, and only its owner may end it."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from skywright.errors import ConflictError, InputError, NotFoundError
from skywright.foundry.jobs.job import JobRequest, Slots
from skywright.foundry.jobs.queue import Queue

ROOM = Slots(cpus=8, gpus=1, memory_gb=64)


@pytest.fixture
def queue(any_database):
    return Queue(any_database)


def asked(name="a-model", **more):
    recipe = {"name": name, "kind": "sklearn"} | more.pop("recipe", {})
    return JobRequest(name=name, recipe=recipe, owner="local", **more)


def claim(queue, worker="w1", lease_s=60.0, offer=ROOM, **more):
    return queue.claim(worker, lease_s, offer, **more)


def test_a_job_is_claimed_by_one_worker_only(queue):
    job = queue.submit(asked())
    assert claim(queue).id == job.id
    assert claim(queue, "w2") is None
    assert queue.find(job.id).status == "running"


def test_many_workers_do_each_job_exactly_once(queue):
    ids = {queue.submit(asked()).id for _ in range(60)}
    done, lock = [], threading.Lock()

    def work(worker):
        while (job := claim(queue, worker)) is not None:
            assert queue.complete(job, {"by": worker})
            with lock:
                done.append(job.id)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, ["w1", "w2", "w3", "w4"]))
    assert len(done) == 60
    assert set(done) == ids


def test_a_dead_workers_job_goes_to_the_next_and_the_zombie_is_fenced(queue):
    queue.submit(asked())
    dead = claim(queue, lease_s=-1.0)
    heir = claim(queue, "w2")
    assert (heir.id, heir.attempt) == (dead.id, 2)
    assert not queue.beat(dead, 60.0).alive
    assert not queue.complete(dead, {"by": "zombie"})
    assert queue.fail(dead, {"code": "x", "message": "y"}) == "fenced"
    assert not queue.stopped(dead)
    assert queue.complete(heir, {"by": "heir"})
    assert queue.find(heir.id).result == {"by": "heir"}


def test_higher_priority_goes_first_then_the_older(queue):
    first = queue.submit(asked("older"))
    queue.submit(asked("younger"))
    urgent = queue.submit(asked("urgent", priority=5))
    assert [claim(queue).id for _ in range(2)] == [urgent.id, first.id]


def test_a_job_that_asks_for_more_than_is_free_waits(queue):
    queue.submit(asked(recipe={"run": {"gpus": 1, "cpus": 2, "memory_gb": 16}}))
    assert claim(queue, offer=Slots(cpus=8, gpus=0)) is None
    assert claim(queue, offer=Slots(cpus=1, gpus=1)) is None
    assert claim(queue, offer=Slots(cpus=2, gpus=1, memory_gb=8)) is None
    assert claim(queue, offer=Slots(cpus=2, gpus=1, memory_gb=16)) is not None


def test_a_job_runs_after_those_it_needs(queue):
    first = queue.submit(asked("first"))
    second = queue.submit(asked("second", after=[first.id]))
    running = claim(queue)
    assert running.id == first.id
    assert claim(queue) is None
    queue.complete(running, {})
    assert claim(queue).id == second.id


def test_what_waits_for_a_job_that_failed_is_cancelled_all_the_way(queue):
    first = queue.submit(asked("first"))
    second = queue.submit(asked("second", after=[first.id]))
    third = queue.submit(asked("third", after=[second.id]))
    queue.fail(claim(queue), {"code": "bad", "message": "no", "retry": False})
    assert queue.find(first.id).status == "failed"
    assert {queue.find(job.id).status for job in (second, third)} == {"cancelled"}
    assert first.id in queue.find(second.id).error["message"]


def test_a_job_waits_longer_after_each_failure(queue):
    queue.submit(asked(recipe={"run": {"attempts": 5}}))
    assert queue.fail(claim(queue), {"code": "a", "message": "one"}) == "pending"
    assert claim(queue) is None, "the back-off has begun"


def test_the_same_error_twice_parks_the_job_with_its_log(queue):
    job = queue.submit(asked())
    error = {"code": "ValueError", "message": "bad", "log": ["the last line"]}
    assert queue.fail(claim(queue), error) == "pending"
    _due_now(queue)
    assert queue.fail(claim(queue), error) == "parked"
    assert queue.find(job.id).error["log"] == ["the last line"]
    assert claim(queue) is None
    assert queue.retry(job.id).status == "pending"


def test_the_same_error_further_on_is_progress(queue):
    queue.submit(asked())
    error = {"code": "ended", "message": "signal 9"}
    assert queue.fail(claim(queue), error, progress="step-1") == "pending"
    _due_now(queue)
    assert queue.fail(claim(queue), error, progress="step-2") == "pending"


def test_a_job_fails_for_good_after_its_last_attempt(queue):
    job = queue.submit(asked(recipe={"run": {"attempts": 2}}))
    assert queue.fail(claim(queue), {"code": "a", "message": "one"}) == "pending"
    _due_now(queue)
    assert queue.fail(claim(queue), {"code": "b", "message": "two"}) == "failed"
    assert queue.find(job.id).completed_at is not None


def test_a_waiting_job_is_cancelled_at_once_and_a_running_one_is_told(queue):
    waiting, running = queue.submit(asked("waits")), queue.submit(asked("runs", priority=1))
    claimed = claim(queue)
    assert claimed.id == running.id
    assert queue.cancel(waiting.id).status == "cancelled"
    assert queue.cancel(running.id).status == "running"
    assert queue.wanted(claimed).cancel
    assert queue.beat(claimed, 60.0).cancel
    assert queue.stopped(claimed)
    assert queue.find(running.id).status == "cancelled"


def test_a_worker_that_stops_gives_its_job_back(queue):
    queue.submit(asked())
    assert queue.release(claim(queue))
    assert claim(queue, "w2").attempt == 2


def test_log_and_curves_keep_their_order(queue):
    job = queue.submit(asked())
    claimed = claim(queue)
    queue.note(claimed, ["one", "two"], [(1, "loss", 0.5)])
    queue.note(claimed, ["three"], [(2, "loss", 0.25)])
    assert [row["text"] for row in queue.log(job.id)] == ["one", "two", "three"]
    assert [row["text"] for row in queue.log(job.id, after=2)] == ["three"]
    assert [(p["step"], p["value"]) for p in queue.metrics(job.id, "loss")] == [(1, 0.5), (2, 0.25)]


def test_an_id_is_taken_once(queue):
    queue.submit(asked(job_id="a@2026-11-20T06:00Z"))
    with pytest.raises(ConflictError, match="already"):
        queue.submit(asked(job_id="a@2026-11-20T06:00Z"))


def test_unknown_jobs_and_wrong_recipes_leave_nothing_behind(queue):
    with pytest.raises(NotFoundError, match="no training job 'nobody'"):
        queue.submit(asked(after=["nobody"]))
    with pytest.raises(InputError, match="wrong key speed"):
        queue.submit(asked(recipe={"speed": 3}))
    assert queue.list() == []


def test_names_with_sql_are_names(queue):
    job_id = "x'; DROP TABLE training_jobs; --"
    queue.submit(asked(job_id=job_id))
    assert queue.find(job_id).id == job_id
    assert len(queue.list()) == 1


def _due_now(queue):
    """Let the back-off be over without waiting for it."""
    from sqlalchemy import update

    from skywright.store.foundry_schema import training_jobs

    with queue.database.write() as connection:
        connection.execute(update(training_jobs).values(run_after=0.0))
