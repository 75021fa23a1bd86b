"""Keeping clear of co-orbital neighbours: learned policies, rules and optimisers against limits.

    python bench/ssa_policy.py [--seeds 10] [--episodes 1000] [--limits 30] [--j2 100] [--jobs 2]

Prints one JSON object. Per case and policy: share of episodes without a breach of 1 km, breaches,
hard ends, fuel, sum of rewards; 95 % intervals by bootstrap over the seeds. Differences to the
blind linear programme are paired: all policies play the same worlds with the same tracking
errors. ``limits`` episodes of each seed give ratios of fuel to the limits: what the linear
programme costs that knows everything and keeps no margin, and a bound that no sequence of burns
goes below. ``j2`` episodes of each seed are played under gravity with J2 besides. No policy was
trained and no margin set on these seeds. But for reacting neighbours the linear programme over many
burns, which is slow, plays the first ``--slow-seeds`` alone, as do policies without the check or
asked everywhere. Each case that is done is told on standard error.
"""

import argparse
import copy
import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np

from skywright.ssa.coorbit.actor_critic import DEFAULT, ActorCritic, model_in_use
from skywright.ssa.coorbit.drawing import CASES, STEP_S
from skywright.ssa.coorbit.foresight import Foresight
from skywright.ssa.coorbit.limit import lower_bound, pair_bound
from skywright.ssa.coorbit.network import CLONE, MODEL
from skywright.ssa.coorbit.nonlinear import NonlinearWorlds
from skywright.ssa.coorbit.observing import Observer
from skywright.ssa.coorbit.passes import GRID_S
from skywright.ssa.coorbit.planner import (
    ALONG_TRACK,
    CUT_OFF,
    ONE_REVOLUTION,
    OPTIMISER,
    Planner,
    Rule,
    nothing,
)
from skywright.ssa.coorbit.playing import play
from skywright.ssa.coorbit.programme import Programme, ideal
from skywright.ssa.coorbit.worlds import Setting, Worlds

FIRST_SEED = 19_000
LIMITED = {"passive", "circumnavigating"}
REFERENCE = "lp_mpc_blind"
FOR_REACTION = Rule(0.03, 3.0)  # the best of seven for reacting neighbours, on 2,000 other worlds


def by_network(worlds, model, *, how):
    """Act as it ships, as it ships but asked everywhere, or as it is, without the check."""
    observer = Observer(worlds, Planner(worlds))
    if how == "unchecked":
        return lambda: model.propose(observer.observe())[0]
    given = {"learned": True, "where_moved": how == "shipped"}
    return lambda: model.act(observer, **given).impulse_m_s


def policies():
    told = {
        "nothing": nothing,
        "cut_off_24h": lambda worlds: Planner(worlds, CUT_OFF).act,
        "one_revolution_ahead": lambda worlds: Planner(worlds, ONE_REVOLUTION).act,
        "along_track_half_revolution": lambda worlds: Planner(worlds, ALONG_TRACK).act,
        "optimiser": lambda worlds: Planner(worlds, OPTIMISER).act,
        "optimiser_margin_for_reaction": lambda worlds: Planner(worlds, FOR_REACTION).act,
        REFERENCE: lambda worlds: Programme(worlds, OPTIMISER).act,
        "mpc_knowing_the_reaction": lambda worlds: Foresight(worlds, OPTIMISER).act,
    }
    for name, model, graph in (
        ("clone", "ssa-coorbit-ppo", CLONE),
        ("ppo", "ssa-coorbit-ppo", MODEL),
        ("sac", "ssa-coorbit-sac", MODEL),
    ):
        folder = model_in_use(model)
        if folder is not None:
            one = ActorCritic(folder, graph)
            told[name] = partial(by_network, model=one, how="shipped")
            for how in ("everywhere", "unchecked"):
                told[f"{name}_{how}"] = partial(by_network, model=one, how=how)
    return told


def limits(worlds, count):
    """Return LP limit, bound of one moment and of two of the first worlds [m/s]."""
    times = np.arange(0, worlds.setting.hours * 3600, GRID_S)
    ideals = ideal(worlds, count)
    told = np.zeros((count, 3))
    for k in range(count):
        one = (worlds.n[k], worlds.near[k, 0])
        at = times[np.linalg.norm(coasting(*one, times), axis=1).argmin()]
        burns = np.flatnonzero(~worlds.blackout[k]) * STEP_S
        given = (one[1], one[0], at, burns)
        told[k] = ideals[k], lower_bound(*given), pair_bound(*given)
    return told


def coasting(n_rad_s, state, times):
    from skywright.ssa.clohessy_wiltshire import state_transition

    return (state_transition(n_rad_s, times) @ state)[:, :3]


def measured(one):
    return {
        "success": one.success.mean(),
        "breaches": (one.least_km < 1.0).mean(),
        "hard_ends": one.hard.mean(),
        "fuel_m_s": one.fuel_m_s.mean(),
        "return": one.reward.mean(),
    }


def ratios(one, limit):
    """Return fuel over each limit in episodes that were won, as medians and as ratios of sums."""
    told = {}
    some = one.success[: len(limit)] & (limit[:, 1] > 1e-3) & np.isfinite(limit[:, 0])
    fuel = one.fuel_m_s[: len(limit)][some]
    for k, name in enumerate(("lp_limit", "bound_one_moment", "bound_two_moments")):
        told[f"fuel_over_{name}_median"] = np.median(fuel / limit[some, k])
        told[f"fuel_over_{name}_sums"] = fuel.sum() / limit[some, k].sum()
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


def case_of(case, given, world=Worlds, count=None):
    """Return intervals of every policy in one case."""
    count = count or given.episodes
    runs = {}
    for seed in range(FIRST_SEED, FIRST_SEED + given.seeds):
        played = {}
        limited = world is Worlds and case in LIMITED and given.limits
        drawn = world(count, Setting(case), seed)
        limit = limits(drawn, given.limits) if limited else None
        for name, policy in policies().items():
            if name == "mpc_knowing_the_reaction" and case != "reacting":
                continue
            slow = name.endswith(("unchecked", "everywhere"))
            slow |= name == REFERENCE and case != "reacting"
            if slow and seed - FIRST_SEED >= given.slow_seeds:
                continue
            worlds = copy.deepcopy(drawn)
            played[name] = play(worlds, policy(worlds))
            told = measured(played[name])
            if limit is not None and name != "nothing":
                told |= ratios(played[name], limit)
            runs.setdefault(name, []).append(told)
        for base, short in ((REFERENCE, "lp_mpc"), ("optimiser", "optimiser")):
            for name, one in played.items() if base in played else ():
                gain = one.reward - played[base].reward
                fuel = one.fuel_m_s - played[base].fuel_m_s
                runs[name][-1][f"return_less_{short}"] = gain.mean()
                runs[name][-1][f"fuel_less_{short}_m_s"] = fuel.mean()
    told = {
        name: {key: interval([run[key] for run in some if key in run]) for key in some[0]}
        for name, some in runs.items()
    }
    print(json.dumps({f"{case}, {world.__name__}": told}), file=sys.stderr, flush=True)
    return told


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--episodes", type=int, default=1000)
    parser.add_argument("--limits", type=int, default=30)
    parser.add_argument("--slow-seeds", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--j2", type=int, default=100)
    given = parser.parse_args()
    begun = time.monotonic()
    told = {"seeds": given.seeds, "episodes": given.episodes}
    with ProcessPoolExecutor(given.jobs) as pool:
        runs = {case: pool.submit(case_of, case, given) for case in reversed(given.cases)}
        more = {
            case: pool.submit(case_of, case, given, NonlinearWorlds, given.j2)
            for case in (given.cases if given.j2 else ())
        }
        told["cases"] = {case: runs[case].result() for case in given.cases}
        told["under_j2"] = {case: one.result() for case, one in more.items()}
    told["default"] = DEFAULT
    told["wall_s"] = round(time.monotonic() - begun, 1)
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
