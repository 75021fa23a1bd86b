"""Impact probability, second level: the line of variations.

A cloud is stretched so much along one axis that by the time of an encounter it is a thread. Points
of the thread are flown, their passages joined into families (neighbouring points that meet the
target at the same time), and where a family runs through or past the capture disc points are added
until the thread is resolved there. The probability is the density along the line times the part of
the remaining spread, measured at the nearest point, that falls into the disc. This follows bends
and scattering along the line, and finds returns that the nominal orbit does not show.

References
----------
.. [1] Milani, Chesley, Sansaturio, Tommei & Valsecchi (2005), Icarus 173, 362 (line of variations).
.. [2] Del Vigna, Guerra & Valsecchi (2020), Icarus 351, 113966 (sampling of constant probability).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from skywright.errors import InputError
from skywright.orbits.covariance import OrbitCloud
from skywright.orbits.gaussian_disc import disc_probabilities
from skywright.orbits.impact_linear import passages_about
from skywright.orbits.impact_search import YEAR_D, Search, Watch, fly
from skywright.orbits.target_plane import pierce
from skywright.orbits.threads import CancelledError

F64 = npt.NDArray[np.float64]

_REACH = 5.0  # sigma either way along the line
_WITHIN_AU = 0.1  # passages farther out cannot be one neighbour away from an impact
_SAME_PASSAGE_D = 20.0
_FINE = 0.25  # capture radii between points where the line meets the disc
_ROUNDS = 12
_MOST_POINTS = 6000
_FAMILIES = 40  # virtual impactors examined per cloud, nearest first
_GRAIN = 0.01  # capture radii between points of the integral where the thread is sharp
_MARGIN = 6.0  # widths of the thread


@dataclass(frozen=True, slots=True)
class VirtualImpactor:
    """A stretch of the line that reaches the target."""

    jd_tdb: float
    """Time of the nearest passage [JD TDB]."""
    sigma: float
    """Where on the line [sigma]."""
    miss_radii: float
    """Impact parameter there over the capture radius [-]; below 1 it hits."""
    width_radii: float
    """Spread of the cloud off the line [capture radii]."""
    probability: float
    """[-]."""


@dataclass(frozen=True, slots=True)
class LovResult:
    """Second level for one cloud."""

    probability: float
    """Of impact within the span [-], the sum over virtual impactors."""
    impactors: tuple[VirtualImpactor, ...]
    """In order of time."""
    points: int
    """Orbits flown along the line."""


@dataclass(frozen=True, slots=True)
class _Stretches:
    """Neighbouring points of the line that share a passage; all arrays of one length."""

    s: F64  # (m, 2) ends on the line
    point: F64  # (m, 2, 2) ends on the target plane
    jd_tdb: F64  # (m, 2)

    @property
    def length(self) -> F64:
        return np.asarray(np.linalg.norm(self.point[:, 1] - self.point[:, 0], axis=1))

    def nearest(self) -> tuple[F64, F64]:
        """Return how far along each stretch passes nearest the centre, and at what distance."""
        a, step = self.point[:, 0], self.point[:, 1] - self.point[:, 0]
        size = np.maximum(np.sum(step * step, axis=1), 1e-300)
        part = np.clip(-np.sum(a * step, axis=1) / size, 0.0, 1.0)
        return part, np.linalg.norm(a + part[:, None] * step, axis=1)


class _Line:
    """The thread: points flown so far, and how to fly more."""

    def __init__(self, cloud: OrbitCloud, search: Search, direction: F64, watch: Watch) -> None:
        self.cloud, self.direction, self.watch = cloud, direction, watch
        self.search = replace(search, within_au=_WITHIN_AU)
        self.s = np.empty(0)
        self.rows: list[tuple[F64, F64]] = []  # per point: dates (k,), plane points (k, 2)

    def fly(self, s: F64) -> None:
        """Add points, and keep the line in order."""
        fresh = np.setdiff1d(s, self.s)
        if fresh.size == 0:
            return
        first = self.s.size == 0
        watch = self.watch if first else Watch(None, self.watch.cancelled)
        states = self.cloud.states(np.outer(fresh, self.direction))
        seen = fly(states, self.cloud.epoch_jd_tdb, self.search, watch).passages
        point = pierce(seen, self.search).point
        cut = np.searchsorted(seen.clone, np.arange(fresh.size + 1))
        rows = [(seen.jd_tdb[a:b], point[a:b]) for a, b in pairwise(cut)]
        order = np.argsort(np.concatenate([self.s, fresh]), kind="stable")
        every = [*self.rows, *rows]
        self.s, self.rows = np.concatenate([self.s, fresh])[order], [every[k] for k in order]

    def stretches(self) -> _Stretches:
        """Join neighbours that meet the target at the same time."""
        ends, points, dates = [], [], []
        for k in range(self.s.size - 1):
            (t_a, p_a), (t_b, p_b) = self.rows[k], self.rows[k + 1]
            if t_a.size == 0 or t_b.size == 0:
                continue
            j = np.argmin(np.abs(t_a[:, None] - t_b[None, :]), axis=1)
            for i in np.flatnonzero(np.abs(t_a - t_b[j]) < _SAME_PASSAGE_D):
                ends.append((self.s[k], self.s[k + 1]))
                points.append((p_a[i], p_b[j[i]]))
                dates.append((t_a[i], t_b[j[i]]))
        m = len(ends)
        return _Stretches(
            np.reshape(ends, (m, 2)), np.reshape(points, (m, 2, 2)), np.reshape(dates, (m, 2))
        )


def lov_probability(
    cloud: OrbitCloud,
    search: Search,
    *,
    direction: npt.ArrayLike,
    points: int = 300,
    watch: Watch | None = None,
) -> LovResult:
    """Estimate the probability of impact along the line of variations.

    Parameters
    ----------
    cloud : OrbitCloud
        Nominal orbit and covariance.
    search : Search
        Target and span.
    direction : array-like, shape (6,)
        Unit vector of the line, `impact_linear.LinearResult.weak_direction`.
    points : int
        Points of the first pass, 200 to 1000: half of equal probability, half even spaced.
    watch : Watch, optional
        Progress (of the first pass) and cancellation.

    Returns
    -------
    LovResult

    Raises
    ------
    InputError
        If ``points`` is below 10.
    CancelledError
        If the watch said so.
    """
    if points < 10:
        message = f"the line of variations needs at least 10 points, got {points}."
        raise InputError(message)
    line = _Line(cloud, search, np.asarray(direction, np.float64), watch or Watch())
    line.fly(_first_points(points))
    widths = _refine(line)
    found = _virtual_impactors(line.stretches(), widths)
    total = min(1.0, sum(one.probability for one in found))
    return LovResult(total, tuple(sorted(found, key=lambda v: v.jd_tdb)), line.s.size)


def _first_points(n: int) -> F64:
    """Half of them of equal probability, half evenly spaced, so that the tails are seen too."""
    half = n // 2
    edge = ndtr(-_REACH)
    equal = ndtri(np.linspace(edge, 1.0 - edge, n - half))
    return np.unique(np.concatenate([equal, np.linspace(-_REACH, _REACH, half), [0.0]]))


def _refine(line: _Line) -> list[tuple[float, F64]]:
    """Add points where the line nears the disc; returns the widths measured: (date, covariance)."""
    widths: list[tuple[float, F64]] = []
    for _ in range(_ROUNDS):
        stretches = line.stretches()
        part, miss = stretches.nearest()
        _measure_widths(line, stretches, part, miss, widths)
        reach = 1.0 + _MARGIN * _spread(stretches, widths) + 0.25 * stretches.length
        coarse = stretches.length > _FINE * np.maximum(1.0, _spread(stretches, widths))
        wanted = np.flatnonzero((miss < reach) & coarse)
        if wanted.size == 0 or line.s.size > _MOST_POINTS:
            break
        line.fly(_new_points(stretches, part, wanted))
    return widths


def _new_points(stretches: _Stretches, part: F64, wanted: npt.NDArray[np.int64]) -> F64:
    """Propose the nearest point of each stretch, one disc to either side of it, and the middle."""
    a, gap = stretches.s[wanted, 0], np.diff(stretches.s[wanted], axis=1)[:, 0]
    disc = np.minimum(1.2 / stretches.length[wanted], 0.25)
    where = part[wanted]
    near = np.stack([where - disc, where, where + disc, np.full_like(where, 0.5)], axis=1)
    keep = (near > 0.02) & (near < 0.98) & (gap > 1e-12)[:, None]
    return np.asarray((a[:, None] + gap[:, None] * near)[keep], np.float64)


def _measure_widths(
    line: _Line, stretches: _Stretches, part: F64, miss: F64, widths: list[tuple[float, F64]]
) -> None:
    """Linearise across the line at the nearest point of every family that has not been measured."""
    reach = miss - 0.25 * stretches.length
    for row in np.argsort(reach, kind="stable"):
        if reach[row] > 300.0 or len(widths) >= _FAMILIES:
            return
        when = float(np.mean(stretches.jd_tdb[row]))
        if any(abs(when - known) < _SAME_PASSAGE_D for known, _ in widths):
            continue
        s = stretches.s[row] @ [1.0 - part[row], part[row]]
        widths.append((when, _width(line, float(s), when)))


def _width(line: _Line, s: float, when: float) -> F64:
    """Covariance on the target plane off the line, shape (2, 2) [capture radii^2]."""
    if line.watch.cancelled is not None and line.watch.cancelled():
        raise CancelledError
    years = (when - line.cloud.epoch_jd_tdb + 2.0 * _SAME_PASSAGE_D) / YEAR_D
    search = replace(line.search, years=min(years, line.search.years))
    passages, _ = passages_about(line.cloud, s * line.direction, search)
    if not passages:
        return np.zeros((2, 2))
    nearest = min(passages, key=lambda p: abs(p.jd_tdb - when))
    u = line.direction
    across = nearest.jacobian @ (np.eye(6) - np.outer(u, u))
    return np.asarray(across @ across.T, np.float64)


def _nearest_width(stretches: _Stretches, widths: list[tuple[float, F64]]) -> npt.NDArray[np.int64]:
    """Index of the width measured nearest in time to each stretch; -1 where none is near."""
    if not widths:
        return np.full(len(stretches.s), -1)
    gap = np.abs(stretches.jd_tdb[:, :1] - np.array([when for when, _ in widths]))
    nearest = np.argmin(gap, axis=1)
    return np.where(np.min(gap, axis=1) < 3.0 * _SAME_PASSAGE_D, nearest, -1)


def _spread(stretches: _Stretches, widths: list[tuple[float, F64]]) -> F64:
    """Largest sigma of the thread at each stretch [capture radii]."""
    sizes = np.array([np.sqrt(np.linalg.norm(C, 2)) for _, C in widths] + [0.0])
    return np.asarray(sizes[_nearest_width(stretches, widths)], np.float64)


def _virtual_impactors(
    stretches: _Stretches, widths: list[tuple[float, F64]]
) -> list[VirtualImpactor]:
    """Integrate along the stretches that can reach the disc, in groups that share a width."""
    part, miss = stretches.nearest()
    spread, group = _spread(stretches, widths), _nearest_width(stretches, widths)
    reaches = miss < 1.0 + _MARGIN * spread
    found = []
    for k, (_, width) in enumerate(widths):
        rows = np.flatnonzero(reaches & (group == k))
        if rows.size == 0:
            continue
        best = rows[np.argmin(miss[rows])]
        found.append(
            VirtualImpactor(
                jd_tdb=float(np.mean(stretches.jd_tdb[best])),
                sigma=float(stretches.s[best] @ [1.0 - part[best], part[best]]),
                miss_radii=float(miss[best]),
                width_radii=float(spread[best]),
                probability=_chance(stretches.s[rows], stretches.point[rows], width),
            )
        )
    return found


def _chance(s: F64, point: F64, width: F64) -> float:
    """Probability that falls into the disc from stretches that are straight between their ends."""
    weights, centres = [], []
    for ends, corner in zip(s, point, strict=True):
        step = corner[1] - corner[0]
        length = float(np.linalg.norm(step)) + 1e-300
        smooth = float(np.sqrt(max(step @ width @ step, 0.0))) / length
        pieces = int(np.clip(np.ceil(length / max(_GRAIN, 0.25 * smooth)), 1, 1000))
        edges = np.linspace(0.0, 1.0, pieces + 1)
        weights.append(np.diff(ndtr(ends[0] + edges * (ends[1] - ends[0]))))
        centres.append(corner[0] + 0.5 * (edges[1:] + edges[:-1])[:, None] * step)
    inside = disc_probabilities(np.concatenate(centres), width, 1.0)
    return float(np.concatenate(weights) @ inside)
