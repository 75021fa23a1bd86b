"""A search from a recipe and its data to a trained model.

Trials never see the rows that will judge the final model. The data are divided once, as the recipe
says; the trials learn from and are judged on what is left when those rows are put aside.
"""

from __future__ import annotations

import polars as pl

from skywright.foundry.crew import Crew
from skywright.foundry.data.datasets import Datasets
from skywright.foundry.data.preparing import split_for
from skywright.foundry.jobs.workplace import Workplace
from skywright.foundry.recipe import Recipe
from skywright.foundry.training import pinned
from skywright.foundry.tune import Found, Search, search


def tuned(
    place: Workplace,
    recipe: Recipe,
    data: str = "",
    *,
    trials: int | None = None,
    detach: bool = False,
) -> Found:
    """Search for better parameters of a recipe and train the model with the best.

    Parameters
    ----------
    place : Workplace
        Where jobs are kept and done.
    recipe : Recipe
        With a table ``[tune]``.
    data : str
        Dataset, file or folder, instead of the recipe's.
    trials : int, optional
        Trials in all, instead of the recipe's.
    detach : bool
        Leave the jobs to workers elsewhere; else they are done here.

    Raises
    ------
    InputError, NotFoundError, MissingExtraError
        If the recipe, its data or Optuna are not as needed; nothing is on record then.
    """
    Search(recipe).refuse_nothing_to_search()
    whole = pinned(place, recipe, data or recipe.data)
    part = set_aside(place.datasets, recipe, whole) if whole and not recipe.reads_files else whole
    wanted = Search(recipe, part, whole, trials=trials)
    folder = place.runs.parent / "searches"
    if detach:
        return search(place.queue, folder, wanted)
    with Crew(place) as crew:
        return search(place.queue, folder, wanted, runner=crew.take)


def set_aside(datasets: Datasets, recipe: Recipe, data: str, seed: int | None = None) -> str:
    """Keep a dataset of the rows that will not judge the final model, and return its id.

    Parameters
    ----------
    datasets : Datasets
        Where both are.
    recipe : Recipe
        Says how rows are divided; k-fold evaluation sets aside as ``stratified`` does.
    data : str
        The whole dataset.
    seed : int, optional
        Seed of the final job, instead of the recipe's.

    Raises
    ------
    NotFoundError
        If there is no such dataset.
    InputError
        If the rows do not fit the recipe.
    """
    record = datasets.find(data)
    chosen = recipe.seed if seed is None else seed
    split, _ = split_for(recipe, datasets.read(record), chosen)
    kept = pl.concat([split.train, split.valid])
    facts = {"of": record.id, "set_aside": split.test.height, "seed": chosen}
    name = f"{record.name}.search"
    return datasets.register_table(
        name, kept, source="search", licence=record.licence, facts=facts
    ).id
