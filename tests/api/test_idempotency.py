"""``Idempotency-Key``: what is sent twice is done once."""

import asyncio
import hashlib

import pytest

from skywright.api.idempotency import Idempotency
from skywright.security.callers import Caller
from skywright.security.roles import Role
from skywright.store import idempotency as record
from skywright.store.database import Database

PATH = "/api/training/jobs"


class Application:
    """Answers each request with its number and the hash of its body."""

    def __init__(self, status=200, kind=b"application/json"):
        self.done, self.status, self.kind = 0, status, kind
        self.gate = None

    async def __call__(self, scope, receive, send):
        digest, more = hashlib.sha256(), True
        while more:
            message = await receive()
            digest.update(message.get("body", b""))
            more = message.get("more_body", False)
        if self.gate is not None:
            await self.gate.wait()
        self.done += 1
        if self.status == "fault":
            message = "broken"
            raise RuntimeError(message)
        start = {"type": "http.response.start", "status": self.status}
        await send(start | {"headers": [(b"content-type", self.kind)]})
        body = f'{{"n": {self.done}, "sha": "{digest.hexdigest()}"}}'.encode()
        await send({"type": "http.response.body", "body": body})


@pytest.fixture
def database(tmp_path):
    made = Database(f"sqlite:///{tmp_path / 'keys.db'}")
    yield made
    made.close()


@pytest.fixture
def make(database):
    def layer(**told):
        app = Application(**told)
        return app, Idempotency(app, database)

    return layer


async def _sent(layer, body=b"{}", *, key=b"k1", caller="ada", path=PATH, pieces=1):
    size = max(1, -(-len(body) // pieces))
    parts = [body[k : k + size] for k in range(0, len(body), size)] or [b""]
    waiting = [
        {"type": "http.request", "body": part, "more_body": k + 1 < len(parts)}
        for k, part in enumerate(parts)
    ]
    told = []

    async def receive():
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message):
        told.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": [] if key is None else [(b"idempotency-key", key)],
        "state": {"caller": Caller(caller, Role.ADMIN)},
    }
    await layer(scope, receive, send)
    headers = dict(told[0]["headers"])
    content = b"".join(message.get("body", b"") for message in told[1:])
    return told[0]["status"], headers.get(b"idempotent-replay"), content


def _send(layer, *args, **more):
    return asyncio.run(_sent(layer, *args, **more))


def test_the_same_request_gets_the_answer_of_the_first_time(make):
    app, layer = make(status=201)
    first, second = _send(layer), _send(layer)
    assert first[1] is None
    assert second == (201, b"true", first[2])
    assert app.done == 1


def test_a_refusal_is_an_answer_as_well(make):
    app, layer = make(status=422)
    assert _send(layer)[2] == _send(layer)[2]
    assert app.done == 1


def test_another_body_under_the_same_key_is_refused(make):
    _, layer = make()
    _send(layer, b'{"a": 1}')
    status, _, content = _send(layer, b'{"a": 2}')
    assert status == 422
    assert b"was used for another request" in content


def test_another_path_under_the_same_key_is_refused(make):
    _, layer = make()
    _send(layer)
    assert _send(layer, path="/api/models/line/deploy")[0] == 422


def test_keys_of_different_callers_are_different_keys(make):
    app, layer = make()
    _send(layer, caller="ada")
    _send(layer, caller="bob")
    assert app.done == 2


def test_a_request_that_is_still_under_way_is_not_begun_twice(make):
    app, layer = make()

    async def story():
        app.gate = asyncio.Event()
        first = asyncio.ensure_future(_sent(layer))
        while not app.gate._waiters:
            await asyncio.sleep(0.005)
        second = await _sent(layer)
        app.gate.set()
        return await first, second

    first, second = asyncio.run(story())
    assert first[0] == 200
    assert second[0] == 409
    assert app.done == 1


@pytest.mark.parametrize("status", [500, 503, 404, 409, 429])
def test_what_may_be_better_next_time_is_done_again(make, status):
    app, layer = make(status=status)
    _send(layer)
    _send(layer)
    assert app.done == 2


def test_a_fault_leaves_the_key_free(make):
    app, layer = make(status="fault")
    for _ in range(2):
        with pytest.raises(RuntimeError, match="broken"):
            _send(layer)
    assert app.done == 2


def test_a_stream_is_not_kept(make):
    app, layer = make(kind=b"text/event-stream")
    _send(layer)
    _send(layer)
    assert app.done == 2


def test_a_large_upload_reaches_the_application_whole(make):
    _, layer = make()
    body = bytes(range(256)) * 12_000  # 3 MB: kept in a file
    content = _send(layer, body, pieces=7)[2]
    assert hashlib.sha256(body).hexdigest().encode() in content
    assert _send(layer, body, pieces=3)[1] == b"true"


@pytest.mark.parametrize("more", [{"key": None}, {"path": "/api/predict"}])
def test_without_a_key_or_elsewhere_nothing_is_kept(make, more):
    app, layer = make()
    _send(layer, **more)
    _send(layer, **more)
    assert app.done == 2


@pytest.mark.parametrize("key", [b"", b"a b", "schl\u00fcssel".encode(), b"k" * 201])
def test_a_key_that_is_none_is_refused(make, key):
    app, layer = make()
    assert _send(layer, key=key)[0] == 422
    assert app.done == 0


def test_answers_are_forgotten_after_a_day(make, database, monkeypatch):
    app, layer = make()
    _send(layer)
    later = record.time.time() + record.KEPT_S + 1
    monkeypatch.setattr(record.time, "time", lambda: later)
    assert record.forget_old_keys(database) == 1
    _send(layer)
    assert app.done == 2


def test_a_request_that_a_stop_interrupted_may_be_sent_again(make, database, monkeypatch):
    _, layer = make()
    claim = record.Claim("ada", "k1", f"POST {PATH}", hashlib.sha256(b"{}").hexdigest())
    assert record.claim_key(database, claim) is None
    assert _send(layer)[0] == 409
    later = record.time.time() + record.ABANDONED_S + 1
    monkeypatch.setattr(record.time, "time", lambda: later)
    assert _send(layer)[0] == 200


def test_the_application_replays_an_answer(client):
    headers = {"Idempotency-Key": "again"}
    path = "/api/models/neo-triage/deploy"
    first = client.post(path, json={"modus": "single"}, headers=headers)
    again = client.post(path, json={"modus": "single"}, headers=headers)
    assert "idempotent-replay" not in first.headers
    assert again.headers["idempotent-replay"] == "true"
    assert again.content == first.content
    assert again.status_code == first.status_code == 422
