"""``skywright knowledge``: from a file to a quote and back out."""

import json

import pytest
from typer.testing import CliRunner

from skywright.cli.knowledge import app
from skywright.errors import InputError, NotFoundError


def _run(*arguments):
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def _json(*arguments):
    return json.loads(_run(*arguments, "--json").stdout)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "cones.md"
    path.write_text("# Cones\n\nThe SDSS servers accept 3 arcmin at most.\n", encoding="utf-8")
    return path


def test_a_file_is_added_found_counted_and_removed(file):
    added = _json("add", file)
    assert (added["documents"], added["chunks"]) == (1, 1)
    hit = _json("search", "largest radius of SDSS servers")["hits"][0]
    assert file.read_text(encoding="utf-8")[hit["start"] : hit["stop"]] == hit["text"]
    assert _json("stats", "--documents")["listed"][0]["source"] == str(file)
    _run("rm", hit["document_id"])
    assert _json("search", "SDSS")["hits"] == []


def test_a_document_cannot_steer_the_terminal(tmp_path):
    path = tmp_path / "a.md"
    path.write_text("# \x1b]0;title Meteors\n\nA meteor \x1b[2Jglows.\n", encoding="utf-8")
    _run("add", path, "--no-vectors")
    shown = _run("search", "meteor", "--lexical-only").stdout + _run("stats", "--documents").stdout
    assert "A meteor [2Jglows." in shown
    assert "\x1b" not in shown


def test_a_number_that_no_document_can_have_is_not_found():
    with pytest.raises(NotFoundError, match="There is no document"):
        _run("rm", 10**30)


def test_a_file_added_again_is_told_to_be_there(file):
    _run("add", file)
    again = _json("add", file)
    assert (again["documents"], again["known_before"]) == (0, 1)


def test_a_hit_is_printed_with_its_place(file):
    _run("add", file)
    told = _run("search", "SDSS radius").stdout
    assert "Cones" in told
    assert "characters 0 to" in told


def test_removing_what_is_not_there_is_refused():
    with pytest.raises(NotFoundError, match="no document 3"):
        _run("rm", "3")


def test_without_another_store_there_is_nothing_to_make_anew(file):
    with pytest.raises(InputError, match="nothing to make anew"):
        _run("rebuild")
