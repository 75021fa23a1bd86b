"""The page of the language models names every parameter, and its example is one."""

import re
from dataclasses import fields
from pathlib import Path

import polars as pl
import pytest

from skywright.foundry.kinds.llm_data import Layout
from skywright.foundry.kinds.llm_params import METHODS, Teaching
from skywright.foundry.recipe import parse_recipe

PAGE = Path(__file__).resolve().parents[3] / "docs/foundry/language-models.md"
TEXT = PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [*(field.name for field in fields(Teaching)), *METHODS])
def test_everything_that_can_be_named_is_on_the_page(name):
    assert re.search(rf"`(params\.)?{name}\b", TEXT)


def test_the_example_makes_rows_that_its_recipe_can_teach(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    program = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)[0]
    exec(compile(program, str(PAGE), "exec"), {})
    recipe = parse_recipe(re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)[0], "a page")
    assert Teaching.of(recipe).method == "lora"
    rows = pl.read_ndjson("reports.jsonl")
    assert Layout.of(recipe, rows).form == "pairs"
    assert rows.n_unique() == len(rows) == 144
