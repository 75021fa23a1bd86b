"""Rounds: who asked to be watched is, and one that fails keeps nobody from the next."""

import threading
from dataclasses import replace

import polars as pl
import pytest

from skywright.foundry.recipe import recipe_of
from skywright.foundry.training import Ask, train
from skywright.foundry.watch.patrol import Watcher
from skywright.foundry.watch.rounds import go_round, keep_watch


@pytest.fixture
def trained(workplace, tmp_path):
    """Two models in use, from one warm process; one of them asks to be watched."""
    workplace = replace(workplace, warm=True)
    path = tmp_path / "rows.csv"
    pl.DataFrame({"x": range(120), "y": [k > 60 for k in range(120)]}).write_csv(path)
    for name, watch in (("quiet", {}), ("watched", {"drift": "psi > 0.2"})):
        given = {"name": name, "kind": "sklearn", "target": "y", "watch": watch}
        given["params"] = {"estimator": "logistic_regression"}
        train(workplace, Ask(recipe_of(given, name), str(path)))
    return workplace


@pytest.mark.slow
def test_only_models_that_ask_for_it_are_watched(trained):
    watcher = Watcher(trained.registry, trained.datasets, trained.queue)
    assert [report["name"] for report in go_round(watcher)] == ["watched"]
    manifest = trained.registry.champion("watched") / "manifest.json"
    manifest.write_text(manifest.read_text() + " ")
    (report,) = go_round(watcher)
    assert "does not fit" in report["error"]


def test_keeping_watch_ends_when_told(workplace):
    stop = threading.Event()
    stop.set()
    keep_watch(Watcher(workplace.registry, workplace.datasets, workplace.queue), stop, 1.0)
    assert go_round(Watcher(workplace.registry, workplace.datasets, workplace.queue)) == []
