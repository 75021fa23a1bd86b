"""Teaching the hazard network with the labels that people gave.

What people say changes the training rows only: the judgement stays with JPL's labels of objects
that nobody labelled, so wrong or malicious labels make the network worse there, and the gate keeps
it back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from skywright.errors import InputError
from skywright.foundry.recipe import load_recipe
from skywright.foundry.registry import Registry
from skywright.foundry.run import Run
from skywright.foundry.training import Outcome, train
from skywright.neo import pha_network_training
from skywright.neo.feedback import labels_for_training
from skywright.neo.pha_network import CLASSES
from skywright.neo.pha_network_training import CATALOGUE, Lesson, catalogue, lesson_of
from skywright.store.database import Database

_RECIPE = "neo-pha-network"
_WEIGHT_PER_PERSON = 2.0
_MOST_WEIGHT = 10.0
_CLASS_OF = {"atira": "IEO", "aten": "ATE", "apollo": "APO", "amor": "AMO"}


@dataclass(frozen=True, slots=True)
class TaughtByPeople:
    """The kind of the hazard network, with people's labels over those of the catalogue."""

    hazard: pl.DataFrame
    """``designation``, ``label`` (pha, not_pha), ``people``."""
    classes: pl.DataFrame
    """``designation``, ``label`` (atira, aten, apollo, amor), ``people``."""

    def fit(self, run: Run) -> dict[str, Any]:
        """Train as the network does, on the changed labels."""
        table = catalogue(run.data / CATALOGUE)
        taught, changed = self.taught(table)
        metrics = pha_network_training.fit_taught(run, table, taught)
        return metrics | {"labelled_objects": changed}

    def load(self, folder: Path) -> Callable[..., Any]:
        """Return the predictor of the network."""
        return pha_network_training.load(folder)

    def taught(self, table: pl.DataFrame) -> tuple[Lesson, int]:
        """Return the lesson with people's labels, and how many objects they labelled."""
        lesson = lesson_of(table)
        rows = {name: k for k, name in enumerate(table["designation"].to_list())}
        touched = set()
        for row in self.hazard.iter_rows(named=True):
            if (k := rows.get(row["designation"])) is not None:
                lesson.pha[k] = float(row["label"] == "pha")
                _weigh(lesson, k, row["people"])
                touched.add(k)
        for row in self.classes.iter_rows(named=True):
            if (k := rows.get(row["designation"])) is not None:
                lesson.orbit_class[k] = CLASSES.index(_CLASS_OF[row["label"]])
                _weigh(lesson, k, row["people"])
                touched.add(k)
        return lesson, len(touched)


def retrain_with_labels(data: Path, registry: Registry, database: Database) -> Outcome:
    """Train the hazard network again with the labels on record.

    Parameters
    ----------
    data : pathlib.Path
        Folder of the training data.
    registry : Registry
        Where the model goes.
    database : Database
        Where the labels are.

    Returns
    -------
    Outcome

    Raises
    ------
    InputError
        If nobody labelled anything.
    GateError
        If the network is worse than the one in use; it is stored and not used.
    """
    kind = TaughtByPeople(
        labels_for_training(database, "pha"), labels_for_training(database, "orbit_class")
    )
    if kind.hazard.is_empty() and kind.classes.is_empty():
        message = (
            "There are no labels to learn from; people give them with POST /api/classifications."
        )
        raise InputError(message)
    return train(load_recipe(_RECIPE), data, registry, kind=kind)


def _weigh(lesson: Lesson, k: int, people: int) -> None:
    lesson.weight[k] = np.float32(min(_MOST_WEIGHT, 1.0 + _WEIGHT_PER_PERSON * people))
