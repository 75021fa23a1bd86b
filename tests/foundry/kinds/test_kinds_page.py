"""The page of the kinds names all that can be named, and its recipes are recipes."""

import re
from pathlib import Path

import pytest

from skywright.foundry.kinds.sklearn import ESTIMATORS
from skywright.foundry.kinds.torch_params import TorchParams, params_of
from skywright.foundry.recipe import parse_recipe

PAGE = Path(__file__).resolve().parents[3] / "docs/foundry/kinds.md"
TEXT = PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [*ESTIMATORS, *TorchParams.model_fields])
def test_everything_that_can_be_named_is_on_the_page(name):
    assert f"`{name}`" in TEXT


@pytest.mark.parametrize("text", re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL))
def test_every_recipe_on_the_page_can_be_read(text):
    recipe = parse_recipe(text, "a page")
    assert recipe.target
    if recipe.kind == "torch":
        assert params_of(recipe).width == 32


@pytest.mark.parametrize("text", re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL))
def test_every_example_on_the_page_runs(text):
    exec(compile(text, str(PAGE), "exec"), {})
