"""An attempt, seen from inside: rows prepared, a kind fitted, its model judged and exported."""

from __future__ import annotations

import json
import math
import os
import platform
import resource
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from skywright.errors import InputError
from skywright.foundry.data.preparing import folds_for, split_for
from skywright.foundry.distributed import is_main_process, rank, refuse_unfit
from skywright.foundry.evaluate.evaluation import Champion, Context, evaluate
from skywright.foundry.evaluate.plots import write_plots
from skywright.foundry.kind import Kind, Predict, kind_named
from skywright.foundry.recipe import Recipe, recipe_of
from skywright.foundry.registry import hash_of
from skywright.foundry.run import Run

REPORT_FILE = "report.json"
Emit = Callable[[dict[str, Any]], None]

_OWN_PARTS = {"metric", "baseline", "others", "comparisons"}  # of a kind that judges itself


@dataclass(frozen=True, slots=True)
class _Made:
    """What an attempt has made so far."""

    run: Run
    kind: Kind
    preparation: dict[str, Any]


def make(spec: Mapping[str, Any], emit: Emit) -> dict[str, Any]:
    """Do what a specification says, below its folder.

    Parameters
    ----------
    spec : mapping
        As `jobs.orders` writes it.
    emit : callable
        Where progress goes.

    Returns
    -------
    dict
        Facts of the attempt: seconds, peak memory, hashes of the files it learned from. The report
        is in ``report.json`` of the folder, the model in ``model``.
    """
    began = time.monotonic()
    recipe = recipe_of(dict(spec["recipe"]), str(spec["name"]))
    folder = Path(spec["folder"])
    kind = kind_named(recipe.kind)
    refuse_unfit(recipe, kind)
    made = _begun(spec, recipe, kind, emit)
    own = kind.fit(made.run)
    if not is_main_process():
        return {}
    emit({"event": "progress", "stage": "judging"})
    report = _judged(spec, made, own)
    report["preparation"] = made.preparation
    report["onnx"] = _agreement(made, recipe)
    report["compression"] = _compressed(made, recipe, report)
    text = json.dumps(report, indent=1, default=str, allow_nan=False)
    (folder / REPORT_FILE).write_text(text, encoding="utf-8")
    return _facts(spec, recipe, time.monotonic() - began)


def _begun(spec: Mapping[str, Any], recipe: Recipe, kind: Kind, emit: Emit) -> _Made:
    folder = Path(spec["folder"])
    checkpoints = folder / "checkpoints"
    if not is_main_process():
        folder = folder / f"process-{rank()}"
    out = folder / "model"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    data = spec.get("data") or {}
    run = Run(
        recipe=recipe,
        data=Path(data.get("folder", ".")),
        out=out,
        seed=int(spec["seed"]),
        log_path=folder / "log.jsonl",
        checkpoints=checkpoints,
        start=Path(spec["start"]) if spec.get("start") else None,
        also={name: Path(one["path"]) for name, one in (spec.get("also") or {}).items()},
        emit=lambda line: emit({"event": "progress", **line}),
    )
    run.refuse_missing_data()
    if "table" not in data:
        return _Made(run, kind, {})
    frame = pl.concat([pl.read_parquet(path) for path in data["table"]])
    split, preparation = split_for(recipe, frame, run.seed)
    return _Made(replace(run, split=split), kind, preparation)


def _judged(spec: Mapping[str, Any], made: _Made, own: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the report: of the kind itself, or of the foundry on rows that nobody learned from."""
    champion = spec.get("champion")
    if own is not None:
        return dict(_finite(_own_report(made.run.recipe, own, champion)))
    folds = None
    if made.run.recipe.evaluate.split.startswith("kfold"):
        table = (spec.get("data") or {})["table"]
        frame = pl.concat([pl.read_parquet(path) for path in table])
        folds, _ = folds_for(made.run.recipe, frame, made.run.seed)
    rivals = {name: _champion(facts) for name, facts in (spec.get("rivals") or {}).items()}
    context = Context(
        dataset_id=(spec.get("data") or {}).get("dataset_id"),
        rivals={name: rival for name, rival in rivals.items() if rival is not None},
    )
    report, arrays = evaluate(
        made.kind, made.run, champion=_champion(champion), folds=folds, context=context
    )
    pictures = made.run.out / "report"
    pictures.mkdir(exist_ok=True)
    write_plots(report, arrays, pictures)
    return report


def _own_report(
    recipe: Recipe, own: Mapping[str, Any], champion: Mapping[str, Any] | None
) -> dict[str, Any]:
    return {
        "task": "own",
        "metric": recipe.judge or own.get("metric"),
        "metrics": {key: value for key, value in own.items() if key not in _OWN_PARTS},
        "baseline": own.get("baseline"),
        "others": own.get("others", {}),
        "comparisons": own.get("comparisons", {}),
        "champion": champion
        and {"version": champion["version"], "metrics": champion.get("metrics")},
    }


def _finite(value: Any) -> Any:
    """Turn numbers that JSON lacks into null, which no gate passes."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return value


def _champion(facts: Mapping[str, Any] | None) -> Champion | None:
    """Open the model in use, so that it is judged on the same rows."""
    if facts is None or not facts.get("recipe"):
        return None
    recipe = recipe_of(dict(facts["recipe"]), str(facts["name"]))
    predict: Predict = kind_named(recipe.kind).load(Path(facts["folder"]))
    return Champion(
        name=str(facts["name"]),
        version=str(facts["version"]),
        predict=predict,
        recipe=recipe,
        dataset_id=facts.get("dataset_id"),
        seed=facts.get("seed"),
    )


def _agreement(made: _Made, recipe: Recipe) -> dict[str, Any] | None:
    """Prove on the rows that judge that the exported model answers as the original does."""
    if made.run.split is None or not (made.run.out / "model.onnx").is_file():
        return None
    from skywright.foundry.onnx_model import agreement

    rows = made.run.split.test.to_dicts()
    return agreement(made.run.out, made.kind.load(made.run.out), rows)


def _compressed(made: _Made, recipe: Recipe, report: Mapping[str, Any]) -> dict[str, Any] | None:
    """Make the smaller copies that the recipe asks for, and measure what they lose."""
    if not (recipe.deploy.quantise or recipe.deploy.prune):
        return None
    from skywright.foundry.compress import prune, quantise

    if made.run.split is None:
        message = f"deploy.quantise and deploy.prune need data, which {recipe.name} does not name."
        raise InputError(message)
    rows, metric = made.run.split.test.to_dicts(), str(report["metric"])
    told: dict[str, Any] = {}
    if recipe.deploy.quantise:
        told["int8"] = quantise(made.run.out, rows, metric)
    if recipe.deploy.prune:
        told["pruned"] = prune(made.run.out, recipe.deploy.prune, rows, metric)
    return told


def _files(folder: Path, recipe: Recipe) -> dict[str, str]:
    there = (name for name in (*recipe.needs, *recipe.may_use) if (folder / name).is_file())
    return {name: hash_of(folder / name) for name in there}


def _facts(spec: Mapping[str, Any], recipe: Recipe, seconds: float) -> dict[str, Any]:
    data = spec.get("data") or {}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "seconds": round(seconds, 3),
        "hardware": f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores",
        "peak_memory_mb": round(peak / (1 << 20 if sys.platform == "darwin" else 1 << 10), 1),
        "data": {
            "dataset_id": data.get("dataset_id"),
            "licence": data.get("licence", ""),
            "also": {name: one["dataset_id"] for name, one in (spec.get("also") or {}).items()},
            "files": _files(Path(data["folder"]), recipe) if "folder" in data else {},
        },
    }
