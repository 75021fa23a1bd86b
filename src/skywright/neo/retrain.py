"""Teaching the hazard network with the labels that people gave.

What people say changes the training rows only: the judgement stays with JPL's labels of objects
that nobody labelled, so wrong or malicious labels make the network worse there, and the gate keeps
it back.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from skywright.errors import InputError
from skywright.foundry.jobs.workplace import Workplace
from skywright.foundry.recipe import Recipe, load_recipe
from skywright.foundry.training import Ask, Outcome, train
from skywright.neo.feedback import labels_for_training

_RECIPE = "neo-pha-network"
_QUESTIONS = ("pha", "orbit_class")


def retrain_with_labels(data: Path, place: Workplace, recipe: Recipe | None = None) -> Outcome:
    """Train the hazard network again with the labels on record, as a job like any other.

    Parameters
    ----------
    data : pathlib.Path
        Folder of the training data.
    place : Workplace
        Where labels, jobs and models are.
    recipe : Recipe, optional
        Instead of the one that ships.

    Returns
    -------
    Outcome
        The gate decides whether the network goes into use.

    Raises
    ------
    InputError
        If nobody labelled anything.
    """
    labels = pl.concat(
        labels_for_training(place.queue.database, question).with_columns(question=pl.lit(question))
        for question in _QUESTIONS
    )
    if labels.is_empty():
        message = (
            "There are no labels to learn from; people give them with POST /api/classifications."
        )
        raise InputError(message)
    record = place.datasets.register_table("neo-labels", labels, source="user")
    ask = Ask(
        recipe or load_recipe(_RECIPE),
        data=str(data),
        purpose="retrain",
        extra={"also": {"labels": record.id}},
    )
    return train(place, ask)
