import json
from importlib.metadata import distribution
from pathlib import Path

import pytest
from typer.testing import CliRunner

from skywright.cli.main import app
from skywright.foundry.tool import GROUP, tool_names


def _tools(*words):
    return CliRunner().invoke(app, ["tools", *words])


def _run(*words):
    done = _tools("run", *words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.fixture
def stars(tmp_path):
    path = tmp_path / "pair.csv"
    path.write_text("source_id,ra,dec,bp_rp,phot_g_mean_mag\n1,10,20,0.2,9\n2,10,20,1.9,9\n")
    return path


def test_every_installed_tool_is_listed_with_a_title():
    lines = _tools().stdout.splitlines()
    assert [line.split()[0] for line in lines] == tool_names()
    assert all(len(line.split()) > 2 for line in lines)


def test_every_tool_of_ours_is_on_the_page_of_tools():
    page = Path(__file__).parents[2] / "docs" / "assistant" / "tools.md"
    ours = [one.name for one in distribution("skywright").entry_points if one.group == GROUP]
    text = page.read_text(encoding="utf-8")
    assert [name for name in ours if name not in text] == []
    assert ours


def test_json_tells_what_each_tool_takes():
    told = {one["name"]: one for one in json.loads(_tools("--json").stdout)["tools"]}
    taken = told["cone-search"]["parameters"]["properties"]
    assert "radius_deg" in taken
    assert "desk" not in taken


def test_a_tool_works_on_a_table_of_a_file(stars):
    words = ("--arguments", '{"low": 1.0, "high": 3.0}', "--table", str(stars))
    assert _run("colour-cut", *words)["data"]["kept"] == 1


def test_files_stay_in_the_folder_of_out(stars, tmp_path):
    words = ("--arguments", '{"low": 1, "high": 3}', "--table", str(stars))
    made = _run("colour-cut", *words, "--out", str(tmp_path / "kept"))["artifacts"]
    assert made
    assert all((tmp_path / "kept" / one["id"]).is_file() for one in made)


def test_without_out_no_file_is_promised(stars):
    words = ("--arguments", '{"low": 1, "high": 3}', "--table", str(stars))
    done = _tools("run", "colour-cut", *words, "--json")
    assert json.loads(done.stdout)["artifacts"] == []
    assert "--out" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("resolve-nane",), "resolve-name"),
        (("resolve-name",), "needs the argument 'name'"),
        (("resolve-name", "--arguments", '{"name": 1, "nam": 2}'), "did you mean name"),
        (("resolve-name", "--arguments", "{name"), "is no JSON"),
        (("resolve-name", "--arguments", '["M31"]'), "is list, not an object"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(words, said):
    done = _tools("run", *words)
    assert done.exit_code == 1
    assert said in str(done.exception)
    assert done.stdout == ""


def test_a_table_that_cannot_be_read_is_refused(tmp_path):
    path = tmp_path / "stars.parquet"
    path.write_text("no parquet")
    done = _tools("run", "colour-cut", "--table", str(path))
    assert done.exit_code == 1
    assert "cannot be read" in str(done.exception)


def test_a_service_that_fails_is_exit_code_3(monkeypatch):
    monkeypatch.setenv("SKYWRIGHT_CELESTRAK_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("SKYWRIGHT_GCAT_URL", "http://127.0.0.1:9")
    done = _tools("run", "find-satellites", "--arguments", '{"name": "ISS"}')
    assert done.exception.exit_code == 3
    assert "did not answer after 2 attempts" in str(done.exception)
