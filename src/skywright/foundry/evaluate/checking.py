"""What can be known to be wrong with ``[evaluate]`` before hours of training."""

from __future__ import annotations

from skywright.errors import InputError
from skywright.foundry.evaluate.answers import TASKS
from skywright.foundry.evaluate.baselines import is_trivial, trivial_names
from skywright.foundry.evaluate.metrics import metric_names
from skywright.foundry.gate import parse_gate
from skywright.foundry.recipe import Recipe


def check_evaluate(recipe: Recipe) -> None:
    """Refuse a recipe whose gate, metrics or baselines cannot be used by any task.

    Kinds that judge themselves have metrics of their own; so metrics are looked at only where the
    foundry judges, which is where the recipe names a target.

    Raises
    ------
    InputError
        Names the condition, metric or baseline, and what is allowed.
    """
    parse_gate(recipe.evaluate.gate)
    if not recipe.target:
        return
    named = set(recipe.evaluate.metrics)
    if named and not any(named <= set(metric_names(task)) for task in TASKS):
        known = "; ".join(f"{task}: {', '.join(metric_names(task))}" for task in TASKS)
        message = f"evaluate.metrics = {list(recipe.evaluate.metrics)} are those of no one task."
        raise InputError(message, hint=f"Metrics are {known}.")
    for name in recipe.evaluate.baseline:
        if "@" not in name and not is_trivial(name):
            known = ", ".join(dict.fromkeys(one for task in TASKS for one in trivial_names(task)))
            message = f"evaluate.baseline names {name!r}; trivial baselines are {known}."
            raise InputError(message, hint="A model in use is written NAME@champion.")
