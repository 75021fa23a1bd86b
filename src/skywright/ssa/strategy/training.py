"""Training the StrategyGenerator: acts cloned from the exhaustive planner, and when to act."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.errors import MissingExtraError
from skywright.foundry.kind import SIGNATURE, Predict, Rows
from skywright.foundry.run import Run
from skywright.ssa.conjunction.foster import pc_2d
from skywright.ssa.strategy import timing
from skywright.ssa.strategy.encounters import Encounters, from_table, planes, responses
from skywright.ssa.strategy.generator import ACTS, FEATURES, PLAN, TIMING, Generator, features
from skywright.ssa.strategy.impulse import axis_impulses, least_impulses

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

STATES = "conjunctions/kelvins_conjunction_states.parquet"
HISTORY = "conjunctions/cara_pc_history.parquet"

TERMS = (
    "Conjunction states derived from data of ESA's collision avoidance challenge; series of "
    "probabilities from NASA CARA Analysis Tools (NASA Open Source Agreement). The model holds no "
    "row of either."
)

CLOSE_ENOUGH = 1.05
"""A burn along one axis within this factor of the optimum is the label; else the tilted one."""

_TARGET = 1e-6
_FOLDS = 5


@dataclass(frozen=True, slots=True)
class Lessons:
    """States of the policy with what the planner does there."""

    x: F64
    acts: I64
    value: F64
    """(n, 2): log10 of the least impulse [m/s], log10 of the probability if nothing is done."""
    ratio: F64
    """(n, 7): cost of each act over the optimum; infinite where it does not do."""
    fold: I64

    def rows(self, chosen: npt.NDArray[np.bool_]) -> Lessons:
        """Return some of them."""
        k = chosen
        return Lessons(self.x[k], self.acts[k], self.value[k], self.ratio[k], self.fold[k])


def fit(run: Run) -> dict[str, Any]:
    """Judge on held-out groups and events, then train on all and write both graphs."""
    try:
        import torch
    except ImportError as error:
        message = "Training the strategy generator"
        raise MissingExtraError(message, "train") from error
    torch.set_num_threads(1)
    params = run.recipe.params
    epochs = int(params.get("epochs", 60))
    some = lessons(
        from_table(pl.read_parquet(run.data / STATES)), int(params.get("copies", 4)), run.seed
    )
    held = some.rows(some.fold == 0)
    judged = _learned(some.rows(some.fold != 0), epochs, run.seed)
    metrics = _judged(judged, held)
    run.log(step=1, **metrics)
    _export(_learned(some, epochs, run.seed), run.out / PLAN, len(FEATURES))
    series = timing.series_of(pl.read_parquet(run.data / HISTORY))
    metrics |= game(cross_fitted(series), series)
    told = {"least_log10_pc": list(timing.searched(series).least_log10_pc)}
    (run.out / TIMING).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    _write_told(run, metrics, len(some.acts), len(series))
    return metrics | {
        "baseline": {"name": "in-track, right sign", "solved": metrics["rule_solved"]}
    }


def load(folder: Path) -> Predict:
    """Return the predictor: rows of features to the act proposed, and its value."""
    generator = Generator(folder)

    def predict(rows: Rows) -> list[dict[str, Any]]:
        x = np.array([[float(row[name]) for name in FEATURES] for row in rows])
        logits, value = generator.answers(x)
        return [
            {"label": ACTS[int(k)].value, "value": float(10.0 ** v[0])}
            for k, v in zip(logits.argmax(axis=1), value, strict=True)
        ]

    return predict


def lessons(some: Encounters, copies: int, seed: int) -> Lessons:
    """Return what the exhaustive planner does: real conjunctions, and varied copies of them."""
    random = np.random.default_rng(seed)
    parts = []
    fold = _folds(some)
    for copy in range(copies):
        at = planes(some)
        lead = random.choice([0.5, 1.5, 2.5], len(some))
        miss, covariance = at.miss_km, at.covariance_km2
        if copy:
            lead = random.uniform(0.3, 3.0, len(some))
            size = np.exp(random.normal(0.0, 0.5, len(some)))
            covariance = covariance * size[:, None, None]
            miss = miss * np.exp(random.normal(0.0, 0.3, (len(some), 1)))
        response = responses(some, at, lead * some.period_s)
        plane = (miss, covariance, some.hbr_km, response)
        pc = pc_2d(miss, covariance, some.hbr_km)
        keep = pc > 1.05 * _TARGET
        least = np.linalg.norm(least_impulses(*plane, _TARGET), axis=1)
        sizes = np.nan_to_num(axis_impulses(*plane, _TARGET), nan=np.inf)
        ratio = np.column_stack([sizes / least[:, None], np.ones(len(some))])
        best = ratio[:, :-1].argmin(axis=1)
        close = ratio[np.arange(len(some)), best] <= CLOSE_ENOUGH
        acts = np.where(close, best, len(ACTS) - 1)
        value = np.column_stack([np.log10(least * 1e3), np.log10(np.maximum(pc, 1e-12))])
        parts.append(Lessons(features(*plane), acts, value, ratio, fold).rows(keep))
    return Lessons(
        np.concatenate([p.x for p in parts]),
        np.concatenate([p.acts for p in parts]),
        np.concatenate([p.value for p in parts]),
        np.concatenate([p.ratio for p in parts]),
        np.concatenate([p.fold for p in parts]),
    )


def _folds(some: Encounters) -> I64:
    """Fold by group: messages of one encounter share own period, radius and relative speed."""
    speed = np.linalg.norm(some.relative[:, 3:], axis=1)
    keys = zip(some.period_s, some.hbr_km, speed, strict=True)
    told = [f"{p:.0f} {h:.4f} {s:.1f}" for p, h, s in keys]
    return np.array([_hash(one) % _FOLDS for one in told], dtype=np.int64)


def _hash(text: str) -> int:
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16)


def _module(x: F64, wide: int, outputs: int) -> Any:
    import torch
    from torch import nn

    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("centre", torch.tensor(x.mean(axis=0), dtype=torch.float32))
            spread = np.maximum(x.std(axis=0), 1e-3)
            self.register_buffer("spread", torch.tensor(spread, dtype=torch.float32))
            self.body = nn.Sequential(
                nn.Linear(x.shape[1], wide), nn.Tanh(), nn.Linear(wide, wide), nn.Tanh()
            )
            self.head = nn.Linear(wide, outputs)
            self.value = nn.Linear(wide, 2)

        def forward(self, given: Any) -> Any:
            body = self.body((given - self.centre) / self.spread)
            return self.head(body), self.value(body)

    return Scaled()


def _learned(some: Lessons, epochs: int, seed: int) -> Any:
    """Clone the planner: cross-entropy on its acts, squares on both values."""
    import torch
    from torch import nn

    torch.manual_seed(seed)
    module = _module(some.x, 64, len(ACTS))
    x, acts, value = (
        torch.tensor(some.x, dtype=torch.float32),
        torch.tensor(some.acts),
        torch.tensor(some.value, dtype=torch.float32),
    )
    optimiser = torch.optim.Adam(module.parameters(), lr=3e-3)
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(128):  # type: ignore[no-untyped-call]
            logits, told = module(x[rows])
            loss = nn.functional.cross_entropy(logits, acts[rows])
            loss = loss + 0.1 * nn.functional.mse_loss(told, value[rows])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    return module.eval()


def cross_fitted(some: Sequence[timing.Series]) -> list[int | None]:
    """Return the decisions on each event by a policy that never saw it."""
    folds = np.array([_hash(one.name) % _FOLDS for one in some])
    told: list[int | None] = [None] * len(some)
    for fold in range(_FOLDS):
        rest = [one for one, f in zip(some, folds, strict=True) if f != fold]
        policy = timing.searched(rest)
        for k in np.flatnonzero(folds == fold).tolist():
            told[k] = policy.decide(some[k])
    return told


def game(decided: Sequence[int | None], some: Sequence[timing.Series]) -> dict[str, Any]:
    """Return mean cost, burns and misses per event of the learned policy and of the rules."""
    rules: dict[str, Any] = {
        "never": timing.never,
        "first_flag": timing.at_first_flag,
        "cut_off_24h": timing.at_cut_off,
        "oracle": timing.oracle,
    }
    choices = {name: [rule(one) for one in some] for name, rule in rules.items()}
    told: dict[str, Any] = {"events": len(some)}
    random = np.random.default_rng(1)
    picks = random.integers(0, len(some), (1000, len(some)))
    costs = {}
    for name, acts in {"learned": list(decided), **choices}.items():
        costs[name] = np.array([timing.cost(o, a) for o, a in zip(some, acts, strict=True)])
        low, high = np.quantile(costs[name][picks].mean(axis=1), [0.025, 0.975])
        told[f"game_{name}"] = float(costs[name].mean())
        told[f"game_{name}_low"], told[f"game_{name}_high"] = float(low), float(high)
        told[f"game_{name}_burns"] = sum(a is not None for a in acts)
        told[f"game_{name}_misses"] = sum(
            o.final_above and a is None for o, a in zip(some, acts, strict=True)
        )
    less = (costs["cut_off_24h"] - costs["learned"])[picks].mean(axis=1)
    told["game_gain_on_cut_off_low"], told["game_gain_on_cut_off_high"] = (
        float(q) for q in np.quantile(less, [0.025, 0.975])
    )
    return told


def _judged(module: Any, held: Lessons) -> dict[str, Any]:
    """Return how a policy does on groups that it never saw, before physics caps it."""
    import torch

    with torch.no_grad():
        logits, value = module(torch.tensor(held.x, dtype=torch.float32))
    picks = logits.argmax(dim=1).numpy()
    ratio = held.ratio[np.arange(len(picks)), picks]
    along = held.ratio[:, 2:4].min(axis=1)
    return {
        "rows_held": len(picks),
        "solved": float((ratio <= 1.1).mean()),
        "rule_solved": float((along <= 1.1).mean()),
        "ratio_median": float(np.median(ratio)),
        "ratio_p95": float(np.quantile(ratio, 0.95)),
        "agrees_with_planner": float((picks == held.acts).mean()),
        "value_log10_fuel_mae": float(np.abs(value[:, 0].numpy() - held.value[:, 0]).mean()),
    }


def _export(module: Any, path: Path, width: int) -> None:
    import warnings

    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own future
        torch.onnx.export(
            module,
            (torch.zeros(2, width),),
            str(path),
            input_names=["x"],
            output_names=["acts", "value"],
            dynamic_axes={"x": {0: "n"}, "acts": {0: "n"}, "value": {0: "n"}},
            dynamo=False,
        )


def _write_told(run: Run, metrics: dict[str, Any], rows: int, events: int) -> None:
    signature = {
        "task": "multiclass",
        "target": "act",
        "classes": [one.value for one in ACTS],
        "inputs": [{"name": name, "type": "number"} for name in FEATURES],
    }
    (run.out / SIGNATURE).write_text(json.dumps(signature, indent=1) + "\n", encoding="utf-8")
    card = {
        "name": run.recipe.name,
        "title": run.recipe.title,
        "metrics": metrics,
        "lessons": rows,
        "events": events,
        "data": TERMS,
        "licence": "Apache-2.0",
        "command": f"skywright train {run.recipe.name} --data FOLDER",
    }
    (run.out / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
