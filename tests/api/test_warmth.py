"""Warming up: what fails is named, and does not keep the rest from being loaded."""

from skywright.api.services import Warmth
from skywright.api.warmth import warm


def test_all_steps_make_it_ready():
    warmth, seen = Warmth(), []
    warm(warmth, (("one", lambda: seen.append(1)), ("two", lambda: seen.append(2))))
    assert warmth.ready
    assert seen == [1, 2]
    assert warmth.detail.startswith("ready after")


def test_a_step_that_fails_is_named_and_the_next_ones_run():
    warmth, seen = Warmth(), []
    warm(warmth, (("one", lambda: 1 / 0), ("two", lambda: seen.append(2))))
    assert not warmth.ready
    assert seen == [2]
    assert warmth.detail == "could not load one; the log says why"


def test_the_start_begins_to_warm_up_and_ends_jobs_of_an_earlier_life(make_client, monkeypatch):
    from skywright.store.database import Database
    from skywright.store.jobs import add_job

    monkeypatch.setattr("skywright.api.warmth._STEPS", (("nothing", lambda: None),))
    database = Database.of()
    add_job(database, job_id="b" * 32, kind="simulate", owner="local", request_json="{}")
    database.close()
    with make_client() as client:
        job = client.get("/api/jobs/" + "b" * 32).json()
    assert job["status"] == "failed"
    assert job["error"]["code"] == "restarted"
