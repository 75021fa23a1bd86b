"""Fly clones to a date and see which reach the surface of a body, and which pass it.

The plain use is `find_impacts`: states in, time and speed of impact out. The three levels of impact
probability (`impact_linear`, `impact_lov`, `impact_monte_carlo`) stand on `fly`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from skywright.errors import InputError
from skywright.orbits.clones import HIT, advance_block
from skywright.orbits.constants import (
    AU_KM,
    DAY_S,
    GM_KM3_S2,
    J2000_JD,
    RADIUS_KM,
)
from skywright.orbits.dynamics import RADIUS_AU, STANDARD_MODEL, prepare_world
from skywright.orbits.ephemeris import BODIES, body_index, body_state
from skywright.orbits.threads import map_slices

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

BLOCK = 32
"""Clones in a block; fixed, because the digits of a clone depend on the steps of its block."""
YEAR_D = 365.25


class Watch(NamedTuple):
    """How a caller follows and stops a long search."""

    progress: Callable[[int, int], None] | None = None
    """Called as ``progress(done, total)``."""
    cancelled: Callable[[], bool] | None = None
    """Asked between blocks; true raises `threads.CancelledError`."""


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for, and how exactly."""

    body: str = "earth"
    """Target: a planet, the Moon or the Sun."""
    years: float = 100.0
    """Span from the epoch [Julian years]."""
    radius_km: float | None = None
    """Radius of the target's surface [km]; by default the equatorial radius of the body."""
    within_au: float = 0.0
    """Passages closer than this are recorded [au]; 0 records none."""
    rtol: float = 1e-12
    """Relative tolerance of a step [-]."""
    nongrav: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """A1, A2, A3 at 1 au [au/d^2]."""
    threads: int = 0
    """Threads; 0 means one per core. Results do not depend on it."""

    def __post_init__(self) -> None:
        """Refuse what cannot be searched for."""
        body_index(self.body)
        if not 0.0 < self.years <= 1100.0:
            message = f"years must lie in (0, 1100], got {self.years:g}."
            raise InputError(message)
        if self.radius_km is not None and not self.radius_km > 0.0:
            message = f"radius_km must be positive, got {self.radius_km:g}."
            raise InputError(message)

    @property
    def surface_km(self) -> float:
        """Radius at which a clone stops [km]."""
        return (
            RADIUS_KM[BODIES[body_index(self.body)]] if self.radius_km is None else self.radius_km
        )

    @property
    def gm_km3_s2(self) -> float:
        """GM of the target [km^3/s^2]."""
        return GM_KM3_S2[BODIES[body_index(self.body)]]


@dataclass(frozen=True, slots=True)
class Passages:
    """Encounters of clones with the target, in order of clone and time; hits are included."""

    clone: I64
    """Row of the clone, shape (m,)."""
    jd_tdb: F64
    """Time of the minimum, or of the impact [JD TDB], shape (m,)."""
    relative_km: F64
    """Position and velocity relative to the target, ecliptic J2000, shape (m, 6) [km, km/s]."""
    hit: npt.NDArray[np.bool_]
    """Whether it ends at the surface, shape (m,)."""


@dataclass(frozen=True, slots=True)
class Flight:
    """Where clones ended."""

    hit: npt.NDArray[np.bool_]
    """Reached the surface of the target, shape (n,)."""
    jd_tdb: F64
    """Time of impact, or of the end of the flight [JD TDB], shape (n,)."""
    speed_km_s: F64
    """Speed relative to the target at its surface [km/s]; NaN without impact, shape (n,)."""
    passages: Passages = field(repr=False)
    """Empty unless ``within_au`` was given; then with the hits."""


def find_impacts(
    states: npt.ArrayLike,
    epoch_jd_tdb: npt.ArrayLike,
    search: Search,
    *,
    nongrav: npt.ArrayLike | None = None,
    watch: Watch | None = None,
) -> Flight:
    """Fly objects one by one, each on steps of its own.

    Parameters
    ----------
    states : array-like, shape (n, 6)
        Heliocentric ecliptic J2000 [au, au/d].
    epoch_jd_tdb : array-like, shape (n,) or scalar
        Epochs [JD TDB].
    search : Search
        Target and span.
    nongrav : array-like, shape (n, 3), optional
        A1, A2, A3 of each [au/d^2], in place of those of the search.
    watch : Watch, optional
        Progress and cancellation.

    Returns
    -------
    Flight

    Raises
    ------
    EphemerisRangeError
        If the span leaves DE440.
    CancelledError
        If the watch said so.
    """
    start = np.atleast_2d(np.asarray(states, np.float64))
    epoch = np.broadcast_to(np.asarray(epoch_jd_tdb, np.float64), (len(start),))
    push = np.broadcast_to(search.nongrav if nongrav is None else nongrav, (len(start), 3))
    return _fly_blocks(start, epoch, search, push, watch or Watch())


def fly(
    states: npt.ArrayLike, epoch_jd_tdb: float, search: Search, watch: Watch | None = None
) -> Flight:
    """Fly neighbouring clones in blocks on common steps.

    Parameters
    ----------
    states : array-like, shape (n, 6)
        Heliocentric ecliptic J2000 [au, au/d], neighbours next to each other.
    epoch_jd_tdb : float
        Epoch of all [JD TDB].
    search : Search
        Target and span.
    watch : Watch, optional
        Progress and cancellation.

    Returns
    -------
    Flight
        The same digits for the same states, whatever the number of threads.

    Raises
    ------
    EphemerisRangeError
        If the span leaves DE440.
    CancelledError
        If the watch said so.
    """
    start = np.atleast_2d(np.asarray(states, np.float64))
    epoch = np.full(len(start), float(epoch_jd_tdb))
    return _fly_blocks(start, epoch, search, None, watch or Watch())


def joined(parts: list[Flight]) -> Flight:
    """Put flights of consecutive clones together.

    Parameters
    ----------
    parts : list of Flight
        In order; at least one.

    Returns
    -------
    Flight
        Clones are numbered through.
    """
    first = np.cumsum([0, *(part.hit.size for part in parts)])
    seen = [part.passages for part in parts]
    clone = [p.clone + start for p, start in zip(seen, first, strict=False)]
    return Flight(
        np.concatenate([p.hit for p in parts]),
        np.concatenate([p.jd_tdb for p in parts]),
        np.concatenate([p.speed_km_s for p in parts]),
        Passages(
            np.concatenate(clone),
            np.concatenate([p.jd_tdb for p in seen]),
            np.concatenate([p.relative_km for p in seen]),
            np.concatenate([p.hit for p in seen]),
        ),
    )


def _fly_blocks(states: F64, epoch: F64, search: Search, push: F64 | None, watch: Watch) -> Flight:
    """Fly blocks of clones, or single objects with a push (A1, A2, A3) of their own each."""
    n, width = len(states), BLOCK if push is None else 1
    shared = np.array(search.nongrav, np.float64)
    span = search.years * YEAR_D
    status, ends = np.zeros(n, np.int64), np.zeros((n, 7))
    if n == 0:
        return Flight(
            np.zeros(0, bool), np.zeros(0), np.zeros(0), _passages([], np.zeros(0, bool), ends)
        )
    last = float(epoch.max()) + span
    world = prepare_world(STANDARD_MODEL, float(epoch.min()), last)
    bary = states + _sun_states(epoch)
    rows = int((8 + 4 * search.years) if search.within_au > 0.0 else 1)
    found: list[F64] = [np.empty((0, 9))] * (-(-n // width))
    radius = RADIUS_AU.copy()
    target = body_index(search.body)
    radius[target] = search.surface_km / AU_KM

    limits = np.array([radius[target], search.within_au, search.rtol])

    def work(first: int, stop: int) -> None:
        for block in range(first, stop):
            part = slice(block * width, min(n, (block + 1) * width))
            here = np.ascontiguousarray(bary[part])
            seen = np.empty((rows * len(here), 9))
            t0 = float(epoch[part.start] - J2000_JD)
            count = advance_block(
                here, t0 + np.array([0.0, span]), target, limits, world, radius,
                shared if push is None else np.array(push[block]), status[part], ends[part], seen,
            )  # fmt: skip
            found[block] = seen[:count] + np.eye(1, 9) * part.start

    map_slices(
        len(found), work, threads=search.threads, slice_size=_slice(len(found), width),
        progress=_scaled(watch.progress, width, n), cancelled=watch.cancelled,
    )  # fmt: skip
    hit = status == HIT
    speed = np.where(hit, np.linalg.norm(ends[:, 4:7], axis=1) * (AU_KM / DAY_S), np.nan)
    return Flight(hit, ends[:, 0] + J2000_JD, speed, _passages(found, hit, ends))


def _slice(blocks: int, width: int) -> int:
    return 1 if width > 1 else max(1, min(16, blocks // 16))


def _scaled(
    progress: Callable[[int, int], None] | None, width: int, n: int
) -> Callable[[int, int], None] | None:
    """Report clones where blocks are counted."""
    if progress is None:
        return None
    return lambda done, _: progress(min(done * width, n), n)


def _sun_states(epoch: F64) -> F64:
    if epoch.size and np.all(epoch == epoch[0]):
        return np.repeat(body_state("sun", epoch[0], center="barycenter"), epoch.size, axis=0)
    return body_state("sun", epoch, center="barycenter")


def _passages(found: list[F64], hit: npt.NDArray[np.bool_], ends: F64) -> Passages:
    """Join passages and hits, sorted by clone and time."""
    seen = np.concatenate([*found, np.empty((0, 9))])
    where = np.flatnonzero(hit)
    clone = np.concatenate([seen[:, 0], where]).astype(np.int64)
    t_d = np.concatenate([seen[:, 1], ends[where, 0]])
    relative = np.concatenate([seen[:, 3:9], ends[where, 1:7]])
    relative = relative * np.repeat([AU_KM, AU_KM / DAY_S], 3)
    order = np.lexsort((t_d, clone))
    flag = np.concatenate([np.zeros(len(seen), bool), np.ones(len(where), bool)])
    return Passages(clone[order], t_d[order] + J2000_JD, relative[order], flag[order])
