"""The hazard network: it learns, it exports exactly, its test is the corrected one."""

import json

import numpy as np
import polars as pl
import pytest

from skywright.foundry.recipe import load_recipe
from skywright.foundry.registry import packaged
from skywright.neo.notable import notable_objects
from skywright.neo.pha_network import CLASSES, predict
from skywright.neo.pha_network_training import (
    Lesson,
    agreement,
    corrected_t_test,
    export,
    lesson_of,
    train_network,
)

PARAMS = {"epochs": 12, "width": 16, "batch": 64}


def catalogue(n=600, seed=4):
    """A made-up population in which close and bright means hazardous."""
    rng = np.random.default_rng(seed)
    table = pl.DataFrame(
        {
            "designation": [f"made up {k}" for k in range(n)],
            "epoch_jd_tdb": np.full(n, 2460600.5),
            "a_au": rng.uniform(1.02, 2.5, n),
            "e": rng.uniform(0.2, 0.7, n),
            "i_deg": rng.uniform(0, 30, n),
            "node_deg": rng.uniform(0, 360, n),
            "peri_deg": rng.uniform(0, 360, n),
            "h_mag": rng.uniform(16, 28, n),
        }
    )
    return table.with_columns(
        pha=pl.col("h_mag") < 20,
        class_from_elements=pl.when(pl.col("a_au") * (1 - pl.col("e")) < 1.017)
        .then(pl.lit("APO"))
        .otherwise(pl.lit("AMO")),
    )


def test_network_learns_what_is_to_be_learned():
    table = catalogue()
    network, curves = train_network(lesson_of(table), PARAMS, seed=1)
    assert curves.stopping[-1] < 0.5 * curves.stopping[0]
    assert len(curves.training) <= PARAMS["epochs"]
    assert not network.training


def test_export_agrees_with_the_original(tmp_path):
    table = catalogue(200)
    lesson = lesson_of(table)
    network, _ = train_network(lesson, PARAMS | {"epochs": 2}, seed=1)
    export(network, lesson, tmp_path / "model.onnx")
    assert agreement(network, lesson, tmp_path, table) < 1e-5


def test_weightless_rows_teach_nothing():
    lesson = lesson_of(catalogue(300))
    silent = Lesson(lesson.x, lesson.pha, lesson.orbit_class, np.zeros_like(lesson.weight))
    _, curves = train_network(silent, PARAMS | {"epochs": 1}, seed=1)
    assert curves.training == [0.0]


# Nadeau & Bengio (2003): t = mean / sqrt((1/k + n_test/n_train) s^2); by hand for 1, 2, 3.
def test_corrected_t_test_by_hand():
    t, p = corrected_t_test(np.array([1.0, 2.0, 3.0]), 0.5)
    assert t == pytest.approx(2 / np.sqrt((1 / 3 + 0.5) * 1.0))
    assert 0.1 < p < 0.2


def test_shipped_network_says_hazardous_of_apophis_and_its_card_says_trust_the_rule():
    table = notable_objects().filter(pl.col("name").is_in(["Apophis", "Eros"])).sort("name")
    hazard, classes = predict(packaged("neo-pha-network"), table)
    assert hazard[0] > 0.5 > hazard[1]
    assert [CLASSES[k] for k in classes.argmax(axis=1)] == ["ATE", "AMO"]
    card = json.loads((packaged("neo-pha-network") / "card.json").read_text())
    assert card["trust"].startswith("the rule")
    assert card["baselines"]["rule"]["accuracy"] > card["metrics"]["accuracy"]


def test_recipe_names_what_the_plan_asks_for():
    assert {"dropout", "l2", "patience"} <= set(load_recipe("neo-pha-network").params)
