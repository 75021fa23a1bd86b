"""Strategy beside the exact optimum: ``python bench/ssa_strategy.py --data FOLDER``.

Prints one JSON object: by lead the share solved (target met, all constraints kept, at most 1.10 of
the exact list) and the fuel ratio of the network's plans, of the optimiser and of an in-track burn
with the right sign; how constraints were kept in randomly limited cases, some of several
conjunctions at once; the game of waiting on events held out; and times. The network has learned
from these conjunctions; its figures on groups that it never saw are those of its card.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from skywright.foundry.registry import in_use
from skywright.ssa.conjunction.foster import pc_2d
from skywright.ssa.strategy import timing
from skywright.ssa.strategy.checks import after_burn
from skywright.ssa.strategy.constraints import Constraints
from skywright.ssa.strategy.encounters import Encounters, planes, read_encounters, responses
from skywright.ssa.strategy.impulse import axis_impulses, least_impulses
from skywright.ssa.strategy.propose import propose
from skywright.ssa.strategy.training import cross_fitted, game

LEADS = (0.5, 1.5, 2.5)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data/ssa"))
    folder = parser.parse_args().data / "conjunctions"
    some = read_encounters(folder / "kelvins_conjunction_states.parquet")
    truth = pl.read_parquet(folder / "cam_minimum_dv.parquet")
    series = timing.series_of(pl.read_parquet(folder / "cara_pc_history.parquet"))
    card = json.loads((in_use("ssa-strategy") / "card.json").read_text(encoding="utf-8"))
    told = {
        "conjunctions": len(some),
        "network": compared(propose(some), truth),
        "optimiser": compared(propose(some, network=False), truth),
        "in_track_right_sign": along_track(some, truth),
        "network_on_groups_held_out": {
            key: card["metrics"][key]
            for key in ("rows_held", "solved", "rule_solved", "ratio_median", "ratio_p95")
        },
        "constraints": limited(some),
        "game": game(cross_fitted(series), series),
        "times": times(some),
    }
    print(json.dumps(told, indent=1))


def compared(answers: list[dict[str, Any]], truth: pl.DataFrame) -> dict[str, Any]:
    """Return share solved and fuel ratios by lead."""
    told: dict[str, Any] = {}
    for lead in LEADS:
        plans = [
            next(p for p in row["by_lead"] if p["lead_revolutions"] == lead) for row in answers
        ]
        ratio = np.array([p["dv_m_s"] for p in plans]) / truth[f"min_dv_m_s_{lead}rev"].to_numpy()
        good = np.array([p["feasible"] for p in plans])
        told[f"{lead}rev"] = ratios(ratio, good) | {
            "by_network": float(np.mean([p["source"] == "network" for p in plans])),
            "share_below_half_of_the_list": float((ratio < 0.5).mean()),
        }
    return told


def ratios(ratio: np.ndarray, good: np.ndarray) -> dict[str, float]:
    """Return share solved, median and 95th percentile."""
    return {
        "solved": float((good & (ratio <= 1.1)).mean()),
        "ratio_median": float(np.median(ratio)),
        "ratio_p95": float(np.quantile(ratio, 0.95)),
        "ratio_max": float(ratio.max()),
    }


def along_track(some: Encounters, truth: pl.DataFrame) -> dict[str, Any]:
    """Return the rule: the cheaper in-track burn, unchecked."""
    at = planes(some)
    told: dict[str, Any] = {}
    for lead in LEADS:
        before = lead * some.period_s
        push = responses(some, at, before)[:, :, 1:2]
        sizes = axis_impulses(at.miss_km, at.covariance_km2, some.hbr_km, push, 0.99e-6)
        side = np.nanargmin(sizes, axis=1)
        dv = np.zeros((len(some), 3))
        dv[:, 1] = sizes[np.arange(len(some)), side] * np.where(side == 0, 1.0, -1.0)
        pc, _ = after_burn(some, before, dv)
        ratio = np.abs(dv[:, 1]) * 1e3 / truth[f"min_dv_m_s_{lead}rev"].to_numpy()
        told[f"{lead}rev"] = ratios(ratio, pc <= 1e-6)
    return told


def limited(some: Encounters, cases: int = 200) -> dict[str, Any]:
    """Count broken limits among plans told feasible, checked again apart from the planner."""
    random = np.random.default_rng(1)
    broken = plans = solved = 0
    for _ in range(cases):
        one = some.rows([int(random.integers(len(some)))])
        period_h = float(one.period_s[0]) / 3600.0
        start = float(random.uniform(0.2, 3.0)) * period_h
        limits = Constraints(
            max_dv_m_s=float(10 ** random.uniform(-2.0, 0.0)),
            min_impulse_m_s=float(10 ** random.uniform(-4.0, -2.0)),
            blackouts_h=((start, 0.6 * start),),
            time_to_tca_s=float(random.uniform(1.0, 4.0)) * period_h * 3600.0,
            command_lead_s=1800.0,
            station_box_km=float(10 ** random.uniform(-0.5, 1.5)),
        )
        [answer] = propose(one, limits)
        solved += answer["solved"]
        for plan in answer["plans"]:
            plans += 1
            broken += not kept(one, plan, limits)
    return {
        "cases": cases,
        "solved": solved / cases,
        "plans": plans,
        "satisfied": 1.0 - broken / max(plans, 1),
    }


def kept(one: Encounters, plan: dict[str, Any], limits: Constraints) -> bool:
    """Return whether a plan keeps every limit."""
    dv, before = np.array([plan["dv_rtn_m_s"]]) * 1e-3, plan["before_tca_s"]
    pc, _ = after_burn(one, np.array([before]), dv)
    size, hours = plan["dv_m_s"], before / 3600.0
    drift = 3.0 * abs(dv[0, 1]) * (before + float(one.period_s[0]))
    return bool(
        pc[0] <= limits.target_pc * 1.000001
        and limits.min_impulse_m_s * 0.999999 <= size <= limits.max_dv_m_s * 1.000001
        and all(not last <= hours <= first for first, last in limits.blackouts_h)
        and limits.time_to_tca_s - before >= limits.command_lead_s
        and drift <= limits.station_box_km * 1.000001
    )


def times(some: Encounters) -> dict[str, float]:
    """Return milliseconds of one conjunction, warm, seconds of a thousand, of one optimum."""
    one, many = some.rows([0]), some.rows(range(min(1000, len(some))))
    single = [timed(lambda: propose(one)) for _ in range(30)]
    at = planes(many)
    push = responses(many, at, 0.5 * many.period_s)
    plane = (at.miss_km, at.covariance_km2, many.hbr_km, push)
    pc_2d(*plane[:3])
    return {
        "single_ms_median": float(np.median(single) * 1e3),
        "single_ms_p95": float(np.quantile(single, 0.95) * 1e3),
        "thousand_s": float(np.median([timed(lambda: propose(many)) for _ in range(3)])),
        "optimum_ms": float(timed(lambda: least_impulses(*plane, 1e-6)) / len(many) * 1e3),
    }


def timed(job: Any) -> float:
    """Return seconds."""
    started = time.perf_counter()
    job()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
