"""Chat completions as OpenAI's own client for Python sees them, over a socket."""

import json
import threading
import time
from contextlib import contextmanager

import pytest
import uvicorn

from skywright.settings import get_settings
from tests.assistant.engine.llm_servers import Step, speaking

openai = pytest.importorskip("openai", reason="needs the optional part 'llm'")
pytestmark = pytest.mark.service

HELP = [{"role": "user", "content": "help"}]
LOOK = {
    "type": "function",
    "function": {
        "name": "look_up",
        "description": "Looks.",
        "parameters": {"type": "object", "properties": {"at": {"type": "string"}}},
    },
}
WISH = Step(("I look.",), (("look_up", {"at": "M31"}), ("look_up", {"at": "M13"})))


@pytest.fixture
def served(make_client, monkeypatch):
    """OpenAI's client of a server, whose language model says what a test wrote."""

    @contextmanager
    def served(*steps):
        with speaking("openai-http", *(steps or (Step(),))) as service:
            if steps:
                monkeypatch.setenv("SKYWRIGHT_LANGUAGE_MODEL", "openai-http:m")
                monkeypatch.setenv("SKYWRIGHT_LANGUAGE_MODEL_URL", service.url)
                get_settings.cache_clear()
            app = make_client(base_url="http://127.0.0.1", peer="127.0.0.1").app
            server = uvicorn.Server(
                uvicorn.Config(app, port=0, log_level="critical", lifespan="off")
            )
            thread = threading.Thread(target=server.run)
            thread.start()
            while not server.started:
                time.sleep(0.01)
            port = server.servers[0].sockets[0].getsockname()[1]
            try:
                with openai.OpenAI(
                    base_url=f"http://127.0.0.1:{port}/v1", api_key="none", max_retries=0
                ) as client:
                    yield client, service
            finally:
                server.should_exit = True
                thread.join(10)

    return served


def asked(client, messages=HELP, **more):
    return client.chat.completions.create(model="skywright", messages=messages, **more)


def streamed(client, messages=HELP, **more):
    """Return text, calls by their number, last reason and last usage of a stream."""
    text, calls, reason, usage = "", {}, None, None
    for chunk in asked(client, messages, stream=True, **more):
        usage = chunk.usage or usage
        for choice in chunk.choices:
            text += choice.delta.content or ""
            reason = choice.finish_reason or reason
            for one in choice.delta.tool_calls or ():
                calls[one.index] = (one.function.name, json.loads(one.function.arguments))
    return text, calls, reason, usage


def test_the_rules_answer_whole_and_as_a_stream(served):
    with served() as (client, _):
        whole = asked(client, tools=[LOOK], response_format={"type": "text"}, n=1)
        text, calls, reason, usage = streamed(client, tools=[LOOK])
        assert [one.id for one in client.models.list()] == ["skywright"]
    assert "What are the coordinates of M31?" in whole.choices[0].message.content
    assert (text, calls, reason) == (whole.choices[0].message.content, {}, "stop")
    assert usage is None


def test_a_stream_is_cut_at_a_stop_and_at_its_length_and_counted(served):
    with served() as (client, _):
        text, _, reason, _ = streamed(client, stop=["M31"])
        assert (text[-19:], reason) == ("the coordinates of ", "stop")
        text, _, reason, usage = streamed(
            client, max_completion_tokens=4, stream_options={"include_usage": True}
        )
    assert (len(text), reason) == (16, "length")
    assert usage.total_tokens == 0


def test_what_is_refused_is_an_error_of_the_client_with_our_sentence(served):
    with served() as (client, _):
        with pytest.raises(openai.UnprocessableEntityError, match="n = 2 is not allowed"):
            asked(client, n=2)
        form = {"type": "json_schema", "json_schema": {"name": "a", "schema": {}}}
        with pytest.raises(openai.UnprocessableEntityError, match="response_format = 'json_sch"):
            asked(client, response_format=form)


def test_a_failing_language_model_is_an_error_whole_and_in_a_stream(served):
    with served(Step(status=401, error="no")) as (client, _):
        with pytest.raises(openai.InternalServerError, match="does not accept the key"):
            asked(client)
        with pytest.raises(openai.APIError, match="does not accept the key"):
            streamed(client)


def test_calls_of_the_language_model_reach_the_client_as_a_stream(served):
    with served(WISH) as (client, service):
        text, calls, reason, usage = streamed(
            client, tools=[LOOK], stream_options={"include_usage": True}
        )
    assert (text, reason) == ("I look.", "tool_calls")
    assert calls == {0: ("look_up", {"at": "M31"}), 1: ("look_up", {"at": "M13"})}
    assert usage.prompt_tokens == 11
    offered = [one["function"] for one in service.asked[0]["tools"]]
    assert LOOK["function"] in offered
    assert "cone-search" in {one["name"] for one in offered}


def test_one_call_at_a_time_where_the_client_wants_it_so_and_none_where_it_wants_none(served):
    with served(WISH, WISH, Step(("No need.",))) as (client, service):
        choice = asked(client, tools=[LOOK], parallel_tool_calls=False).choices[0]
        assert len(choice.message.tool_calls) == 1
        asked(client, tools=[LOOK], tool_choice="none")
    assert "look_up" not in {one["function"]["name"] for one in service.asked[1]["tools"]}


def test_a_whole_round_with_a_tool_of_the_client(served):
    answer = Step(('A star.<cite of="ID">star, at last</cite>',))
    system = {"role": "system", "content": "Be brief."}
    messages = [system, {"role": "user", "content": "What is there?"}]
    with served(WISH, answer) as (client, service):
        message = asked(client, messages, tools=[LOOK]).choices[0].message
        results = [
            {"role": "tool", "tool_call_id": one.id, "content": "A star, at last."}
            for one in message.tool_calls
        ]
        object.__setattr__(
            service.steps[0], "text",
            (answer.text[0].replace("ID", message.tool_calls[0].id),),
        )  # fmt: skip
        told = asked(client, [*messages, message, *results], tools=[LOOK]).choices[0]
    assert told.message.content.startswith("A star.\n\nSources:\n[1] ")
    assert '"star, at last"' in told.message.content
    sent = service.asked[1]["messages"]
    assert [one["role"] for one in sent] == ["system", "user", "assistant", "tool", "tool"]
    assert "Be brief." in sent[0]["content"]
    assert "A star, at last." in sent[3]["content"]
    assert sent[3]["content"].startswith("<data-")
