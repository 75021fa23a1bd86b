"""A model judged again, on rows that came later."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import polars as pl

from skywright.errors import InputError, NotFoundError
from skywright.foundry.data.cleaning import clean
from skywright.foundry.data.preparing import split_for
from skywright.foundry.data.splits import Split
from skywright.foundry.evaluate.evaluation import evaluate
from skywright.foundry.jobs.workplace import Workplace
from skywright.foundry.kind import kind_named
from skywright.foundry.recipe import Recipe, recipe_of
from skywright.foundry.run import Run


def judge_again(place: Workplace, model: str, data: str) -> dict[str, Any]:
    """Return the report of a registered model on other rows.

    Parameters
    ----------
    place : Workplace
        Where models and datasets are.
    model : str
        ``name`` for the one in use, or ``name@version``.
    data : str
        A dataset, or the path of a file, with the columns that the model takes and its target.

    Returns
    -------
    dict
        As `evaluate.evaluation.evaluate` makes it, with ``model``, ``dataset_id`` and
        ``rows_it_learned_from``. The trivial baseline learns from the rows that the model learned
        from, where they are on record.

    Raises
    ------
    NotFoundError
        If there is no such model.
    InputError
        If the model judges itself, or the rows lack a column.
    """
    name, _, version = model.partition("@")
    facts = place.registry.facts(name, version or None)
    if facts is None:
        message = f"There is no model {model[:100]!r}."
        raise NotFoundError(message, hint="skywright models ls lists what there is.")
    recipe = recipe_of(dict(facts.get("recipe") or {"name": name, "kind": name}), name)
    if not recipe.target:
        message = f"Model {name} judges itself as it is trained; it names no target to judge by."
        raise InputError(message)
    folder = place.registry.folder(name, version) if version else place.registry.champion(name)
    path = Path(data).expanduser()
    record = place.datasets.register_file(path.stem, path) if path.is_file() else None
    record = record or place.datasets.find(data)
    rows, _ = clean(place.datasets.read(record), recipe)
    taught = _taught(place, recipe, facts)
    split = Split(rows if taught is None else taught.train, rows.clear(), rows)
    with tempfile.TemporaryDirectory() as scratch:
        log = Path(scratch) / "log.jsonl"
        log.touch()
        run = Run(recipe, folder, folder, int(facts.get("seed", recipe.seed)), log, split=split)
        report, _ = evaluate(kind_named(recipe.kind), run)
    seen = 0 if taught is None else _seen(rows, taught.train)
    told = {"model": f"{name}@{folder.name}", "dataset_id": record.id}
    return told | {"rows_it_learned_from": seen} | report


def _seen(rows: pl.DataFrame, taught: pl.DataFrame) -> int:
    """Count rows that the model learned from: on those it looks better than it is."""
    names = [
        name
        for name, kind in rows.schema.items()
        if taught.schema.get(name) == kind and not kind.is_nested()
    ]
    return (
        rows.select(names)
        .join(taught.select(names).unique(), on=names, how="semi", nulls_equal=True)
        .height
    )


def _taught(place: Workplace, recipe: Recipe, facts: dict[str, Any]) -> Split | None:
    """Return the rows that the model learned from, if they are still on record."""
    dataset = (facts.get("data") or {}).get("dataset_id")
    if not dataset:
        return None
    try:
        frame = place.datasets.read(place.datasets.find(dataset))
    except NotFoundError:
        return None
    split, _ = split_for(recipe, frame, int(facts.get("seed", recipe.seed)))
    return split
