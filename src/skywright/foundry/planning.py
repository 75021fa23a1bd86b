"""What a plan may ask of this machine: the size of a table, and the time of a few updates."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from skywright.errors import NotFoundError
from skywright.foundry.kinds.llm_params import Teaching
from skywright.foundry.language_size import config_of
from skywright.foundry.plan import Plan, Table
from skywright.foundry.recipe import Recipe


def table_of(data: str) -> Table | None:
    """Return the size of a file, or of a dataset that is on record; None if there is neither.

    Raises
    ------
    InputError
        If the file is no table.
    """
    if not data:
        return None
    if Path(data).is_file():
        from skywright.foundry.data.reading import read_table

        return Table(*read_table(Path(data)).shape)
    from skywright.foundry.jobs.workplace import Workplace

    datasets = Workplace.of().datasets
    try:
        record = datasets.find(data)
    except NotFoundError:
        return None
    return Table(int(record.manifest["rows"]), len(datasets.columns(record)))


def timed(recipe: Recipe, plan: Plan) -> Plan:
    """Return a plan with the time that a probe foretells, or with the reason why there is none."""
    from skywright.foundry.kinds.llm_probe import MOST_PROBED, update_seconds

    config = config_of(str(recipe.base_model)) if recipe.kind == "llm" else None
    small = plan.parameters is not None and plan.parameters <= MOST_PROBED
    if config is None or not small or plan.updates is None:
        told = "No time is told: that takes a language model that is here and small, and its rows."
        return replace(plan, warnings=[*plan.warnings, told])
    seconds = plan.updates * update_seconds(config, Teaching.of(recipe))
    return replace(plan, seconds=round(seconds, 1))
