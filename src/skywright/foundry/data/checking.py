"""A look at a dataset before anybody learns from it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import polars as pl

from skywright.foundry.data.datasets import DatasetRecord, Datasets
from skywright.foundry.data.leakage import joined
from skywright.foundry.data.licences import judge
from skywright.foundry.data.near_duplicates import firsts
from skywright.foundry.data.pii import pass_over
from skywright.foundry.data.preparing import holds_texts, split_for, wordy
from skywright.foundry.data.row_keys import row_keys
from skywright.foundry.recipe import Recipe

NEAR = 0.8
"""Least similarity at which texts count as near duplicates [-]."""


def check(
    datasets: Datasets, record: DatasetRecord, recipe: Recipe | None = None
) -> dict[str, Any]:
    """Return what there is to know of a dataset before training.

    Parameters
    ----------
    datasets : Datasets
        Where it is kept.
    record : DatasetRecord
        The dataset.
    recipe : Recipe, optional
        If given, the rows are prepared as it says, and what that does is told too.

    Returns
    -------
    dict
        ``faults`` of the files, ``licence``, and of tables ``pii`` by column and kind,
        ``duplicates``, ``near_duplicates``, and ``preparation`` if there is a recipe.

    Raises
    ------
    InputError
        If the recipe cannot learn from the rows.
    """
    told: dict[str, Any] = {
        "dataset": record.named,
        "id": record.id,
        "faults": [*datasets.faults(record)],
        "licence": asdict(judge(record.licence)),
    }
    if told["faults"] or not record.tabular:
        return told
    frame = datasets.read(record)
    told |= _content(frame)
    if recipe is not None:
        told["preparation"] = split_for(recipe, frame, recipe.seed)[1]
    return told


def _content(frame: pl.DataFrame) -> dict[str, Any]:
    texts = [name for name in frame.columns if holds_texts(frame.schema[name])]
    long = [name for name in texts if frame.schema[name].is_nested() or wordy(frame[name])]
    return {
        "pii": pass_over(frame, texts, "keep")[1]["found"],
        "duplicates": frame.height - len(np.unique(row_keys(frame))),
        "near_duplicates": firsts(joined(frame, long), NEAR)[1] if long else None,
    }
