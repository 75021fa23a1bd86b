"""People's labels: they teach, they are not the judge, and poison is kept back."""

import polars as pl
import pytest

from skywright.errors import GateError, InputError
from skywright.foundry.recipe import load_recipe
from skywright.foundry.registry import Registry
from skywright.foundry.training import train
from skywright.neo.pha_network_training import CATALOGUE, catalogue
from skywright.neo.retrain import TaughtByPeople, retrain_with_labels
from skywright.store.database import Database

QUICK = {"epochs": 8, "width": 32, "batch": 256, "patience": 3}


def labels(rows):
    schema = {"designation": pl.String, "label": pl.String, "people": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


@pytest.fixture
def recipe():
    return load_recipe("neo-pha-network").model_copy(update={"params": QUICK})


@pytest.fixture
def small(reference_data, tmp_path):
    """A data folder with a part of the catalogue, so that training takes seconds."""
    (tmp_path / "catalogue").mkdir()
    part = pl.read_parquet(reference_data / CATALOGUE).sample(6000, seed=3)
    part.write_parquet(tmp_path / CATALOGUE)
    return tmp_path


def test_without_labels_there_is_nothing_to_do(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'empty.sqlite'}")
    with pytest.raises(InputError, match="no labels to learn from"):
        retrain_with_labels(tmp_path, Registry(tmp_path / "models"), database)


@pytest.mark.slow
def test_labels_change_the_lesson_of_their_object_only(small):
    table = catalogue(small / CATALOGUE)
    name = table["designation"][5]
    kind = TaughtByPeople(labels([(name, "pha", 3)]), labels([("unknown object", "aten", 1)]))
    lesson, changed = kind.taught(table)
    assert changed == 1
    assert lesson.pha[5] == 1
    assert lesson.weight[5] == 7
    assert (lesson.weight != 1).sum() == 1


@pytest.mark.slow
def test_poisoned_labels_are_kept_back(small, recipe, tmp_path):
    registry = Registry(tmp_path / "models")
    honest = TaughtByPeople(labels([]), labels([]))
    first = train(recipe, small, _fresh(registry), kind=honest)
    table = catalogue(small / CATALOGUE).sample(2500, seed=1)
    wrong = [
        (n, "not_pha" if p else "pha", 4) for n, p in table.select("designation", "pha").rows()
    ]
    with pytest.raises(GateError, match="kept back"):
        train(recipe, small, registry, kind=TaughtByPeople(labels(wrong), labels([])))
    assert registry.champion(recipe.name).name == first.version


def _fresh(registry):
    """A registry whose first model is not compared with the shipped one, which saw more data."""
    (registry.root / "neo-pha-network" / "0").mkdir(parents=True)
    (registry.root / "neo-pha-network" / "0" / "manifest.json").write_text('{"metrics": {}}')
    registry.promote("neo-pha-network", "0")
    return registry
