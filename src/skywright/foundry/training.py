"""From a recipe to a model in use, or to one that is kept back."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from skywright import __version__
from skywright.errors import GateError
from skywright.foundry.gate import Verdict, judge
from skywright.foundry.kind import Kind, kind_named
from skywright.foundry.recipe import Recipe
from skywright.foundry.registry import Registry, hash_of
from skywright.foundry.run import Run


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run."""

    name: str
    """Name of the model."""
    version: str
    """Version in the registry."""
    metrics: dict[str, Any]
    """What was measured."""
    verdict: Verdict
    """Whether it went into use, and why."""


def train(
    recipe: Recipe,
    data: Path,
    registry: Registry,
    *,
    seed: int | None = None,
    kind: Kind | None = None,
) -> Outcome:
    """Fit a recipe, store the model, and put it into use if it passes the gate.

    Parameters
    ----------
    recipe : Recipe
        What to train.
    data : pathlib.Path
        Folder of the data.
    registry : Registry
        Where the model goes.
    seed : int, optional
        Instead of the recipe's.
    kind : Kind, optional
        Instead of the recipe's, for callers that add data of their own.

    Returns
    -------
    Outcome

    Raises
    ------
    GateError
        If the model is worse than the one in use; it is stored all the same, but not in use.
    InputError
        If data is missing.
    """
    registry.root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=registry.root, prefix=".run-") as scratch:
        run = _prepared(recipe, data, Path(scratch), recipe.seed if seed is None else seed)
        metrics = dict((kind or kind_named(recipe.kind)).fit(run) or {})
        verdict = judge(recipe, metrics, _metrics_in_use(registry, recipe.name))
        version = registry.add(recipe.name, run.out, _facts(run, metrics, verdict))
    if not verdict.passed:
        message = f"Model {recipe.name} {version} is kept back: {verdict.reason}"
        raise GateError(message, hint="It is stored and can be promoted by hand.")
    registry.promote(recipe.name, version)
    return Outcome(recipe.name, version, metrics, verdict)


def _prepared(recipe: Recipe, data: Path, scratch: Path, seed: int) -> Run:
    out = scratch / "model"
    out.mkdir()
    run = Run(recipe=recipe, data=data, out=out, seed=seed, log_path=scratch / "log.jsonl")
    run.refuse_missing_data()
    return run


def _metrics_in_use(registry: Registry, name: str) -> Mapping[str, Any] | None:
    facts = registry.facts(name)
    return None if facts is None else facts.get("metrics")


def _facts(run: Run, metrics: dict[str, Any], verdict: Verdict) -> dict[str, Any]:
    return {
        "recipe": run.recipe.model_dump(),
        "seed": run.seed,
        "metrics": metrics,
        "data": {name: hash_of(run.data / name) for name in run.recipe.needs},
        "code_version": __version__,
        "made_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "passed_gate": verdict.passed,
        "reason": verdict.reason,
    }
