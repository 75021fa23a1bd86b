"""``skywright predict``: one row, or a file of rows."""

import json
from functools import partial

import polars as pl
import pytest
from typer.testing import CliRunner

from skywright.cli.main import app
from skywright.errors import InputError, NotFoundError
from skywright.foundry.registry import Registry
from tests.serving import StandIn, add_model


@pytest.fixture
def run(monkeypatch, tmp_path):
    kind = StandIn()
    monkeypatch.setattr("skywright.foundry.serve.opened.kind_named", lambda name: kind)
    registry = Registry.of()
    add_model(registry, tmp_path, limit=1.0)
    registry.database.close()
    return partial(CliRunner().invoke, app, catch_exceptions=False)


def test_one_row_is_answered_as_json(run):
    done = run(["predict", "line", "--row", '{"x": 2, "mode": "a"}', "--json"])
    told = json.loads(done.stdout)
    assert (told["model"], told["engine"]) == ("line", "stand-in")
    assert told["outputs"] == [{"label": "high", "probabilities": {"high": 0.9, "low": 1 - 0.9}}]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_a_file_is_answered_row_by_row(run, tmp_path, kind):
    table = pl.DataFrame({"x": [0.5, 2.0], "mode": ["a", None], "unused": [1, 2]})
    path = tmp_path / f"rows.{kind}"
    {"csv": table.write_csv, "jsonl": table.write_ndjson, "parquet": table.write_parquet}[kind](
        path
    )
    out = tmp_path / "answers.csv"
    run(["predict", "line", "--file", str(path), "--out", str(out)])
    assert pl.read_csv(out)["label"].to_list() == ["low", "high"]
    assert pl.read_csv(out)["p_high"].to_list() == [0.1, 0.9]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([], "Give either --row or --file"),
        (["--row", "{"], "--row is not valid JSON"),
        (["--row", '{"x": 1, "mode": "a", "z": 1}'], "z of --row is not an input"),
        (["--row", '{"x": "a", "mode": "a"}'], "--row.x = 'a' is not allowed"),
        (["--file", "rows.xlsx"], "rows.xlsx is none of"),
        (["--file", "rows.csv"], "rows.csv does not exist"),
    ],
)
def test_what_cannot_be_read_is_told(run, given, told):
    with pytest.raises(InputError, match=told):
        run(["predict", "line", *given])


def test_a_row_of_a_file_that_does_not_fit_is_named(run, tmp_path):
    (tmp_path / "rows.csv").write_text("x,mode\n1,a\n2,b\n,c\nfast,d\n")
    with pytest.raises(InputError, match=r"row 0\.x = '1' is not allowed"):
        run(["predict", "line", "--file", str(tmp_path / "rows.csv")])


def test_an_unknown_model_is_told(run):
    with pytest.raises(NotFoundError, match="no model 'nothing'"):
        run(["predict", "nothing", "--row", "{}"])
