"""Recipes: every key checked, every mistake a sentence with its line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.errors import InputError, NotFoundError
from skywright.foundry.kind import kind_named, kind_names
from skywright.foundry.recipe import load_recipe, parse_recipe, recipe_names, recipe_of

GOOD = """
name = "wheel-fault"
kind = "lightgbm"
target = "fault"
[params]
learning_rate = 0.05
[evaluate]
split = "time:seen_at:0.2"
"""


def test_every_recipe_that_ships_is_valid_and_its_kind_exists():
    assert "neo-triage" in recipe_names()
    for name in recipe_names():
        recipe = load_recipe(name)
        assert recipe.name == name
        assert kind_named(recipe.kind) is not None


def test_unknown_recipe_lists_those_that_ship():
    with pytest.raises(NotFoundError, match="there are neo-"):
        load_recipe("neo-nothing")


def test_unknown_kind_lists_those_installed():
    with pytest.raises(NotFoundError, match="installed kinds are .*lightgbm"):
        kind_named("oracle")
    assert {"sklearn", "lightgbm", "torch", "policy", "llm"} <= set(kind_names())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name = ", "not valid TOML"),
        ('name="a-b"\nkind="k"\nspeed=3', r"wrong key speed \(line 3\)"),
        ('name="A B"\nkind="k"', r"wrong key name \(line 1\)"),
        ('name="a-b"', "wrong key kind"),
        ('name="a-b"\nkind="k"\n[run]\ngpu=1', r"wrong key run.gpu \(line 4\)"),
        ('name="a-b"\nkind="k"\n[evaluate]\nsplit="random"', r"evaluate.split \(line 4\)"),
        ('name="a-b"\nkind="k"\n[watch]\ndrift="much"', r"watch.drift \(line 4\)"),
        ('name="a-b"\nkind="k"\ndata="x"\nenv="y"', "data or env, not both"),
    ],
)
def test_a_wrong_recipe_is_a_sentence_with_key_and_line(text, sentence):
    with pytest.raises(InputError, match=sentence):
        parse_recipe(text, "mine.toml")


def test_a_misspelt_key_names_the_one_that_was_meant():
    with pytest.raises(InputError, match="Did you mean gpus"):
        parse_recipe('name="a-b"\nkind="k"\n[run]\ngpu=1', "mine.toml")


@given(st.sampled_from(["stratified", "holdout:0.25", "group:satellite", "kfold:5x2", "kfold:5"]))
def test_a_recipe_survives_being_written_down(split):
    recipe = recipe_of(
        {"name": "a-b", "kind": "sklearn", "evaluate": {"split": split}, "params": {"x": [1, 2]}},
        "a-b",
    )
    assert recipe_of(recipe.model_dump(mode="json", exclude_unset=True), "a-b") == recipe


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(NotFoundError, match=r"gone\.toml does not exist"):
        load_recipe(str(tmp_path / "gone.toml"))


def test_a_recipe_may_name_a_file_that_lies_beside_it(tmp_path, monkeypatch):
    (tmp_path / "rows.csv").write_text("x,y\n1,0\n")
    path = tmp_path / "mine.toml"
    path.write_text('name = "a-b"\nkind = "sklearn"\ndata = "rows.csv"\n')
    assert load_recipe(str(path)).data == str(tmp_path / "rows.csv")
    monkeypatch.chdir(tmp_path)
    assert load_recipe("mine.toml").data == "rows.csv"
