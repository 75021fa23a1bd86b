"""Quiet windows, which the encoder learns from, and windows with a reported manoeuvre beside them.

Quiet is who was not observed to manoeuvre: objects that cannot (debris, dead payloads), stretches
of manoeuvring satellites without any manoeuvre reported by their operators, and simulated objects
that burn nothing, where real ones are too few (geostationary, middle and eccentric orbits). A
window says which it is, and objects are held out whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np
import polars as pl

from skywright.errors import InputError
from skywright.ssa.behaviour.slots import WINDOW_D, behaviour_vector
from skywright.ssa.behaviour.windows import (
    PASSIVE,
    SIMULATED,
    STRETCH,
    Windows,
    joined,
    windows_of,
)
from skywright.ssa.detection.search import Finds
from skywright.ssa.element_sets import epochs_jd
from skywright.ssa.simulation.scenario import Scenario
from skywright.ssa.simulation.scenarios import simulate

QUIET_POLICIES = {
    "leo": ("passive", "passive_neighbour", "crossing_passive"),
    "geo": ("geo_passive", "geo_graveyard", "inclined_crossing", "libration_pass"),
    "meo": ("passive", "passive_neighbour", "crossing_passive"),
    "heo": ("passive", "crossing_passive"),
}
"""Simulated policies that burn nothing."""

_BEFORE_D = 3.0  # a catalogue goes on settling for days after a burn
_SEEN_D = 2.0  # nor does a burn of the last hours show yet


def satellite_windows(
    history: pl.DataFrame,
    truth: pl.DataFrame,
    *,
    step_d: float,
    detectors: Mapping[int, Finds],
) -> Windows:
    """Return the windows of satellites whose operators reported their manoeuvres.

    A window with a manoeuvre holds one that the sets had two days to show; a quiet one holds none,
    nor do the three days before it, and lies between the first and the last that was reported, as
    nothing is known of the time beyond. Others are left out.

    Parameters
    ----------
    history, truth : DataFrame
        Sets; ``norad_id`` and ``start_utc`` of the manoeuvres.
    step_d : float
        Days between two ends.
    detectors : mapping
        By number, what finds the burns of a satellite: one that was not taught with it.

    Raises
    ------
    InputError
        If no satellite of the history has a reported manoeuvre.
    """
    parts = []
    for (number,), table in history.partition_by("norad_id", as_dict=True).items():
        own = truth.filter(pl.col("norad_id") == number)
        if own.is_empty():
            continue
        days = np.sort(np.add(*epochs_jd(table)))
        burns = np.add(*epochs_jd(own, "start_utc"))
        ends = np.arange(days[0] + WINDOW_D, days[-1], step_d)
        since = ends[:, None] - burns[None, :]
        moved = ((since > _SEEN_D) & (since < WINDOW_D - _SEEN_D)).any(axis=1)
        quiet = ~((since > -_SEEN_D) & (since < WINDOW_D + _BEFORE_D)).any(axis=1)
        quiet &= (ends - WINDOW_D > burns.min()) & (ends < burns.max())
        for chosen, label in ((moved, True), (quiet, False)):
            found = windows_of(
                table,
                ends[chosen],
                name=str(number),
                source=STRETCH,
                detector=detectors.get(int(number)),
            )
            found.moved[:] = label
            parts.append(found)
    if not parts:
        message = "The history holds no satellite whose operators reported manoeuvres."
        raise InputError(message, hint="norad_id of both tables must agree.")
    return joined(parts)


def passive_windows(
    history: pl.DataFrame, numbers: Sequence[int], *, step_d: float, until: Mapping[int, datetime]
) -> Windows:
    """Return the windows of objects without an observed manoeuvre.

    Parameters
    ----------
    history : DataFrame
        Sets of several objects.
    numbers : sequence of int
        Those to take.
    step_d : float
        Days between two ends.
    until : mapping
        By number, the moment from which an object is no longer what it was (a collision).

    Raises
    ------
    InputError
        If one is not in the history.
    """
    parts = []
    for number in numbers:
        table = history.filter(pl.col("norad_id") == number)
        if table.is_empty():
            message = f"The history holds no object {number}, which should be passive."
            raise InputError(message)
        if number in until:
            table = table.filter(pl.col("epoch_utc") < until[number].replace(tzinfo=None))
        days = np.sort(np.add(*epochs_jd(table)))
        ends = np.arange(days[0] + WINDOW_D, days[-1], step_d)
        parts.append(windows_of(table, ends, name=str(number), source=PASSIVE))
    return joined(parts)


def simulated_windows(counts: Mapping[str, int], seed: int) -> Windows:
    """Return windows of simulated objects that burn nothing, beside a simulated asset.

    Parameters
    ----------
    counts : mapping
        Scenarios by regime.
    seed : int
        Of the simulation.
    """
    parts = []
    for regime, count in counts.items():
        if count < 1:
            continue
        made = simulate(count, seed=seed, regimes=[regime], policies=QUIET_POLICIES[regime])
        quiet = [one for one in made if not one.burns["role"].eq("other").any()]
        parts.append(_of_scenarios(quiet))
    return joined(parts)


def _of_scenarios(some: Sequence[Scenario]) -> Windows:
    slots = np.array([behaviour_vector(one.other, one.at_utc, asset=one.asset) for one in some])
    moments = pl.DataFrame({"epoch_utc": [one.at_utc.replace(tzinfo=None) for one in some]})
    return Windows(
        slots,
        np.array([one.regime for one in some]),
        np.array([f"simulated-{one.regime}-{one.scenario_id}" for one in some]),
        np.full(len(some), SIMULATED),
        np.zeros(len(some), dtype=np.bool_),
        np.add(*epochs_jd(moments)),
    )
