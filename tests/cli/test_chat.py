"""The conversation in a terminal, fed from standard input."""

import json
import subprocess
import sys
import threading

import pytest
from typer.testing import CliRunner

from skywright.assistant.memory.memory import Memory
from skywright.cli.chat_printing import printable
from skywright.cli.main import app
from skywright.settings import get_settings
from tests.assistant.engine.llm_servers import Step, speaking


@pytest.fixture
def chat():
    def chat(*lines, options=()):
        return CliRunner().invoke(app, ["chat", *options], input="".join(f"{x}\n" for x in lines))

    return chat


@pytest.fixture
def memory():
    return Memory.of(get_settings())


@pytest.fixture
def writing(monkeypatch):
    """A language model that says what a test wrote."""
    pytest.importorskip("pydantic_ai", reason="needs the optional part 'llm'")
    contexts = []

    def writing(*steps):
        context = speaking("openai-compatible", *steps)
        contexts.append(context)
        service = context.__enter__()
        monkeypatch.setenv("SKYWRIGHT_LANGUAGE_MODEL", "openai-compatible:m")
        monkeypatch.setenv("SKYWRIGHT_LANGUAGE_MODEL_URL", service.url)
        get_settings.cache_clear()
        return service

    yield writing
    for context in contexts:
        context.__exit__(None, None, None)


def test_lines_are_questions_of_one_conversation(chat, memory):
    done = chat("help", "", "help")
    assert done.exit_code == 0
    assert "What are the coordinates of M31?" in done.output
    assert [one.messages for one in memory.recent()] == [4]


def test_quitting_after_something_failed_ends_with_1_and_no_traceback(chat):
    done = chat("/open zzzz", "/quit", "help")
    assert (done.exit_code, type(done.exception)) == (1, SystemExit)


def test_bytes_of_no_character_are_a_question_like_any(chat):
    code = [sys.executable, "-m", "skywright", "chat", "--json", "--model", "rules"]
    done = subprocess.run(code, input=b"help \xff\xfe\n", capture_output=True, check=True)
    assert json.loads(done.stdout)["done"]["answer"]["text"]


def test_stand_ins_answer_where_it_is_wished(chat):
    done = chat("coordinates of M31", options=["--sandbox"])
    assert (done.exit_code, "RA=10.68 Dec=41.27" in done.output) == (0, True)


def test_each_answer_is_an_object_with_json(chat):
    lines = chat("help", "help", options=["--json"]).output.splitlines()
    told = [json.loads(line) for line in lines]
    assert [one["question"] for one in told] == ["help", "help"]
    assert told[0]["done"]["answer"]["engine"] == "rules"
    assert told[0]["conversation"] == told[1]["conversation"]


def test_a_conversation_is_opened_by_the_beginning_of_its_id(chat, memory):
    chat("help")
    id_ = memory.recent()[0].id
    done = chat("help", options=["--conversation", id_[:8]])
    assert "you: help" in done.output
    assert memory.get(id_).messages == 4


def test_commands_list_branch_export_and_delete(chat, memory, tmp_path):
    file = tmp_path / "talk.jsonl"
    done = chat("/new Clusters", "help", "/branch", f"/export {file}", "/list", "/list help",
                "/delete")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "A branch with 2 messages" in done.output
    assert json.loads(file.read_text("utf-8").splitlines()[0])["title"] == "Clusters"
    assert [one.title for one in memory.recent()] == ["Clusters"]


def test_quit_ends_it(chat, memory):
    assert chat("/quit", "help").exit_code == 0
    assert memory.recent() == []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("/foo", "There is no command /foo. There are /new"),
        ("/open zzz", "0 conversations begin with 'zzz'"),
        ("/branch", "No conversation is open."),
        ("/export", "No conversation is open."),
        ("/model gpt", "names no service and model"),
        ("/list ?!", "no words to look for"),
    ],
)
def test_what_cannot_be_done_is_a_sentence_and_goes_on(chat, line, told):
    done = chat(line, "help")
    assert told in done.output.replace("\n", " ")
    assert "What are the coordinates of M31?" in done.output
    assert done.exit_code == 1


def test_the_model_is_changed_by_name(chat, writing):
    service = writing(Step(("From the model.",)))
    done = chat("Hi", "/model rules", "help", "/model")
    assert "From the model." in done.output
    assert "Answers come from rules." in done.output
    assert len(service.asked) == 1


def test_citations_are_numbered_and_their_sources_listed(chat, writing):
    mark = '<cite of="t1-1">There is no such sentence.</cite>'
    search = Step(calls=(("list-nothing", {}),))
    writing(search, Step((f"It is so.{mark}",)))
    done = chat("Hi")
    assert "-> list-nothing()" in done.output
    assert "Note: 1 citation was not found verbatim and removed." in done.output


def test_signs_that_steer_a_terminal_are_not_printed():
    assert printable("a\x1b[31mred\x07\u202eb\n\tc") == "a[31mredb\n\tc"


@pytest.mark.service
def test_ctrl_c_stops_the_answer_and_not_the_conversation(writing, memory):
    import signal

    waits = threading.Event()
    writing(Step(("One ", "two ", "three"), waits=waits))
    code = "from skywright.cli.main import main; main()"
    command = [sys.executable, "-c", code, "chat"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as talk:
        talk.stdin.write("Count\n")
        talk.stdin.flush()
        said = ""
        while "One" not in said:
            said += talk.stdout.read(1)
        talk.send_signal(signal.SIGINT)
        out, _ = talk.communicate("/list\n", timeout=30)
    waits.set()
    assert "Stopped." in out
    assert "Count" in out
    assert memory.messages(memory.recent()[0].id)[-1].answer.text == "One"
