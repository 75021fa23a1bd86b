"""People's labels: they teach, they are not the judge, and poison is kept back."""

from dataclasses import replace

import polars as pl
import pytest

from skywright.errors import InputError
from skywright.foundry.jobs.workplace import Workplace
from skywright.foundry.recipe import load_recipe
from skywright.foundry.registry import packaged
from skywright.neo.feedback import store_label
from skywright.neo.pha_network_training import CATALOGUE, catalogue, taught_by_people
from skywright.neo.retrain import retrain_with_labels

QUICK = {"epochs": 8, "width": 32, "batch": 256, "patience": 3}
SCHEMA = {
    "question": pl.String,
    "designation": pl.String,
    "label": pl.String,
    "people": pl.Int64,
}


@pytest.fixture
def place():
    found = replace(Workplace.of(), warm=False)  # one job: nothing to keep warm
    yield found
    found.close()
    found.queue.database.close()


@pytest.fixture
def small(reference_data, tmp_path):
    """A data folder with a part of the catalogue, so that training takes seconds."""
    (tmp_path / "catalogue").mkdir()
    part = pl.read_parquet(reference_data / CATALOGUE).sample(1800, seed=3)
    part.write_parquet(tmp_path / CATALOGUE)
    return tmp_path


def test_without_labels_there_is_nothing_to_do(tmp_path, place):
    with pytest.raises(InputError, match="no labels to learn from"):
        retrain_with_labels(tmp_path, place)


@pytest.mark.slow
def test_labels_change_the_lesson_of_their_object_only(small):
    table = catalogue(small / CATALOGUE)
    rows = [("pha", table["designation"][5], "pha", 3), ("orbit_class", "unknown", "aten", 1)]
    lesson, changed = taught_by_people(table, pl.DataFrame(rows, schema=SCHEMA, orient="row"))
    assert changed == 1
    assert lesson.pha[5] == 1
    assert lesson.weight[5] == 7
    assert (lesson.weight != 1).sum() == 1


@pytest.mark.slow
def test_poisoned_labels_are_kept_back(small, place):
    recipe = load_recipe("neo-pha-network").model_copy(update={"params": QUICK})
    shipped = packaged(recipe.name)
    table = catalogue(small / CATALOGUE).sample(700, seed=1)
    for name, pha in table.select("designation", "pha").rows():
        store_label(place.queue.database, "u_poison", name, "not_pha" if pha else "pha", "")
    outcome = retrain_with_labels(small, place, recipe)
    assert outcome.gate == "kept back"
    assert outcome.metrics["labelled_objects"] == 700
    assert outcome.metrics["auc"] < 0.5  # it learned the lie, and was judged by the truth
    assert place.registry.champion(recipe.name) == shipped
