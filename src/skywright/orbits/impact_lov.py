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

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from skywright.errors import InputError
from skywright.orbits.covariance import OrbitCloud
from skywright.orbits.gaussian_disc import disc_probabilities
from skywright.orbits.impact_linear import passages_about
from skywright.orbits.impact_search import YEAR_D, Passages, Search, Watch, fly
from skywright.orbits.target_plane import pierce
from skywright.orbits.threads import CancelledError

F64 = npt.NDArray[np.float64]

_REACH = 5.0  # sigma either way along the line
_WITHIN_AU = 0.1  # passages farther out cannot be one neighbour away from an impact
_SAME_PASSAGE_D = 20.0
_FINE = 0.25  # capture radii between points where the line meets the disc
_GRAIN = 0.01  # capture radii between points of the integral where the thread is sharp
_MARGIN = 6.0  # widths of the thread
_ROUNDS = 12
_MOST_POINTS = 400  # added to one family
_FAMILIES = 40  # examined per cloud, likeliest first
_NEGLIGIBLE = 1e-9  # probability of a family or stretch below which it is not examined
_MINOR = 1e-4  # the same, relative to what has been found: scattering makes very many of those


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
class _Line:
    """The thread: who is asked for more of it, and where it was flown first."""

    cloud: OrbitCloud
    search: Search
    direction: F64
    watch: Watch

    def fly(self, s: F64, last_jd_tdb: float, watch: Watch) -> tuple[Passages, F64]:
        """Fly points of the line to a date; return their passages and points on the plane."""
        years = min((last_jd_tdb - self.cloud.epoch_jd_tdb) / YEAR_D, self.search.years)
        search = replace(self.search, years=years)
        states = self.cloud.states(np.outer(s, self.direction))
        seen = fly(states, self.cloud.epoch_jd_tdb, search, watch).passages
        return seen, pierce(seen, search).point


@dataclass(frozen=True, slots=True)
class _Family:
    """One encounter along the line: points in order, NaN where a point does not take part."""

    jd_tdb: float  # about when
    s: F64  # (m,)
    point: F64  # (m, 2)

    def joined(self) -> npt.NDArray[np.int64]:
        """Rows that take part together with the next one."""
        there = np.isfinite(self.point[:, 0])
        return np.flatnonzero(there[:-1] & there[1:])

    def nearest(self, rows: npt.NDArray[np.int64]) -> tuple[F64, F64, F64]:
        """Return where the stretches behind ``rows`` pass nearest, the distance, and lengths."""
        a, step = self.point[rows], self.point[rows + 1] - self.point[rows]
        size = np.maximum(np.sum(step * step, axis=1), 1e-300)
        part = np.clip(-np.sum(a * step, axis=1) / size, 0.0, 1.0)
        return part, np.linalg.norm(a + part[:, None] * step, axis=1), np.sqrt(size)

    def promise(self, rows: npt.NDArray[np.int64], width: float) -> F64:
        """Bound the probability of the stretches behind ``rows``, up to a factor of order one."""
        _, miss, length = self.nearest(rows)
        density = ndtr(self.s[rows + 1]) - ndtr(self.s[rows])
        share = np.minimum(1.0, 2.0 / np.maximum(length, 1e-3))
        return np.asarray(density * share * (miss < 1.0 + _MARGIN * width + 0.25 * length))

    def with_points(self, s: F64, point: F64) -> _Family:
        """Return the family with points added, in order."""
        order = np.argsort(np.concatenate([self.s, s]), kind="stable")
        every = np.concatenate([self.point, point])[order]
        return _Family(self.jd_tdb, np.concatenate([self.s, s])[order], every)


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
    watch = watch or Watch()
    narrow = replace(search, within_au=_WITHIN_AU)
    line = _Line(cloud, narrow, np.asarray(direction, np.float64), watch)
    s = _first_points(points)
    seen, point = line.fly(s, np.inf, watch)
    found, flown, total = [], s.size, 0.0
    for likely, family in _families(s, seen, point):
        floor = max(_NEGLIGIBLE, _MINOR * total)
        if likely < floor:
            break
        impactor, added = _examine(line, family, floor)
        flown += added
        if impactor is not None:
            found.append(impactor)
            total = min(1.0, total + impactor.probability)
    return LovResult(total, tuple(sorted(found, key=lambda v: v.jd_tdb)), flown)


def _first_points(n: int) -> F64:
    """Half of them of equal probability, half evenly spaced, so that the tails are seen too."""
    half = n // 2
    edge = ndtr(-_REACH)
    equal = ndtri(np.linspace(edge, 1.0 - edge, n - half))
    return np.unique(np.concatenate([equal, np.linspace(-_REACH, _REACH, half), [0.0]]))


def _families(s: F64, seen: Passages, point: F64) -> list[tuple[float, _Family]]:
    """Group passages by date; the groups that may matter, likeliest first, and how likely."""
    order = np.argsort(seen.jd_tdb, kind="stable")
    gaps = np.flatnonzero(np.diff(seen.jd_tdb[order]) > _SAME_PASSAGE_D)
    families = []
    for rows in np.split(order, gaps + 1):
        if rows.size < 2:
            continue
        families.append(_family(s, seen, point, rows))
    likely = [float(np.sum(family.promise(family.joined(), 50.0))) for family in families]
    best = sorted(range(len(families)), key=lambda k: -likely[k])[:_FAMILIES]
    return [(likely[k], families[k]) for k in best]


def _family(s: F64, seen: Passages, point: F64, rows: npt.NDArray[np.int64]) -> _Family:
    """Lay the passages ``rows`` along the line; the nearest one where a point has several."""
    rows = rows[np.argsort(-np.linalg.norm(point[rows], axis=1), kind="stable")]
    where = np.full((s.size, 2), np.nan)
    where[seen.clone[rows]] = point[rows]
    return _Family(float(np.median(seen.jd_tdb[rows])), s, where)


def _examine(line: _Line, family: _Family, floor: float) -> tuple[VirtualImpactor | None, int]:
    """Resolve a family near the disc and integrate it; also return how many points it took."""
    first = family.s.size
    width = _width(line, family)
    sigma = float(np.sqrt(np.linalg.norm(width, 2)))
    for _ in range(_ROUNDS):
        rows = family.joined()
        length = family.nearest(rows)[2]
        wanted = (length > _FINE * max(1.0, sigma)) & (family.promise(rows, sigma) > floor)
        room = _MOST_POINTS - (family.s.size - first)
        if not wanted.any() or room <= 0:
            break
        best = np.argsort(-family.promise(rows[wanted], sigma), kind="stable")[: max(1, room // 4)]
        family = _with_more_points(line, family, rows[wanted][best])
    return _virtual_impactor(family, width), family.s.size - first


def _with_more_points(line: _Line, family: _Family, rows: npt.NDArray[np.int64]) -> _Family:
    """Fly the nearest point of each stretch, one disc to either side of it, and the middle."""
    part, _, length = family.nearest(rows)
    a, gap = family.s[rows], family.s[rows + 1] - family.s[rows]
    disc = np.minimum(1.2 / length, 0.25)
    near = np.stack([part - disc, part, part + disc, np.full_like(part, 0.5)], axis=1)
    keep = (near > 0.02) & (near < 0.98) & (gap > 1e-12)[:, None]
    s = np.setdiff1d((a[:, None] + gap[:, None] * near)[keep], family.s)
    if s.size == 0:
        return family
    quiet = Watch(None, line.watch.cancelled)
    seen, point = line.fly(s, family.jd_tdb + 3.0 * _SAME_PASSAGE_D, quiet)
    mine = np.flatnonzero(np.abs(seen.jd_tdb - family.jd_tdb) < 2.0 * _SAME_PASSAGE_D)
    if mine.size == 0:
        return family.with_points(s, np.full((s.size, 2), np.nan))
    return family.with_points(s, _family(s, seen, point, mine).point)


def _width(line: _Line, family: _Family) -> F64:
    """Covariance on the target plane off the line, shape (2, 2) [capture radii^2]."""
    if line.watch.cancelled is not None and line.watch.cancelled():
        raise CancelledError
    rows = family.joined()
    part, miss, length = family.nearest(rows)
    best = int(np.argmin(miss - 0.25 * length))
    s = family.s[rows[best]] + part[best] * (family.s[rows[best] + 1] - family.s[rows[best]])
    last = family.jd_tdb + 2.0 * _SAME_PASSAGE_D - line.cloud.epoch_jd_tdb
    search = replace(line.search, years=min(last / YEAR_D, line.search.years))
    passages, _ = passages_about(line.cloud, s * line.direction, search)
    if not passages:
        return np.zeros((2, 2))
    nearest = min(passages, key=lambda p: abs(p.jd_tdb - family.jd_tdb))
    u = line.direction
    across = nearest.jacobian @ (np.eye(6) - np.outer(u, u))
    return np.asarray(across @ across.T, np.float64)


def _virtual_impactor(family: _Family, width: F64) -> VirtualImpactor | None:
    """Integrate along the stretches that can reach the disc."""
    rows = family.joined()
    part, miss, _ = family.nearest(rows)
    sigma = float(np.sqrt(np.linalg.norm(width, 2)))
    reach = np.flatnonzero(miss < 1.0 + _MARGIN * sigma)
    if reach.size == 0:
        return None
    ends = np.stack([family.s[rows[reach]], family.s[rows[reach] + 1]], axis=1)
    points = np.stack([family.point[rows[reach]], family.point[rows[reach] + 1]], axis=1)
    best = int(np.argmin(miss[reach]))
    return VirtualImpactor(
        jd_tdb=family.jd_tdb,
        sigma=float(ends[best] @ [1.0 - part[reach[best]], part[reach[best]]]),
        miss_radii=float(miss[reach[best]]),
        width_radii=sigma,
        probability=_chance(ends, points, width),
    )


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
