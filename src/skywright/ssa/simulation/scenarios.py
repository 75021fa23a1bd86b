"""Scenarios by number: the same seed gives the same ones, however many processes make them."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta

import numpy as np
import polars as pl

from skywright.errors import InputError, NotFoundError
from skywright.ssa.behaviours import Behaviour
from skywright.ssa.simulation.catalogue import ARC_D, SETTLE_D, Catalogue, element_sets
from skywright.ssa.simulation.geo_policies import POLICIES as GEO
from skywright.ssa.simulation.low_policies import ECCENTRIC, MIDDLE
from skywright.ssa.simulation.low_policies import POLICIES as LOW
from skywright.ssa.simulation.observation import schedule
from skywright.ssa.simulation.scenario import (
    BURNS,
    NODES,
    Scenario,
    read_scenarios,
    write_scenarios,
)
from skywright.ssa.simulation.stage import GROUPS, Cast, Stage, nearest_ahead_km, stage
from skywright.ssa.simulation.truth import Track

__all__ = [
    "FAMILIES",
    "Scenario",
    "policies_of",
    "read_scenarios",
    "simulate",
    "simulate_shared",
    "write_scenarios",
]

FAMILIES: dict[str, dict[str, Callable[[Stage], Cast]]] = {
    "leo": LOW,
    "geo": GEO,
    "meo": {name: LOW[name] for name in MIDDLE},
    "heo": {name: LOW[name] for name in ECCENTRIC},
}
"""Policies by regime and name."""

SHARES = {"leo": 0.52, "geo": 0.4, "meo": 0.05, "heo": 0.03}
"""Share of scenarios of each regime, where none is asked for."""

_LEAST_SETS = 12
_SLICE = 20
_MOST_TRIES = 12
_ALONE_KM = {"leo": 40.0, "geo": 20.0, "meo": 100.0, "heo": 60.0}
_ALONE = (Behaviour.UNRELATED_ORBIT_CHANGE, Behaviour.BREAKUP_OR_DECAY)
_NEAR_BY_NATURE = ("colocated_chemical", "colocated_electric")


def simulate(
    n: int,
    *,
    seed: int,
    regimes: Sequence[str] | None = None,
    policies: Sequence[str] | None = None,
    first: int = 0,
) -> list[Scenario]:
    """Make labelled scenarios.

    Parameters
    ----------
    n : int
        How many, at least 1.
    seed : int
        Scenario k of a seed is always the same, whatever else is made.
    regimes, policies : sequences of str
        Only these; all where None. See `REGIMES` and `policies_of`.
    first : int
        Number of the first, to share a set among processes.

    Raises
    ------
    InputError
        If n or the seed is out of range.
    NotFoundError
        If a regime or policy does not exist, or no regime has a policy; lists those that do.
    """
    if n < 1 or seed < 0 or first < 0:
        message = f"n must be at least 1, seed and first at least 0; got {n}, {seed}, {first}."
        raise InputError(message)
    choices = _choices(regimes, policies)
    return [_scenario(first + k, seed, choices) for k in range(n)]


def simulate_shared(
    n: int,
    *,
    seed: int,
    processes: int,
    regimes: Sequence[str] | None = None,
    policies: Sequence[str] | None = None,
) -> list[Scenario]:
    """Make the scenarios of `simulate` in several processes; the same ones, in the same order.

    Raises
    ------
    InputError, NotFoundError
        As `simulate`; or if there is not at least one process.
    """
    if processes < 1:
        message = f"processes must be at least 1, got {processes}."
        raise InputError(message)
    _choices(regimes, policies)
    if processes == 1 or n < 2 * _SLICE:
        return simulate(n, seed=seed, regimes=regimes, policies=policies)
    firsts = range(0, n, _SLICE)
    calls = [(min(_SLICE, n - first), seed, regimes, policies, first) for first in firsts]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        return [one for part in pool.map(_slice, calls) for one in part]


def _slice(
    call: tuple[int, int, Sequence[str] | None, Sequence[str] | None, int],
) -> list[Scenario]:
    n, seed, regimes, policies, first = call
    return simulate(n, seed=seed, regimes=regimes, policies=policies, first=first)


def policies_of(regime: str) -> list[str]:
    """Return the names of the policies of a regime."""
    return sorted(FAMILIES.get(regime, {}))


def _choices(regimes: Sequence[str] | None, policies: Sequence[str] | None) -> dict[str, list[str]]:
    for name in regimes or ():
        if name not in FAMILIES:
            message = f"There is no regime {name!r}; there are {', '.join(FAMILIES)}."
            raise NotFoundError(message)
    known = {name for held in FAMILIES.values() for name in held}
    for name in policies or ():
        if name not in known:
            message = f"There is no policy {name!r}; there are {', '.join(sorted(known))}."
            raise NotFoundError(message)
    chosen = {
        regime: [name for name in held if policies is None or name in policies]
        for regime, held in FAMILIES.items()
        if regimes is None or regime in regimes
    }
    chosen = {regime: names for regime, names in chosen.items() if names}
    if not chosen:
        message = f"No policy of {', '.join(policies or ())} exists in {', '.join(regimes or ())}."
        raise NotFoundError(message)
    return chosen


def _scenario(number: int, seed: int, choices: dict[str, list[str]]) -> Scenario:
    """Draw until a scenario holds what its label says and enough element sets."""
    for attempt in range(_MOST_TRIES):
        random = np.random.default_rng([seed, number, attempt])
        regime, policy = _drawn_policy(random, choices)
        made = _tried(number, regime, policy, random)
        if made is not None:
            return made
    message = f"Scenario {number} of seed {seed} could not be made in {_MOST_TRIES} tries."
    raise InputError(message, hint="Give another seed, or leave out the policy.")


def _drawn_policy(random: np.random.Generator, choices: dict[str, list[str]]) -> tuple[str, str]:
    """Draw a regime by share, then a behaviour evenly, then one of its families."""
    regimes = list(choices)
    share = np.array([SHARES[name] for name in regimes])
    regime = regimes[int(random.choice(len(regimes), p=share / share.sum()))]
    by_class: dict[int, list[str]] = {}
    for name in choices[regime]:
        by_class.setdefault(CLASS_OF[name], []).append(name)
    names = by_class[sorted(by_class)[int(random.integers(len(by_class)))]]
    return regime, names[int(random.integers(len(names)))]


CLASS_OF = {
    name: int(label)
    for label, names in {
        Behaviour.PASSIVE_OR_STATION_KEEPING: (
            "passive",
            "low_keeping",
            "plane_neighbour",
            "passive_neighbour",
            "other_plane",
            "formation",
            "docked",
            "geo_passive",
            "geo_graveyard",
            "geo_keeping_chemical",
            "geo_keeping_electric",
            "colocated_chemical",
            "colocated_electric",
            "geo_docked",
        ),
        Behaviour.UNRELATED_ORBIT_CHANGE: (
            "raising",
            "disposal",
            "plane_change",
            "relocation",
            "geo_relocation",
            "geo_disposal",
            "geo_raising",
        ),
        Behaviour.PASSING_CONJUNCTION: (
            "crossing_passive",
            "crossing_active",
            "coplanar_passing",
            "drift_by",
            "libration_pass",
            "graveyard_pass",
            "inclined_crossing",
        ),
        Behaviour.APPROACH: (
            "phasing",
            "stepped_phasing",
            "altitude_closing",
            "plane_matching",
            "slot_hop",
            "geo_stepped",
            "geo_plane_matching",
        ),
        Behaviour.PROXIMITY_STAY: (
            "co_orbit",
            "circumnavigation",
            "hold_points",
            "shadowing",
            "geo_arrive_stay",
            "geo_circumnavigation",
            "geo_shadowing",
        ),
        Behaviour.BREAKUP_OR_DECAY: (
            "decay",
            "decay_eccentric",
            "fragmentation",
            "venting",
            "geo_breakup",
            "geo_venting",
            "geo_leak",
        ),
    }.items()
    for name in names
}
"""Behaviour of each family."""


def _tried(number: int, regime: str, policy: str, random: np.random.Generator) -> Scenario | None:
    group = int(random.integers(GROUPS[regime]))
    place = stage(regime, group, random)
    cast = FAMILIES[regime][policy](place)
    if not _holds(cast, place, policy):
        return None
    histories = [
        _history(cast.asset, place, None),
        _history(cast.other, place, cast.broken_s),
    ]
    if min(table.height for table in histories) < _LEAST_SETS:
        return None
    burns = _burns(cast, place)
    return Scenario(
        scenario_id=number,
        regime=regime,
        behaviour=cast.behaviour,
        policy=policy,
        asset_orbit=f"{regime}-{group:02d}",
        asset=histories[0],
        other=histories[1],
        at_utc=place.around.start_utc + timedelta(seconds=place.at_s),
        burns=burns,
        cooperative=cast.cooperative,
        smallest_burn_m_s=_smallest(burns),
        solar_flux_sfu=place.flux_sfu,
        nodes=_nodes(cast, place),
    )


def _holds(cast: Cast, place: Stage, policy: str) -> bool:
    """Whether the truth is what the label says: those that do not pass near must not."""
    until = int(place.at_s / cast.asset.step_s)
    if cast.asset.high < until or (cast.other.high < 0.5 * until):
        return False
    free = cast.behaviour in _ALONE or (
        cast.behaviour is Behaviour.PASSIVE_OR_STATION_KEEPING
        and not cast.cooperative
        and policy not in _NEAR_BY_NATURE
    )
    if not free:
        return True
    least = nearest_ahead_km(cast.asset, cast.other, place.at_s, 3.5)
    return least > _ALONE_KM[place.regime]


def _history(track: Track, place: Stage, broken_s: float | None) -> pl.DataFrame:
    """Element sets received by the assessment."""
    random = place.random
    broken = np.inf if broken_s is None else broken_s
    plan = schedule(place.regime, 0.0, place.at_s, random, broken)
    how = Catalogue(
        norad_id=int(random.integers(10_000, 99_999)),
        regime=place.regime,
        arc_d=float(random.uniform(*ARC_D[place.regime])) * _shortened(track),
        settle_d=float(random.uniform(*SETTLE_D[place.regime])),
        fits_drag=place.regime == "leo",
    )
    table = element_sets(track, plan, how)
    at = place.around.start_utc + timedelta(seconds=place.at_s)
    return table.filter(pl.col("received_utc") <= at)


def _shortened(track: Track) -> float:
    """Share of the arc that a catalogue keeps to in dense air: one drag term must fit it."""
    r = np.linalg.norm(track.states[track.low, :3])
    return float(np.clip((r - 6378.0 - 150.0) / 450.0, 0.25, 1.0))


def _burns(cast: Cast, place: Stage) -> pl.DataFrame:
    start = place.around.start_utc
    rows = [
        (role, start + timedelta(seconds=t), radial, along, across, _declared(role, cast), routine)
        for role, track in (("asset", cast.asset), ("other", cast.other))
        for t, radial, along, across, routine in sorted(track.burns)
        if 0.0 <= t <= place.at_s
    ]
    return pl.DataFrame(rows, schema=BURNS, orient="row")


def _nodes(cast: Cast, place: Stage) -> pl.DataFrame:
    start = place.around.start_utc
    rows = [
        (role, start + timedelta(seconds=t), direction, node, kind)
        for role, t, direction, node, kind in sorted(cast.nodes, key=lambda one: one[1])
        if t <= place.at_s
    ]
    return pl.DataFrame(rows, schema=NODES, orient="row")


def _declared(role: str, cast: Cast) -> bool:
    return role == "asset" or cast.cooperative


def _smallest(burns: pl.DataFrame) -> float:
    made = burns.filter((pl.col("role") == "other") & ~pl.col("routine"))
    if made.is_empty():
        return float("nan")
    parts = made.select("dv_radial_m_s", "dv_intrack_m_s", "dv_crosstrack_m_s").to_numpy()
    return float(np.linalg.norm(parts, axis=1).min())
