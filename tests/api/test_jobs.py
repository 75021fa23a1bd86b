"""Long work: on record, followed by events, cancelled, and kept over a restart."""

import asyncio
import json
import threading
import time

import httpx
import pytest

from skywright.api import create_app
from skywright.api.jobs import Jobs
from skywright.api.metrics import Metrics
from skywright.api.work import BusyError, SupersededError, Work
from skywright.errors import InputError
from skywright.orbits.threads import CancelledError
from skywright.store.blobs import BlobStore
from skywright.store.database import Database
from skywright.store.jobs import add_job, fail_interrupted_jobs, find_job


@pytest.fixture
def database(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/sky.db")
    database.upgrade()
    yield database
    database.close()


@pytest.fixture
def jobs(database, tmp_path):
    jobs = Jobs(database, BlobStore(tmp_path / "blobs"), Metrics(), keep_alive_s=0.05)
    yield jobs
    jobs.close()


def _follow(jobs, task, stop=None):
    async def run():
        job = await jobs.start("test", "local", {"x": 1}, task, stop or threading.Event())
        events = [event async for event in jobs.events(job.id)]
        return await jobs.find(job.id), b"".join(events).decode()

    return asyncio.run(run())


def _wait_for(cancelled):
    while not cancelled():
        time.sleep(0.005)
    raise CancelledError


def test_progress_comes_as_it_is_made_and_the_result_last(jobs):
    def task(progress, cancelled):
        progress("clones", 1, 2)
        time.sleep(0.1)
        progress("clones", 2, 2)
        time.sleep(0.1)
        return {"answer": 42}

    job, text = _follow(jobs, task)
    assert job.status == "done"
    assert 'event: progress\ndata: {"stage":"clones","done":1,"of":2}\n\n' in text
    assert text.endswith('event: result\ndata: {"answer":42}\n\n')


def test_a_quiet_job_is_kept_alive_by_comments(jobs):
    _, text = _follow(jobs, lambda progress, cancelled: time.sleep(0.3))
    assert ": still here\n\n" in text


def test_a_refused_request_ends_with_its_sentence(jobs):
    def task(progress, cancelled):
        message = "e = -1 is not allowed."
        raise InputError(message)

    job, text = _follow(jobs, task)
    assert job.status == "failed"
    assert json.loads(job.error_json)["message"] == "e = -1 is not allowed."
    assert "event: error" in text


def test_a_fault_is_on_record_without_its_cause(jobs):
    job, _ = _follow(jobs, lambda progress, cancelled: 1 / 0)
    assert job.status == "failed"
    assert "division" not in job.error_json


def test_a_cancelled_job_says_so(jobs):
    async def run():
        stop = threading.Event()
        task = lambda progress, cancelled: _wait_for(cancelled)  # noqa: E731
        job = await jobs.start("test", "local", {}, task, stop)
        await jobs.cancel(job.id)
        text = b"".join([event async for event in jobs.events(job.id)]).decode()
        return await jobs.find(job.id), text

    job, text = asyncio.run(run())
    assert job.status == "cancelled"
    assert text.endswith("event: cancelled\ndata: {}\n\n")


def test_many_may_follow_one_job(jobs):
    async def run():
        go = threading.Event()
        task = lambda progress, cancelled: go.wait(5)  # noqa: E731
        job = await jobs.start("test", "local", {}, task, threading.Event())

        async def follow():
            return b"".join([event async for event in jobs.events(job.id)])

        followers = [asyncio.ensure_future(follow()) for _ in range(5)]
        await asyncio.sleep(0.05)
        go.set()
        return await asyncio.gather(*followers)

    assert all(text.endswith(b"data: true\n\n") for text in asyncio.run(run()))


def test_too_many_unfinished_jobs_are_refused(jobs, monkeypatch):
    monkeypatch.setattr("skywright.api.jobs._MOST_UNFINISHED", 2)

    async def run():
        for _ in range(3):
            task = lambda progress, cancelled: _wait_for(cancelled)  # noqa: E731
            await jobs.start("test", "local", {}, task, threading.Event())

    with pytest.raises(BusyError, match="2 jobs are unfinished"):
        asyncio.run(run())


def test_a_restart_ends_what_was_interrupted(database):
    add_job(database, job_id="a" * 32, kind="simulate", owner="local", request_json="{}")
    assert fail_interrupted_jobs(database) == 1
    job = find_job(database, "a" * 32)
    assert job.status == "failed"
    assert json.loads(job.error_json)["code"] == "restarted"


def test_a_newer_request_of_a_client_cancels_the_older():
    async def run():
        work = Work()

        class _Open:
            async def receive(self):
                await asyncio.sleep(60)

        older = asyncio.ensure_future(work.call_cancellable(_wait_for, ("local", "tab"), _Open()))
        await asyncio.sleep(0.02)
        newer = work.call_cancellable(lambda cancelled: 7, ("local", "tab"), _Open())
        assert await newer == 7
        with pytest.raises(SupersededError, match="newer request"):
            await older
        work.close()

    asyncio.run(run())


def test_long_work_does_not_hold_up_quick_work():
    async def run():
        work, go = Work(), threading.Event()
        long = [asyncio.ensure_future(work.call_long(go.wait, 10)) for _ in range(20)]
        assert await asyncio.wait_for(work.call(lambda: 7), 5) == 7
        go.set()
        await asyncio.gather(*long)
        work.close()

    asyncio.run(run())


def test_too_much_waiting_work_is_refused(monkeypatch):
    monkeypatch.setattr("skywright.api.work._MOST_WAITING", 3)

    async def run():
        work, go = Work(), threading.Event()
        waiting = [asyncio.ensure_future(work.call_long(go.wait, 10)) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(BusyError, match="3 requests are waiting"):
            await work.call(lambda: 7)
        go.set()
        await asyncio.gather(*waiting)
        work.close()

    asyncio.run(run())


def test_a_caller_who_hangs_up_is_not_worked_for():
    async def run():
        work = Work()

        class _Gone:
            async def receive(self):
                return {"type": "http.disconnect"}

        with pytest.raises(SupersededError, match="newer request"):
            await work.call_cancellable(_wait_for, None, _Gone())
        work.close()

    asyncio.run(run())


@pytest.fixture
def simulate(monkeypatch):
    """Stand in for the physics: report once, then wait to be told to go on or to stop."""
    go = threading.Event()

    def run(request, progress, cancelled):
        if progress:
            progress("monte_carlo", 1, 3)
        while not go.wait(0.005):
            if cancelled():
                raise CancelledError
        return {"object": {"designation": request.object}, "probability": float("nan")}

    monkeypatch.setattr("skywright.api.simulate_routes.run_simulation", run)
    return go


def _async_client(app):
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 5))
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")


def _with_app(story):
    async def run():
        app = create_app()
        async with _async_client(app) as client:
            try:
                return await story(client)
            finally:
                app.state.services.jobs.close()
                app.state.services.work.close()
                app.state.services.database.close()

    return asyncio.run(run())


def test_a_streamed_simulation_is_a_job_with_a_place(simulate):
    async def story(client):
        simulate.set()
        started = await client.post("/api/simulate?stream=true", json={"object": "Apophis"})
        place = started.headers["location"]
        events = (await client.get(f"{place}/events")).text
        return started, events, (await client.get(place)).json()

    started, events, job = _with_app(story)
    assert started.status_code == 202
    assert 'event: result\ndata: {"object":{"designation":"Apophis"},"probability":null}' in events
    assert job["status"] == "done"
    assert job["result"] == {"object": {"designation": "Apophis"}, "probability": None}


def test_a_newer_streamed_simulation_cancels_the_older(simulate):
    async def story(client):
        body = {"object": "Apophis", "client_id": "tab-1"}
        first = (await client.post("/api/simulate?stream=true", json=body)).json()
        second = (await client.post("/api/simulate?stream=true", json=body)).json()
        ended = (await client.get(first["events"])).text
        simulate.set()
        return ended, (await client.get(second["events"])).text

    first, second = _with_app(story)
    assert first.endswith("event: cancelled\ndata: {}\n\n")
    assert "event: result" in second


def test_a_job_is_cancelled_over_http(simulate):
    async def story(client):
        job = (await client.post("/api/simulate?stream=true", json={"object": "Eros"})).json()
        await client.delete(f"/api/jobs/{job['id']}")
        await client.get(job["events"])
        return (await client.get(f"/api/jobs/{job['id']}")).json()

    assert _with_app(story)["status"] == "cancelled"


def test_an_unknown_job(client):
    response = client.get("/api/jobs/" + "0" * 32)
    assert response.status_code == 404
    assert response.json()["error"]["message"].startswith("There is no job '000")


def test_a_simulation_at_once(client, simulate):
    simulate.set()
    response = client.post("/api/simulate", json={"object": "Apophis"})
    assert response.json()["object"] == {"designation": "Apophis"}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        pytest.param({"object": "Apophis", "clones": 10**9}, "clones = 1000000000", id="clones"),
        pytest.param({}, "Give either 'object'", id="none"),
        pytest.param({"object": "Apophis", "yaers": 2}, "yaers is not a field", id="typo"),
        pytest.param({"object": "Apophis", "years": -2}, "years = -2 is not allowed", id="years"),
    ],
)
def test_a_bad_simulation_is_refused_and_nothing_stored(client, body, words):
    response = client.post("/api/simulate?stream=true", json=body)
    assert response.status_code == 422
    assert words in response.json()["error"]["message"]
    assert client.get("/api/audit").json()["rows"] == []


def test_jobs_of_others_are_hidden(client, make_key, simulate):
    simulate.set()
    mine, other, trainer = make_key("analyst"), make_key("viewer"), make_key("trainer")

    def get(path, key):
        return client.get(path, headers={"authorization": f"Bearer {key.secret}"}).status_code

    headers = {"authorization": f"Bearer {mine.secret}"}
    body = {"object": "Apophis"}
    job = client.post("/api/simulate?stream=true", json=body, headers=headers).json()
    path = f"/api/jobs/{job['id']}"
    assert [get(path, key) for key in (mine, other, trainer)] == [200, 404, 200]
