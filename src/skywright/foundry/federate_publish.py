"""From a federation to the registry: the common model is judged like any other."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from skywright import __version__
from skywright.errors import InputError
from skywright.foundry.data.preparing import split_for
from skywright.foundry.data.splits import Split
from skywright.foundry.evaluate.card import write_card
from skywright.foundry.evaluate.evaluation import Champion, evaluate
from skywright.foundry.federate import Plan, copy_model, federated, federated_kind
from skywright.foundry.gate import judge_report
from skywright.foundry.jobs.workplace import Workplace
from skywright.foundry.kind import Kind, kind_named
from skywright.foundry.onnx_model import MODEL, agreement
from skywright.foundry.recipe import Recipe, recipe_of
from skywright.foundry.registry import CHALLENGER, CHAMPION
from skywright.foundry.run import Run

FEDERATION = "federation"
"""Who promotes models of federations."""


def run_here(
    place: Workplace, recipe: Recipe, datasets: list[str], plan: Plan, start: Path | None = None
) -> dict[str, Any]:
    """Run a federation of datasets in this process, judge the common model and keep it.

    Each dataset is one client and is divided as the recipe says; the rows that judge are the test
    rows of all of them.

    Returns
    -------
    dict
        ``rounds`` (see `federate.federated`) and what `published` tells.

    Raises
    ------
    InputError, NotFoundError
        If a dataset is missing or named twice, or the kind cannot be federated.
    """
    kind = federated_kind(recipe.kind)
    clients = {name: rows_of(place, recipe, name) for name in datasets}
    if len(clients) != len(datasets):
        message = f"A dataset is named twice among {', '.join(datasets)}; each is one client."
        raise InputError(message)
    folder = place.runs / f"federation-{recipe.name}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
    try:
        rounds = federated(recipe, clients, folder, plan, kind=kind, start=start)
        whole = Split(
            *(
                pl.concat([getattr(split, part) for split in clients.values()])
                for part in ("train", "valid", "test")
            )
        )
        told = published(place, recipe, folder / "model", whole, {"clients": datasets})
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return {"rounds": rounds, **told}


def rows_of(place: Workplace, recipe: Recipe, data: str) -> Split:
    """Return the rows of a dataset or file, divided as the recipe says."""
    path = Path(data).expanduser()
    record = (
        place.datasets.register_file(path.stem, path)
        if path.is_file()
        else place.datasets.find(data)
    )
    split, _ = split_for(recipe, place.datasets.read(record), recipe.seed)
    return split


def published(
    place: Workplace, recipe: Recipe, common: Path, rows: Split, told: dict[str, Any]
) -> dict[str, Any]:
    """Judge a common model, keep it in the registry, put it into use if it passes the gate.

    Parameters
    ----------
    place : Workplace
        Its registry.
    recipe : Recipe
        Says how it is judged.
    common : pathlib.Path
        The model.
    rows : Split
        ``test`` judges; ``train`` teaches the trivial baseline.
    told : dict
        What else is known of the federation, for the manifest.

    Returns
    -------
    dict
        ``version``, ``metrics``, ``baseline``, ``gate`` (``passed`` or ``kept back``), ``reason``,
        ``alias``.
    """
    kind = kind_named(recipe.kind)
    with TemporaryDirectory(prefix="skywright-federation-") as scratch:
        run = Run(
            recipe=recipe,
            data=Path(scratch),
            out=Path(scratch) / "model",
            seed=recipe.seed,
            log_path=Path(scratch) / "log.jsonl",
            split=rows,
        )
        copy_model(common, run.out)
        report, _ = evaluate(kind, run, champion=_champion(place, recipe))
        report["onnx"] = _agreement(kind, run)
        facts = _facts(recipe, report, told)
        write_card(run.out, facts)
        version = place.registry.add(recipe.name, run.out, facts)
    verdict = facts["gate"]
    alias = _alias(place, recipe, verdict)
    if alias is not None:
        place.registry.promote(recipe.name, version, alias, by=FEDERATION)
    kept = {key: facts[key] for key in ("metrics", "baseline")}
    return {
        "version": version,
        **kept,
        "gate": verdict["state"],
        "reason": verdict["reason"],
        "alias": alias,
    }


def _champion(place: Workplace, recipe: Recipe) -> Champion | None:
    facts = place.registry.facts(recipe.name) or {}
    if not facts.get("recipe"):
        return None
    own = recipe_of(dict(facts["recipe"]), recipe.name)
    predict = kind_named(own.kind).load(place.registry.champion(recipe.name))
    version = str(facts.get("version", "shipped"))
    return Champion(recipe.name, version, predict, own, seed=facts.get("seed"))


def _agreement(kind: Kind, run: Run) -> dict[str, Any] | None:
    if not (run.out / MODEL).is_file():
        return None
    return agreement(run.out, kind.load(run.out), run.rows().test.to_dicts())


def _alias(place: Workplace, recipe: Recipe, verdict: dict[str, Any]) -> str | None:
    if verdict["state"] != "passed" or verdict["needs_person"]:
        return None
    trial = recipe.deploy.canary or recipe.deploy.shadow
    return CHALLENGER if trial and place.registry.version(recipe.name) is not None else CHAMPION


def _facts(recipe: Recipe, report: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    verdict = judge_report(recipe, report)
    return {
        "name": recipe.name,
        "kind": recipe.kind,
        "title": recipe.title,
        "specialization": recipe.specialization,
        "recipe": recipe.model_dump(mode="json", exclude_unset=True),
        "seed": recipe.seed,
        "metrics": report["metrics"],
        "baseline": report.get("baseline"),
        "report": {k: v for k, v in report.items() if k not in {"metrics", "baseline"}},
        "gate": {
            "state": "passed" if verdict.passed else "kept back",
            "reason": verdict.reason,
            "conditions": verdict.conditions,
            "needs_person": verdict.needs_person,
        },
        "data": {},
        "federation": told,
        "licences": [recipe.licence] if recipe.licence else [],
        "made_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "code_version": __version__,
    }
