"""The dialect of OpenAI: our engine, and what clients may send."""

import json

import pytest

from skywright.foundry.registry import Registry
from skywright.foundry.signature import Input
from skywright.settings import get_settings
from tests.serving import add_model

ASKED = {"model": "skywright", "messages": [{"role": "user", "content": "help"}]}

LOOK = {"type": "function", "function": {"name": "look"}}
CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
CALLING = {"role": "assistant", "content": None, "tool_calls": [CALL]}
RESULT = {"role": "tool", "tool_call_id": "c1", "content": "A star, at last."}


def test_our_engine_is_among_the_models(client):
    listed = client.get("/v1/models").json()
    assert listed["object"] == "list"
    assert listed["data"][0]["id"] == "skywright"


def test_one_model_is_told_of_and_an_unknown_one_is_not(client):
    assert client.get("/v1/models/skywright").json()["id"] == "skywright"
    unknown = client.get("/v1/models/gpt-5")
    assert unknown.status_code == 404
    assert "'gpt-5' completes no conversations" in unknown.json()["error"]["message"]


def test_a_completion_has_the_form_that_clients_expect(client):
    told = client.post("/v1/chat/completions", json=ASKED).json()
    assert told["object"] == "chat.completion"
    choice = told["choices"][0]
    assert (choice["finish_reason"], choice["message"]["role"]) == ("stop", "assistant")
    assert "What are the coordinates of M31?" in choice["message"]["content"]
    assert set(told["usage"]) == {"prompt_tokens", "completion_tokens", "total_tokens"}


def test_a_stream_ends_in_done(client):
    asked = {**ASKED, "stream": True, "stream_options": {"include_usage": True}, "top_p": 1}
    lines = client.post("/v1/chat/completions", json=asked).text.split("\n\n")
    assert lines[-2] == "data: [DONE]"
    chunks = [json.loads(one.removeprefix("data: ")) for one in lines[:-2]]
    assert {one["object"] for one in chunks} == {"chat.completion.chunk"}
    text = "".join(one["choices"][0]["delta"].get("content", "") for one in chunks[:-1])
    assert "What are the coordinates of M31?" in text
    assert chunks[-2]["choices"][0]["finish_reason"] == "stop"
    assert chunks[-1]["usage"]["total_tokens"] == 0


def test_nothing_of_it_is_remembered(client):
    client.post("/v1/chat/completions", json=ASKED)
    assert client.get("/api/chat/conversations").json()["conversations"] == []


def test_the_sdk_of_the_dialect_reads_it(client):
    openai = pytest.importorskip("openai", reason="needs the optional part 'llm'")
    types = openai.types.chat
    told = client.post("/v1/chat/completions", json=ASKED).json()
    assert types.ChatCompletion.model_validate(told).choices[0].message.content
    streamed = client.post("/v1/chat/completions", json={**ASKED, "stream": True}).text
    first = json.loads(streamed.split("\n\n")[0].removeprefix("data: "))
    assert types.ChatCompletionChunk.model_validate(first).choices[0].delta.role == "assistant"


@pytest.mark.parametrize(
    ("change", "status", "told"),
    [
        ({"messages": []}, 422, "messages"),
        ({"messages": [{"role": "wizard", "content": "a"}]}, 422, "messages[0].role"),
        ({"messages": [{"role": "assistant", "content": "a"}]}, 422, "messages must end with"),
        ({"messages": [{"role": "user", "content": " "}]}, 422, "messages must end with"),
        ({"model": "gpt-5"}, 404, "model = 'gpt-5'"),
        ({"temperature": 9}, 422, "temperature = 9"),
        ({"tools": [{"type": "function"}]}, 422, "tools[0].function.name is missing"),
        ({"tools": [LOOK, LOOK]}, 422, "tools has two of the name 'look'"),
        ({"tools": [{"function": {"name": "a b"}}]}, 422, "name = 'a b' is not allowed"),
        ({"tools": [LOOK], "tool_choice": "required"}, 422, "tool_choice = required is not done"),
        ({"n": 3}, 422, "n = 3 is not allowed: a question has one answer"),
        ({"response_format": {"type": "json_object"}}, 422, "response_format = 'json_object'"),
        ({"logprobs": True}, 422, "logprobs are not given"),
        ({"modalities": ["text", "audio"]}, 422, "answers are text"),
        ({"functions": [{"name": "look"}]}, 422, "the old form of tools"),
        ({"stop": ["a"] * 5}, 422, "stop has 5 texts; 4 are allowed"),
        ({"stop": ""}, 422, "A text of stop has 1 to 200 characters"),
        ({"max_tokens": 0}, 422, "max_tokens = 0"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
            422,
            "messages[0].content[0] is of the type 'image_url'; only text is read",
        ),
        (
            {"messages": [ASKED["messages"][0], {"role": "tool", "tool_call_id": "x"}]},
            422,
            "messages[1].tool_call_id = 'x' belongs to no call",
        ),
        (
            {"messages": [ASKED["messages"][0], CALLING, RESULT]},
            422,
            "the rules read no results of other tools",
        ),
        (
            {"messages": [ASKED["messages"][0], CALLING, ASKED["messages"][0]]},
            422,
            "messages has no result of the call 'c1'",
        ),
    ],
)
def test_what_cannot_be_answered_names_its_field(client, change, status, told):
    response = client.post("/v1/chat/completions", json={**ASKED, **change})
    assert response.status_code == status
    assert told in response.json()["error"]["message"]


@pytest.mark.parametrize("choice", [None, "auto", "none"])
def test_the_rules_need_no_tools_of_the_client(client, choice):
    told = client.post(
        "/v1/chat/completions", json={**ASKED, "tools": [LOOK], "tool_choice": choice}
    ).json()
    assert told["choices"][0]["finish_reason"] == "stop"
    assert "tool_calls" not in told["choices"][0]["message"]


def test_an_answer_ends_before_a_stop_and_at_its_length(client):
    whole = client.post("/v1/chat/completions", json=ASKED).json()
    text = whole["choices"][0]["message"]["content"]
    choice = client.post("/v1/chat/completions", json={**ASKED, "stop": "M31"}).json()["choices"][0]
    assert choice["message"]["content"] == text[: text.index("M31")]
    assert choice["finish_reason"] == "stop"
    choice = client.post("/v1/chat/completions", json={**ASKED, "max_tokens": 5}).json()["choices"][
        0
    ]
    assert (choice["message"]["content"], choice["finish_reason"]) == (text[:20], "length")


def test_parts_of_text_are_read_and_earlier_turns_told(client):
    parts = [{"type": "text", "text": "help"}]
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello."},
        {"role": "user", "content": parts},
    ]
    told = client.post("/v1/chat/completions", json={**ASKED, "messages": messages}).json()
    assert told["choices"][0]["message"]["content"]


class Parrot:
    """A kind whose models say what they were told to, or repeat the prompt."""

    says = ""

    def load(self, folder):
        return lambda rows: [{"text": self.says or row["prompt"], "tokens": 3} for row in rows]


@pytest.fixture
def adapter(monkeypatch, tmp_path):
    kind = Parrot()
    monkeypatch.setattr("skywright.foundry.serve.opened.kind_named", lambda name: kind)
    registry = Registry.of(get_settings())
    inputs = (
        Input("prompt", "text"),
        Input("max_new_tokens", "number", optional=True),
        Input("temperature", "number", optional=True),
        Input("seed", "number", optional=True),
    )
    add_model(registry, tmp_path, "tutor", inputs=inputs, facts={"kind": "llm"}.items())
    yield kind
    registry.database.close()


def completed(client, **asked):
    response = client.post("/v1/chat/completions", json={**ASKED, "model": "tutor", **asked})
    assert response.status_code == 200, response.text
    return response.json()["choices"][0]


def test_a_model_that_was_taught_here_is_listed_and_asked(client, adapter):
    listed = [one["id"] for one in client.get("/v1/models").json()["data"]]
    assert listed == ["skywright", "tutor"]
    choice = completed(client, temperature=0.5, seed=1, max_tokens=9)
    assert choice["message"]["content"] == "help"


def test_its_conversation_is_told_in_roles_that_templates_know(client, adapter):
    call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    messages = [
        {"role": "user", "content": "Look"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "A star"},
    ]
    told = json.loads(completed(client, messages=messages)["message"]["content"])
    assert [one["role"] for one in told] == ["user", "assistant", "user"]
    assert told[2]["content"] == "Result of c1: A star"


def test_tools_of_the_client_are_passed_through(client, adapter):
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
    told = json.loads(completed(client, tools=[tool])["message"]["content"])
    assert '"name": "look"' in told[0]["content"]
    adapter.says = '{"name": "look", "arguments": {"at": "M31"}}'
    choice = completed(client, tools=[tool])
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] is None
    function = choice["message"]["tool_calls"][0]["function"]
    assert (function["name"], json.loads(function["arguments"])) == ("look", {"at": "M31"})
    wrong = client.post("/v1/chat/completions", json={**ASKED, "model": "tutor", "tools": [{}]})
    assert "tools[0].function.name is missing" in wrong.json()["error"]["message"]


def test_its_calls_are_streamed_too(client, adapter):
    adapter.says = '{"name": "look", "arguments": {}}'
    tool = {"type": "function", "function": {"name": "look"}}
    asked = {**ASKED, "model": "tutor", "tools": [tool], "stream": True}
    text = client.post("/v1/chat/completions", json=asked).text
    assert '"tool_calls": [{"index": 0' in text
    assert '"finish_reason": "tool_calls"' in text
