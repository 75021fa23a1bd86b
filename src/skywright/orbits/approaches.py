"""Close approaches of many orbits to the planets and the Moon."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from skywright.errors import InputError
from skywright.orbits._approach_search import RECORD_SIZE, search_rows
from skywright.orbits.constants import J2000_JD
from skywright.orbits.dynamics import STANDARD_MODEL, ForceModel, World, prepare_world
from skywright.orbits.ephemeris import BODIES, body_index, body_state
from skywright.orbits.integrator import ARRIVED, checked
from skywright.orbits.threads import map_slices

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

DEFAULT_BODIES = BODIES[1:-1]
"""Planets and the Moon."""

_FIRST_ROOM = 256  # records of one slice; the room doubles when an orbit does not fit


@dataclass(frozen=True, slots=True)
class Approaches:
    """Close approaches, by orbit and then by time; arrays of shape (m,)."""

    orbit: I64
    """Row of the orbit in the input."""
    body: tuple[str, ...]
    """What was approached, one of `BODIES`."""
    jd_tdb: F64
    """Time of the smallest distance, or of the crossing of the surface [JD TDB]."""
    dist_au: F64
    """Distance from the body's centre; for an impact, of the pericentre inside the body [au]."""
    v_rel_km_s: F64
    """Speed relative to the body at that time [km/s]."""
    v_inf_km_s: F64
    """Speed relative to the body, its pull removed; 0 where the motion is bound [km/s]."""
    b_xi_km: F64
    """Target plane, xi of Valsecchi et al. (2003) [km]; NaN where the motion is bound."""
    b_zeta_km: F64
    """Target plane, zeta of the same [km]; the impact parameter is hypot(xi, zeta)."""
    impact: npt.NDArray[np.bool_]
    """Whether the surface (equatorial radius) was reached; the orbit ends there."""
    complete: npt.NDArray[np.bool_]
    """Per orbit, shape (n,): whether it was followed through the whole window."""

    def __len__(self) -> int:
        """Return the number of approaches."""
        return len(self.body)


def find_approaches(
    states: npt.ArrayLike,
    epoch_jd_tdb: npt.ArrayLike,
    start_jd_tdb: float,
    stop_jd_tdb: float,
    within_au: float,
    bodies: Sequence[str] | None = None,
    model: ForceModel = STANDARD_MODEL,
    *,
    threads: int = 0,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Approaches:
    """Find every minimum of the distance to the bodies within a window of dates.

    Parameters
    ----------
    states : array-like, shape (n, 6)
        Heliocentric positions [au] and velocities [au/d], ecliptic J2000.
    epoch_jd_tdb : array-like, shape (n,) or scalar
        Dates of the states [JD TDB]; before, inside or after the window.
    start_jd_tdb, stop_jd_tdb : float
        The window [JD TDB].
    within_au : float
        Largest distance from a body's centre [au].
    bodies : sequence of str, optional
        Any of `BODIES` but the Sun; by default the planets and the Moon.
    model : ForceModel
        Which forces act.
    threads, progress, cancelled
        As `map_slices` takes them.

    Returns
    -------
    Approaches
        Sorted by orbit, then by time.

    Raises
    ------
    InputError
        If a name is unknown, the window is empty or the distance is not positive.
    OrbitError, EphemerisRangeError
        As `propagate` does.
    """
    y, epoch, first, last = _checked(states, epoch_jd_tdb, start_jd_tdb, stop_jd_tdb, within_au)
    track = _tracked(bodies)
    n = len(y)
    if n == 0:
        return _collected([], np.zeros(0, dtype=np.int64))
    lo, hi = float(min(epoch.min(), first[0])), float(max(epoch.max(), last[0]))
    world = prepare_world(model, lo, hi)
    nongrav = model.nongrav_of(n)
    y += body_state("sun", epoch, center="barycenter")
    dates = np.column_stack([epoch, first, last]) - J2000_JD
    ended, parts, lock = np.zeros(n, dtype=np.int64), [], threading.Lock()

    def work(lo: int, hi: int) -> None:
        records = _search(lo, hi, dates, y, world, (nongrav, track, within_au, ended))
        with lock:
            parts.append(records)

    map_slices(n, work, threads=threads, progress=progress, cancelled=cancelled)
    return _collected(parts, ended)


def _checked(
    states: npt.ArrayLike, epoch: npt.ArrayLike, start: float, stop: float, within_au: float
) -> tuple[F64, F64, F64, F64]:
    if not (np.isfinite(within_au) and within_au > 0):
        message = f"The largest distance must be a positive number of au, not {within_au}."
        raise InputError(message)
    y, epochs, first = checked(states, epoch, start)
    _, _, last = checked(states, epoch, stop)
    if not start < stop:
        message = (
            f"The window from JD {start:.9g} to JD {stop:.9g} TDB is empty; the start must be "
            "before the stop."
        )
        raise InputError(message)
    return y, epochs, first, last


def _tracked(bodies: Sequence[str] | None) -> F64:
    track = np.zeros(len(BODIES))
    for name in DEFAULT_BODIES if bodies is None else bodies:
        index = body_index(name)
        if index == 0:
            message = (
                "Approaches to the Sun are perihelion passages, which the elements tell; choose "
                f"from {', '.join(BODIES[1:])}."
            )
            raise InputError(message)
        track[index] = 1.0
    return track


def _search(
    lo: int,
    hi: int,
    dates: F64,
    y: F64,
    world: World,
    what: tuple[F64, F64, float, I64],
) -> F64:
    """Return the records of some orbits, with room made as needed."""
    nongrav, track, within_au, ended = what
    found, room = [], _FIRST_ROOM
    while lo < hi:
        records = np.empty((room, RECORD_SIZE))
        row, n = search_rows(
            lo, hi, dates, y, world, nongrav, track, float(within_au), records, ended
        )
        found.append(records[:n])
        room = room if row > lo else 2 * room
        lo = row
    return np.concatenate(found)


def _collected(parts: list[F64], ended: I64) -> Approaches:
    records = np.concatenate([np.empty((0, RECORD_SIZE)), *parts])
    records = records[np.lexsort((records[:, 2], records[:, 0]))]
    return Approaches(
        orbit=records[:, 0].astype(np.int64),
        body=tuple(BODIES[int(b)] for b in records[:, 1]),
        jd_tdb=records[:, 2] + J2000_JD,
        dist_au=records[:, 3].copy(),
        v_rel_km_s=records[:, 4].copy(),
        v_inf_km_s=records[:, 5].copy(),
        b_xi_km=records[:, 6].copy(),
        b_zeta_km=records[:, 7].copy(),
        impact=records[:, 8] == 1.0,
        complete=ended == ARRIVED,
    )
