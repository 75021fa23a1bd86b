"""Recipe, gate, registry: a better model goes into use, a worse one is stored and kept back."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.errors import GateError, InputError, NotFoundError
from skywright.foundry.gate import judge
from skywright.foundry.kind import kind_named
from skywright.foundry.recipe import Recipe, load_recipe, recipe_names
from skywright.foundry.registry import Registry, hash_of
from skywright.foundry.training import train

RECIPE = Recipe(name="toy", kind="toy", title="A toy", metric="skill", needs=("data.txt",))


class Toy:
    """A kind that 'learns' a number and writes it down."""

    def __init__(self, skill):
        self.skill = skill

    def fit(self, run):
        run.log(step=1, skill=self.skill)
        (run.out / "model.json").write_text(json.dumps({"skill": self.skill}))
        return {"skill": self.skill}

    def load(self, folder):
        return json.loads((folder / "model.json").read_text())["skill"]


@pytest.fixture
def data(tmp_path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "data.txt").write_text("1 2 3")
    return folder


def test_first_model_goes_into_use_with_its_lineage(tmp_path, data):
    registry = Registry(tmp_path / "models")
    outcome = train(RECIPE, data, registry, kind=Toy(0.7))
    folder = registry.champion("toy")
    manifest = json.loads((folder / "manifest.json").read_text())
    assert folder.name == outcome.version
    assert manifest["files"]["model.json"] == hash_of(folder / "model.json")
    assert manifest["data"]["data.txt"] == hash_of(data / "data.txt")
    assert manifest["metrics"] == {"skill": 0.7}


def test_worse_model_is_stored_and_kept_back(tmp_path, data):
    registry = Registry(tmp_path / "models")
    first = train(RECIPE, data, registry, kind=Toy(0.7)).version
    with pytest.raises(GateError, match="kept back: skill of the candidate is 0.6"):
        train(RECIPE, data, registry, kind=Toy(0.6))
    assert registry.champion("toy").name == first
    assert len(registry.versions("toy")) == 2


def test_better_model_replaces_and_can_be_rolled_back(tmp_path, data):
    registry = Registry(tmp_path / "models")
    first = train(RECIPE, data, registry, kind=Toy(0.7)).version
    second = train(RECIPE, data, registry, kind=Toy(0.8)).version
    assert registry.champion("toy").name == second
    registry.promote("toy", first)
    assert registry.champion("toy").name == first


def test_failed_run_leaves_nothing_behind(tmp_path, data):
    class Broken(Toy):
        def fit(self, run):
            message = "no convergence"
            raise InputError(message)

    registry = Registry(tmp_path / "models")
    with pytest.raises(InputError, match="no convergence"):
        train(RECIPE, data, registry, kind=Broken(1))
    assert list(registry.root.iterdir()) == []


def test_missing_data_is_refused_before_the_run(tmp_path):
    with pytest.raises(InputError, match=r"needs data\.txt under"):
        train(RECIPE, tmp_path, Registry(tmp_path / "models"), kind=Toy(1))


def test_result_that_is_not_a_number_does_not_pass():
    assert not judge(RECIPE, {"skill": float("nan")}, {"skill": 0.1}).passed


@given(new=st.floats(-1, 1), old=st.floats(-1, 1), tolerance=st.floats(0, 0.5))
def test_gate_mirrors_when_the_direction_is_turned(new, old, tolerance):
    up = RECIPE.model_copy(update={"tolerance": tolerance})
    down = up.model_copy(update={"higher_is_better": False})
    assert (
        judge(up, {"skill": new}, {"skill": old}).passed
        == judge(down, {"skill": -new}, {"skill": -old}).passed
    )


def test_promoting_an_unknown_version_is_refused(tmp_path):
    with pytest.raises(NotFoundError, match="has no version abc"):
        Registry(tmp_path).promote("toy", "abc")


def test_unknown_recipe_lists_those_that_ship():
    with pytest.raises(NotFoundError, match="there are neo-"):
        load_recipe("neo-nothing")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name = ", "not valid TOML"),
        ('name="a-b"\nkind="k"\ntitle="t"\nmetric="m"\nspeed=3', "wrong key speed"),
        ('name="A B"\nkind="k"\ntitle="t"\nmetric="m"', "wrong key name"),
    ],
)
def test_wrong_recipe_is_a_sentence(tmp_path, text, sentence):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=sentence):
        load_recipe(str(path))


@pytest.mark.parametrize("name", recipe_names())
def test_every_shipped_recipe_parses_and_its_kind_is_installed(name):
    recipe = load_recipe(name)
    kind = kind_named(recipe.kind)
    assert callable(kind.fit)
    assert callable(kind.load)
