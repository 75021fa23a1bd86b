import json

import pytest
from typer.testing import CliRunner

from skywright.assistant.memory.memory import Memory
from skywright.assistant.messages import Answer, ToolCall, ToolRun
from skywright.cli.ask import _exit_code, settings_with
from skywright.cli.main import app
from skywright.settings import get_settings


def _ask(*words):
    return CliRunner().invoke(app, ["ask", *words])


def _told(*words):
    done = _ask(*words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_a_greeting_is_answered_with_what_can_be_asked():
    done = _ask("hello")
    assert done.exit_code == 0
    assert "What are the coordinates of M31?" in done.stdout


def test_json_is_one_object_with_all_that_belongs_to_an_answer():
    told = _told("hello")
    assert set(told) == {
        "text", "citations", "tool_calls", "artifacts", "warnings", "is_found", "is_question",
        "is_failed", "removed_citations", "engine", "conversation",
    }  # fmt: skip
    assert (told["engine"], told["is_found"]) == ("rules", True)


def test_what_is_missing_is_asked_back():
    told = _told("What are the coordinates?")
    assert told["is_question"]
    assert told["tool_calls"] == []


def test_a_conversation_goes_on_under_its_title():
    first = _told("hello", "--conversation", "evening")
    second = _told("What can you do?", "--conversation", "evening")
    assert first["conversation"] == second["conversation"]


@pytest.fixture
def nobody_answers(monkeypatch):
    """Every service of satellites is out of reach."""
    for name in ("CELESTRAK", "GCAT"):
        monkeypatch.setenv(f"SKYWRIGHT_{name}_URL", "http://127.0.0.1:9")


def test_a_service_that_fails_is_exit_code_3_and_said_in_json(nobody_answers):
    done = _ask("find satellite ISS", "--json")
    assert done.exit_code == 3
    told = json.loads(done.stdout)
    assert (told["is_failed"], told["is_found"]) == (True, False)
    assert told["tool_calls"][0]["error_code"] == "source"


def test_a_call_that_is_not_allowed_is_exit_code_1():
    done = _ask("Find Gaia sources within 80 degrees of RA 10 Dec 20", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["tool_calls"][0]["error_code"] == "invalid_input"


def test_what_no_document_says_is_no_failure():
    told = _told("What is the plot of the third season of a show about bakers?")
    assert (told["is_found"], told["is_failed"]) == (False, False)


@pytest.mark.parametrize(
    ("kinds", "is_found", "code"),
    [
        (("not_found",), False, 0),
        (("source",), True, 0),
        (("not_found", "source"), False, 3),
        (("failed",), False, 1),
        (("stopped",), False, 1),
    ],
)
def test_the_exit_code_tells_what_is_not_there_from_what_failed(kinds, is_found, code):
    runs = tuple(
        ToolRun(call=ToolCall(id=kind, tool="x", arguments={}), error="So.", error_code=kind)
        for kind in kinds
    )
    assert _exit_code(Answer(text="So.", tool_runs=runs, is_found=is_found)) == code


def test_status_goes_to_standard_error():
    done = _ask("hello")
    assert "Reading the question" in done.stderr
    assert "Reading the question" not in done.stdout


def test_files_that_cannot_be_copied_are_told_in_a_sentence(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = _ask("help", "--out", f"{tmp_path / 'file' / 'sub'}")
    assert "Files cannot be copied" in str(done.exception)


def test_a_blank_question_is_refused_in_a_sentence():
    done = _ask(" ")
    assert done.exit_code == 1
    assert "blank" in str(done.exception)
    assert Memory.of().recent() == []


@pytest.mark.parametrize("model", ["nonsense", "openai:"])
def test_a_model_that_names_none_is_refused(model):
    done = _ask("hello", "--model", model)
    assert done.exit_code == 1
    assert "names no service and model" in str(done.exception)


def test_on_the_sandbox_no_tool_reads_an_address_that_leads_out(tmp_path):
    with settings_with(tmp_path, None, is_sandbox=True):
        inside = get_settings()
        assert inside.sbdb_object_url.startswith("http://127.0.0.1:")
        assert inside.catalogues_dir == tmp_path
    assert get_settings().sbdb_object_url.startswith("https://")


@pytest.mark.slow
def test_a_diagram_on_the_sandbox_is_copied_where_it_is_wanted(assistant_data, tmp_path):
    told = _told(
        "Create a CMD for NGC 6397", "--sandbox", "--catalogues",
        str(assistant_data / "catalogs"), "--out", str(tmp_path / "plots"),
    )  # fmt: skip
    png = next(one for one in told["artifacts"] if one["media_type"] == "image/png")
    assert png["path"].startswith(str(tmp_path / "plots"))
    assert "11,187 stars" in told["text"]
    assert [one["tool"] for one in told["tool_calls"]] == ["plot-cmd"]
    quote = told["citations"][0]
    result = told["tool_calls"][0]["result"]
    assert result[quote["start"] : quote["stop"]] == quote["quote"]
