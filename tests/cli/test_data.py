"""``skywright data``: from a file to a dataset and back out."""

import json

import pytest
from typer.testing import CliRunner

from skywright.cli.data import app
from skywright.errors import InputError, NotFoundError
from skywright.foundry.data.datasets import Datasets


def _run(*arguments):
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def _json(*arguments):
    return json.loads(_run(*arguments, "--json").stdout)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "wheels.csv"
    rows = [f"{k},{k / 7:.3f},{'hot' if k % 2 else 'cold'}" for k in range(40)]
    path.write_text("n,load,state\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "wheels.toml"
    path.write_text('name = "wheels"\nkind = "sklearn"\ntarget = "state"\n', encoding="utf-8")
    return path


def test_a_file_is_added_once_and_listed(file):
    first = _json("add", "wheels", file, "--licence", "CC0-1.0")
    assert _json("add", "wheels", file, "--licence", "CC0-1.0") == first
    assert _json("ls")["datasets"] == [first]
    assert "wheels@1" in _run("ls").stdout


def test_a_folder_is_added_with_all_its_files_but_hidden_ones(tmp_path):
    folder = tmp_path / "given"
    (folder / "deep").mkdir(parents=True)
    for name in ("a.txt", "deep/b.txt", ".hidden"):
        (folder / name).write_text(name, encoding="utf-8")
    assert _json("add", "raw", folder)["data_type"] == "files"
    assert [file["name"] for file in _json("show", "raw")["files"]] == ["a.txt", "deep/b.txt"]


def test_a_dataset_is_shown_with_its_columns_and_hashes(file):
    _run("add", "wheels", file)
    told = _json("show", "wheels@1")
    assert told["schema"] == {"n": "Int64", "load": "Float64", "state": "String"}
    assert len(told["files"][0]["sha256"]) == 64
    assert "Float64" in _run("show", "wheels").stdout


def test_a_profile_is_told_as_json_and_in_lines(file):
    _run("add", "wheels", file)
    assert _json("profile", "wheels")["columns"]["state"]["top"] == {"hot": 20, "cold": 20}
    assert "0 .. 19 .. 39" in _run("profile", "wheels").stdout


def test_a_check_tells_what_a_recipe_would_learn_from(file, recipe):
    _run("add", "wheels", file, "--licence", "MIT")
    told = _json("check", "wheels", "--recipe", recipe)
    assert (told["faults"], told["pii"], told["duplicates"]) == ([], {}, 0)
    assert told["licence"]["permissive"]
    assert sum(told["preparation"]["rows"].values()) == 40


def test_a_check_tells_personal_data_and_copies_without_refusing(tmp_path):
    path = tmp_path / "notes.txt"
    line = "please write to jane@esa.int about the wheel of the second unit\n"
    path.write_text(line * 3, encoding="utf-8")
    _run("add", "notes", path)
    told = _json("check", "notes")
    assert told["pii"] == {"text": {"email": 3}}
    assert (told["duplicates"], told["near_duplicates"]["dropped"]) == (2, 2)


def test_a_check_of_changed_content_fails(file):
    _run("add", "wheels", file)
    datasets = Datasets.of()
    datasets.paths(datasets.find("wheels"))[0].write_bytes(b"x")
    with pytest.raises(InputError, match="was changed"):
        _run("check", "wheels")


def test_one_version_is_removed_and_only_by_its_name(file):
    _run("add", "wheels", file)
    with pytest.raises(InputError, match="'wheels' names no version, so nothing is removed"):
        _run("rm", "wheels")
    _run("rm", "wheels@1")
    with pytest.raises(NotFoundError, match="There is no dataset 'wheels'; there are none"):
        _run("show", "wheels")
