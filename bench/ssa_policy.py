"""Keeping clear of co-orbital neighbours: rules and optimiser against the exact limit.

    python bench/ssa_policy.py [--seeds 10] [--episodes 1000]

Prints one JSON object: per case and policy the share of episodes without a breach of 1 km, the
fuel, and, for one passive neighbour, its ratio to the lower bound of the linear programme; 95 %
intervals by bootstrap over the seeds.
"""

import argparse
import json
import time

import numpy as np

from skywright.ssa.clohessy_wiltshire import state_transition
from skywright.ssa.coorbit.drawing import CASES, STEP_S
from skywright.ssa.coorbit.limit import lower_bound
from skywright.ssa.coorbit.planner import ALONG_TRACK, CUT_OFF, OPTIMISER, Planner, nothing
from skywright.ssa.coorbit.worlds import Setting, Worlds

POLICIES = {"nothing": None, "cut_off": CUT_OFF, "along_track": ALONG_TRACK, "lp_mpc": OPTIMISER}


def bounds(worlds):
    """Return the lower bound of each world, at the time at which its neighbour comes closest."""
    times = np.arange(0, worlds.setting.hours * 3600, 60.0)
    told = np.zeros(worlds.count)
    for k in range(worlds.count):
        phi = state_transition(worlds.n[k], times)[:, :3]
        at = times[np.linalg.norm(phi @ worlds.near[k, 0], axis=1).argmin()]
        burns = np.flatnonzero(~worlds.blackout[k]) * STEP_S
        told[k] = lower_bound(worlds.near[k, 0], worlds.n[k], at, burns)
    return told


def played(case, rule, seed, episodes):
    worlds = Worlds(episodes, Setting(case), seed)
    limit = bounds(worlds) if case in {"passive", "circumnavigating"} and rule else None
    act = Planner(worlds, rule).act if rule else nothing(worlds)
    hard = np.zeros(episodes, bool)
    for _ in range(worlds.setting.steps):
        hard |= worlds.step(act()).ended
    spent = worlds.budget_m_s - worlds.fuel_m_s
    success = (worlds.least_km >= 1.0) & ~hard
    told = {
        "success": success.mean(),
        "breaches": (worlds.least_km < 1.0).mean(),
        "hard_breaches": hard.mean(),
        "fuel_m_s": spent.mean(),
    }
    if limit is not None:
        some = success & (limit > 1e-3)
        told["fuel_ratio_median"] = np.median(spent[some] / limit[some])
        told["fuel_ratio_of_sums"] = spent[some].sum() / limit[some].sum()
    return told


def interval(values):
    random = np.random.default_rng(1)
    means = random.choice(values, (2000, len(values))).mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return {
        "mean": round(float(np.mean(values)), 4),
        "low": round(float(low), 4),
        "high": round(float(high), 4),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--episodes", type=int, default=1000)
    given = parser.parse_args()
    begun = time.monotonic()
    told = {"seeds": given.seeds, "episodes": given.episodes, "cases": {}}
    for case in CASES:
        told["cases"][case] = {}
        for name, rule in POLICIES.items():
            runs = [played(case, rule, 9000 + seed, given.episodes) for seed in range(given.seeds)]
            told["cases"][case][name] = {
                key: interval([run[key] for run in runs]) for key in runs[0]
            }
    told["learned"] = "none: no PPO or SAC policy has been trained and measured"
    told["default"] = "lp_mpc"
    told["wall_s"] = round(time.monotonic() - begun, 1)
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
