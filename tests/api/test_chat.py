"""Questions over HTTP: events, conversations, files, and what is refused."""

import json
import threading
import time
from contextlib import contextmanager

import httpx
import pytest
import uvicorn

from skywright.assistant.engine.model import Asked, Replied
from skywright.assistant.memory.memory import Memory
from skywright.assistant.messages import Answer, Artifact
from skywright.settings import get_settings
from tests.assistant.engine.llm_servers import Step, speaking

HELP = {"question": "help"}


@pytest.fixture
def chat(client):
    """Ask and return the events as pairs."""

    def chat(**asked):
        response = client.post("/api/chat", json=asked)
        assert response.status_code == 200, response.text
        assert response.headers["content-type"].startswith("text/event-stream")
        return events_of(response.text)

    return chat


@pytest.fixture
def memory(client):
    return Memory.of(get_settings())


@pytest.fixture
def writing(monkeypatch, make_client):
    """A client of a server whose language model says what a test wrote."""
    pytest.importorskip("pydantic_ai", reason="needs the optional part 'llm'")

    @contextmanager
    def writing(*steps):
        with speaking("openai-compatible", *steps) as service:
            monkeypatch.setenv("SKYWRIGHT_LANGUAGE_MODEL", "openai-compatible:m")
            monkeypatch.setenv("SKYWRIGHT_LANGUAGE_MODEL_URL", service.url)
            get_settings.cache_clear()
            yield make_client(base_url="http://127.0.0.1", peer="127.0.0.1"), service

    return writing


def events_of(text):
    events = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "event" in lines:
            events.append((lines["event"], json.loads(lines["data"])))
    return events


def test_an_answer_comes_as_events(chat):
    events = chat(**HELP)
    kinds = [kind for kind, _ in events]
    assert kinds[:2] == ["conversation", "status"]
    assert kinds[-1] == "done"
    said = "".join(data["text"] for kind, data in events if kind == "token").strip()
    assert said == events[-1][1]["answer"]["text"]
    assert events[-1][1]["conversation_id"] == events[0][1]["conversation_id"]


def test_without_a_stream_it_is_one_object(client):
    told = client.post("/api/chat", json={**HELP, "stream": False}).json()
    assert told["answer"]["engine"] == "rules"
    shown = client.get(f"/api/chat/conversations/{told['conversation_id']}").json()
    assert [one["kind"] for one in shown["turns"]] == ["asked", "replied"]
    assert shown["turns"][1]["id"] == told["message_id"]


def test_a_conversation_goes_on(client, chat):
    id_ = chat(**HELP)[0][1]["conversation_id"]
    assert chat(**HELP, conversation_id=id_)[0][1]["conversation_id"] == id_
    assert client.get(f"/api/chat/conversations/{id_}").json()["messages"] == 4


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "question is missing"),
        ({"question": ""}, "question = ''"),
        ({"question": "  "}, "question is blank"),
        ({"question": "x" * 20_001}, "question = "),
        ({"question": 3}, "question = 3"),
        ({"question": "a", "stream": "maybe"}, "stream = 'maybe'"),
        ({"question": "a", "engine": "gpt"}, "engine = 'gpt'"),
        ({"question": "a", "colour": "red"}, "colour is not a field"),
    ],
)
def test_a_bad_question_is_refused_by_the_name_of_its_field(client, memory, body, told):
    response = client.post("/api/chat", json=body)
    assert response.status_code == 422
    assert told in response.json()["error"]["message"]
    assert memory.recent() == []


def test_an_unknown_conversation_is_not_found(client):
    response = client.post("/api/chat", json={**HELP, "conversation_id": "0" * 16})
    assert response.status_code == 404


def test_callers_with_keys_see_their_own_only(make_client, make_key):
    one, other = ({"Authorization": f"Bearer {make_key(name=n).secret}"} for n in ("a", "b"))
    client = make_client()
    told = client.post("/api/chat", json={**HELP, "stream": False}, headers=one).json()
    path = f"/api/chat/conversations/{told['conversation_id']}"
    assert client.get(path, headers=one).status_code == 200
    assert client.get(path, headers=other).status_code == 404
    assert client.get("/api/chat/conversations", headers=other).json()["conversations"] == []
    assert client.get("/api/chat/conversations").status_code == 401


def test_conversations_are_renamed_searched_branched_and_erased(client, chat):
    done = chat(**HELP)[-1][1]
    path = f"/api/chat/conversations/{done['conversation_id']}"
    assert client.patch(path, json={"title": "My help"}).json()["title"] == "My help"
    found = client.get("/api/chat/search", params={"words": "help"}).json()["found"]
    assert found[0]["conversation_id"] == done["conversation_id"]
    body = {"message_id": done["message_id"], "before": True}
    branch = client.post(f"{path}/branch", json=body)
    assert (branch.status_code, branch.json()["messages"]) == (201, 1)
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    left = client.get("/api/chat/conversations").json()["conversations"]
    assert [one["id"] for one in left] == [branch.json()["id"]]


def test_an_answer_is_rated(client, chat):
    done = chat(**HELP)[-1][1]
    path = f"/api/chat/conversations/{done['conversation_id']}"
    body = {"message_id": done["message_id"], "rating": -1, "comment": "Too short."}
    assert client.post(f"{path}/feedback", json=body).status_code == 204
    turn = client.get(path).json()["turns"][1]
    assert (turn["rating"], turn["comment"]) == (-1, "Too short.")
    wrong = client.post(f"{path}/feedback", json={**body, "rating": 5})
    assert "rating" in wrong.json()["error"]["message"]


def test_what_is_exported_comes_in_again(client, chat):
    id_ = chat(**HELP)[0][1]["conversation_id"]
    lines = client.get(f"/api/chat/conversations/{id_}/export")
    assert lines.headers["content-type"].startswith("application/x-ndjson")
    made = client.post("/api/chat/conversations/import", content=lines.content)
    assert (made.status_code, made.json()["messages"]) == (201, 2)
    broken = client.post("/api/chat/conversations/import", content=b"{}\n")
    assert "kind in line 1" in broken.json()["error"]["message"]


@pytest.mark.parametrize("path", ["branch", "feedback"])
def test_a_number_beyond_those_of_messages_is_refused(client, chat, path):
    id_ = chat(**HELP)[0][1]["conversation_id"]
    asked = {"message_id": 10**30} | ({"rating": 1} if path == "feedback" else {})
    response = client.post(f"/api/chat/conversations/{id_}/{path}", json=asked)
    assert (response.status_code, "message_id" in response.text) == (422, True)


def test_a_fact_whose_name_has_a_slash_can_be_forgotten(client):
    client.put("/api/chat/facts", json={"name": "units/of angle", "value": "degrees"})
    assert client.delete("/api/chat/facts/units%2Fof%20angle").status_code == 204
    assert client.get("/api/chat/facts").json() == {"facts": []}


def test_facts_are_put_shown_and_deleted(client):
    assert client.put("/api/chat/facts", json={"name": "u", "value": "deg"}).status_code == 204
    assert client.get("/api/chat/facts").json()["facts"][0]["value"] == "deg"
    assert client.delete("/api/chat/facts/u").status_code == 204
    assert client.delete("/api/chat/facts/u").status_code == 404


@pytest.fixture
def drawn(memory):
    """A conversation with a file, and a secret beside it."""
    id_ = memory.begin("Plots").id
    folder = memory.files(id_)
    (folder / "tables").mkdir(parents=True)
    (folder / "a.png").write_bytes(b"\x89PNG")
    (folder / "tables" / "x.parquet").write_bytes(b"PAR1")
    made = Artifact(id="a.png", title="A", media_type="image/png", path="a", size_bytes=4)
    memory.add(id_, Asked("Plot it"))
    memory.add(id_, Replied(Answer(text="Here.", artifacts=(made,))))
    return id_


def test_files_are_fetched_by_their_address(client, drawn):
    turns = client.get(f"/api/chat/conversations/{drawn}").json()["turns"]
    artifact = turns[1]["answer"]["artifacts"][0]
    assert "path" not in artifact
    got = client.get(artifact["url"])
    assert (got.content, got.headers["content-type"]) == (b"\x89PNG", "image/png")


@pytest.mark.parametrize("name", ["b.png", "tables%2Fx.parquet", "..%2F..%2Fconversations.db"])
def test_only_files_of_answers_are_fetched(client, drawn, name):
    assert client.get(f"/api/chat/conversations/{drawn}/artifacts/{name}").status_code == 404


def test_tools_are_listed_with_what_they_take(client):
    tools = client.get("/api/chat/tools").json()["tools"]
    assert all({"name", "title", "description", "parameters"} <= one.keys() for one in tools)
    assert tools


def test_a_stop_ends_the_answer_and_keeps_what_was_said(writing):
    waits = threading.Event()
    with writing(Step(("One ", "two ", "three"), waits=waits)) as (client, _):
        told = {}

        def ask():
            told["events"] = events_of(client.post("/api/chat", json=HELP).text)

        asking = threading.Thread(target=ask)
        asking.start()
        memory = Memory.of(get_settings())
        stopped = False
        while not stopped and asking.is_alive():
            for one in memory.recent():
                path = f"/api/chat/{one.id}/stop"
                stopped = stopped or client.post(path).json()["is_stopped"]
        asking.join(10)
        waits.set()
    assert told["events"][-1] == (
        "error",
        {"code": "stopped", "message": "The answer was stopped.", "hint": ""},
    )
    assert client.post(f"/api/chat/{memory.recent()[0].id}/stop").json() == {"is_stopped": False}


def test_a_second_question_meanwhile_is_refused_and_stops_nothing(writing):
    waits = threading.Event()
    with writing(Step(("One ", "two"), waits=waits)) as (client, _):
        told = {}

        def ask():
            told["events"] = events_of(client.post("/api/chat", json=HELP).text)

        asking = threading.Thread(target=ask)
        asking.start()
        memory = Memory.of(get_settings())
        while not (begun := [one for one in memory.recent() if one.messages]):
            assert asking.is_alive()
        second = {**HELP, "conversation_id": begun[0].id, "stream": False}
        refused = [client.post("/api/chat", json=second).status_code for _ in range(2)]
        waits.set()
        asking.join(10)
    assert refused == [409, 409]
    assert told["events"][-1][0] == "done"


def test_a_model_that_fails_is_told_as_an_event_and_as_a_status(writing):
    with writing(Step(status=401, error="no")) as (client, _):
        events = events_of(client.post("/api/chat", json=HELP).text)
        whole = client.post("/api/chat", json={**HELP, "stream": False})
    assert events[-1][0] == "error"
    assert events[-1][1]["code"] == "model"
    assert (whole.status_code, whole.json()["error"]["code"]) == (502, "model")


def test_the_rules_can_be_asked_beside_a_model(writing):
    with writing(Step(("From the model.",))) as (client, service):
        asked = {**HELP, "stream": False}
        by_rules = client.post("/api/chat", json={**asked, "engine": "rules"}).json()
        by_model = client.post("/api/chat", json=asked).json()
    assert by_rules["answer"]["engine"] == "rules"
    assert by_model["answer"]["text"] == "From the model."
    assert len(service.asked) == 1


@pytest.fixture
def served(writing):
    """Run a server on a socket, with a language model that waits in the middle of its answer."""

    @contextmanager
    def served(step):
        with writing(step) as (client, _):
            config = uvicorn.Config(client.app, port=0, log_level="critical", lifespan="off")
            server = uvicorn.Server(config)
            thread = threading.Thread(target=server.run)
            thread.start()
            while not server.started:
                time.sleep(0.01)
            port = server.servers[0].sockets[0].getsockname()[1]
            try:
                yield f"http://127.0.0.1:{port}"
            finally:
                server.should_exit = True
                thread.join(10)

    return served


@pytest.mark.service
@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_goes_away_stops_the_answer(served, stream):
    waits = threading.Event()
    with served(Step(("One ", "two ", "three"), waits=waits)) as url:
        asked = {**HELP, "stream": stream}
        if stream:
            with httpx.stream("POST", f"{url}/api/chat", json=asked, timeout=10) as response:
                for line in response.iter_lines():
                    if line == "event: token":
                        break
        else:
            with pytest.raises(httpx.ReadTimeout):
                httpx.post(f"{url}/api/chat", json=asked, timeout=httpx.Timeout(10, read=1.5))
        memory = Memory.of(get_settings())
        until = time.monotonic() + 8
        turns = []
        while len(turns) < 2 and time.monotonic() < until:
            time.sleep(0.05)
            turns = memory.messages(memory.recent()[0].id)
        waits.set()
    assert turns[-1].answer.warnings == ("The answer was stopped.",)
