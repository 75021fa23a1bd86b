"""The expected number of collisions in three dimensions, for curved and for slow encounters.

Hall, Hejduk and Johnson (2018, AAS 18-244), Hall (2021, J. Spacecraft 58): the rate at which a
relative trajectory enters the sphere of the hard-body radius is an integral over the sphere of
density times inward speed, and the number of collisions is its integral over time. Uncertain
orbits are Gaussian in equinoctial elements, not in positions; at each time both densities are
therefore expanded about the pair of orbits that collides there with the least effort, found by
iteration.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import erfc

from skywright.ssa.conjunction.conjunction import Conjunction
from skywright.ssa.conjunction.equinoctial import GM_KM3_S2, covariance_of, states_and_partials

F64 = npt.NDArray[np.float64]

_ROUNDS, _SEARCH_ROUNDS = 25, 8
_SETTLED = 1e-3  # of a sigma
_WIDTHS = 7.0
_POINTS = 57
_COARSE = 181
_ZOOM = 41
_MOST_ZOOMS = 6
_REACH_REV = 0.45
_ROUNDEST = 0.98
_EFFORT_LOST = 40.0  # a peak this much farther off adds exp(-20)
_TAIL = 1e-4
_MOST_STRETCHES = 12
_LEAST_RATE = -700.0


@dataclass(frozen=True, slots=True)
class Expected:
    """The expected number of collisions, and where in time it comes from."""

    number: float
    """Expected collisions: the probability where a second one is not possible."""
    peak_s: float
    """Time of the highest rate after the closest approach [s]."""
    width_s: float
    """Standard deviation of the rate in time [s]."""
    settled: bool
    """Whether every expansion converged and the ends carry nothing."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Both orbits in equinoctial elements, in axes where those are regular."""

    elements: F64
    """(2, 6)."""
    covariances: F64
    """Of the elements; (2, 6, 6)."""
    radius_km: float
    """Combined hard-body radius."""


def expected_collisions(conjunction: Conjunction) -> Expected:
    """Return the expected number of collisions within 0.45 revolutions of the closest approach.

    Parameters
    ----------
    conjunction : Conjunction
        With covariances of position and velocity; unknown velocities count as certain.
    """
    pair = pair_of(conjunction)
    half = reach_s(pair)
    stretches = [_about(pair, place, half) for place in _peaks(pair, half)]
    number = sum(one.number for one in stretches)
    highest = max(stretches, key=lambda one: one.number)
    return Expected(
        float(number), highest.peak_s, highest.width_s, all(one.settled for one in stretches)
    )


def reach_s(pair: Pair) -> float:
    """Return how far from the closest approach is looked [s].

    Not half a revolution, where orbits of equal periods meet again: that is another conjunction.
    """
    return _REACH_REV * 2.0 * np.pi / float(pair.elements[:, 0].max())


def pair_of(conjunction: Conjunction) -> Pair:
    """Return both orbits of a conjunction with their uncertainty in elements."""
    turn = _away_from_retrograde(conjunction.states)
    told = [
        covariance_of(turn @ state, turn @ covariance @ turn.T)
        for state, covariance in zip(conjunction.states, conjunction.covariances, strict=True)
    ]
    return Pair(
        np.stack([elements for elements, _ in told]),
        np.stack([covariance for _, covariance in told]),
        conjunction.hbr_m * 1e-3,
    )


def _away_from_retrograde(states: F64) -> F64:
    """Return axes in which neither orbit is near the singularity of the node vector; (6, 6)."""
    normals = np.cross(states[:, :3], states[:, 3:])
    normals /= np.linalg.norm(normals, axis=1)[:, None]
    choices = [np.roll(np.eye(3), k, axis=0) for k in range(3)]
    choices += [one * np.array([[1.0], [-1.0], [-1.0]]) for one in choices]
    best = max(choices, key=lambda one: float((normals @ one.T)[:, 2].min()))
    return np.asarray(np.kron(np.eye(2), best), dtype=np.float64)


def period_s(conjunction: Conjunction) -> float:
    """Return the shorter of the two periods [s]."""
    told = []
    for state in conjunction.states:
        energy = 2.0 / np.linalg.norm(state[:3]) - float(state[3:] @ state[3:]) / GM_KM3_S2
        told.append(2.0 * np.pi * np.sqrt((1.0 / energy) ** 3 / GM_KM3_S2))
    return float(min(told))


def _peaks(pair: Pair, half: float) -> list[tuple[float, float]]:
    """Find the times of least effort within half a revolution [s], and how wide each is."""
    times = np.linspace(-half, half, _COARSE)
    effort, _ = _effort(pair, times)
    inner = (effort[1:-1] <= effort[:-2]) & (effort[1:-1] <= effort[2:])
    places = np.flatnonzero(
        np.concatenate([[effort[0] < effort[1]], inner, [effort[-1] < effort[-2]]])
    )
    places = places[effort[places] < effort.min() + _EFFORT_LOST]
    step = float(times[1] - times[0])
    return [_zoomed(pair, float(times[place]), step) for place in places.tolist()]


def _zoomed(pair: Pair, centre: float, step: float) -> tuple[float, float]:
    """Narrow a minimum of the effort down to its own width."""
    for _ in range(_MOST_ZOOMS):
        times = np.linspace(centre - step, centre + step, _ZOOM)
        effort, width = _effort(pair, times)
        best = int(effort.argmin())
        centre, step = float(times[best]), 2.0 * float(times[1] - times[0])
        if step < 0.5 * width[best]:
            break
    return centre, float(width[best])


def _effort(pair: Pair, times: F64) -> tuple[F64, F64]:
    """Return the squared Mahalanobis distance to a collision, and the width of a passage [s]."""
    mean, covariance, _ = _relative(pair, times, _SEARCH_ROUNDS)
    inverse = np.linalg.inv(covariance[:, :3, :3])
    effort = np.einsum("ti,tij,tj->t", mean[:, :3], inverse, mean[:, :3])
    curvature = np.einsum("ti,tij,tj->t", mean[:, 3:], inverse, mean[:, 3:])
    return np.nan_to_num(effort, nan=np.inf), 1.0 / np.sqrt(np.maximum(curvature, 1e-30))


def _about(pair: Pair, peak: tuple[float, float], half: float) -> Expected:
    """Integrate around one peak, farther until the ends carry nothing."""
    centre, width = peak
    reach = min(_WIDTHS * width, half)
    for _ in range(_MOST_STRETCHES):
        low, high = max(centre - reach, -half), min(centre + reach, half)
        points = int(np.clip(_POINTS * reach / (_WIDTHS * width), _POINTS, 20 * _POINTS))
        found = _integrated(pair, np.linspace(low, high, points), half)
        if found.settled or reach >= half:
            break
        reach = min(1.6 * reach, half)
    return found


def _integrated(pair: Pair, times: F64, half: float) -> Expected:
    mean, covariance, settled = _relative(pair, times)
    rate = _rate(mean, covariance, pair.radius_km)
    number = float(np.trapezoid(rate, times))
    peak = int(rate.argmax())
    if not number > 0.0:
        return Expected(0.0, float(times[peak]), float("nan"), bool(settled.all()))
    weight = rate / rate.sum()
    middle = float(weight @ times)
    width = float(np.sqrt(weight @ (times - middle) ** 2))
    whole = times[-1] - times[0] >= 1.999 * half
    ends = max(rate[0], rate[-1]) <= _TAIL * rate[peak]
    good = settled[rate > _TAIL * rate[peak]].all() and (ends or whole)
    return Expected(number, float(times[peak]), width, bool(good))


def _relative(
    pair: Pair, times: F64, rounds: int = _ROUNDS
) -> tuple[F64, F64, npt.NDArray[np.bool_]]:
    """Return mean and covariance of the relative state at each time, expanded where they collide.

    Returns
    -------
    (t, 6) array, (t, 6, 6) array, (t,) array of bool
        km, km/s; the last says where the iteration settled.
    """
    base = np.repeat(pair.elements[:, None, :], len(times), axis=1)
    now = base.copy()
    settled = np.zeros(len(times), dtype=bool)
    sigmas = np.sqrt(np.maximum([c.diagonal() for c in pair.covariances], 1e-30))
    for _ in range(rounds):
        states, partials = states_and_partials(now, times)
        spread = partials @ pair.covariances[:, None]
        own = states + np.einsum("otij,otj->oti", partials, base - now)
        mean = own[1] - own[0]
        covariance = (spread @ np.swapaxes(partials, -1, -2)).sum(axis=0)
        pull = np.linalg.solve(covariance[:, :3, :3], mean[:, :3, None])[..., 0]
        # Each orbit moves by its covariance times its partials times the common pull.
        towards = np.einsum("otik,ti->otk", spread[:, :, :3], pull)
        new = base + np.array([1.0, -1.0])[:, None, None] * towards
        change = np.abs(new - now) / sigmas[:, None, :]
        settled = change.max(axis=(0, 2)) < _SETTLED
        # A first guess from far away may be no ellipse; it stays where it is and is not settled.
        bound = np.hypot(new[..., 1], new[..., 2]) < _ROUNDEST
        now = np.where(bound[..., None], new, now)
        if settled.all():
            break
    return mean, covariance, settled


def _rate(mean: F64, covariance: F64, radius_km: float) -> F64:
    """Return the rate of entering the sphere at each time [1/s]."""
    normals, weights = _sphere()
    position, cross, velocity = (
        covariance[:, :3, :3],
        covariance[:, 3:, :3],
        covariance[:, 3:, 3:],
    )
    inverse = np.linalg.inv(position)
    gain = cross @ inverse
    apart = radius_km * normals[None] - mean[:, None, :3]
    effort = np.einsum("tki,tij,tkj->tk", apart, inverse, apart)
    _, log_det = np.linalg.slogdet(position)
    log_density = -0.5 * (effort + log_det[:, None] + 3.0 * np.log(2.0 * np.pi))
    drift = mean[:, None, 3:] + np.einsum("tij,tkj->tki", gain, apart)
    along = np.einsum("tki,ki->tk", drift, normals)
    rest = velocity - gain @ np.swapaxes(cross, -1, -2)
    sigma = np.sqrt(np.maximum(np.einsum("ki,tij,kj->tk", normals, rest, normals), 1e-30))
    z = along / (np.sqrt(2.0) * sigma)
    inward = sigma / np.sqrt(2.0 * np.pi) * np.exp(-(z**2)) - 0.5 * along * erfc(z)
    density = np.exp(np.maximum(log_density, _LEAST_RATE))
    return np.asarray(radius_km**2 * np.einsum("tk,k->t", density * inward, weights))


def _sphere() -> tuple[F64, F64]:
    """Directions and weights of a product rule: 12 heights, 24 longitudes."""
    height, weight = np.polynomial.legendre.leggauss(12)
    longitude = 2.0 * np.pi * np.arange(24) / 24.0
    across = np.sqrt(1.0 - height**2)
    x, y = np.outer(across, np.cos(longitude)), np.outer(across, np.sin(longitude))
    z = np.repeat(height[:, None], 24, axis=1)
    normals = np.stack([x, y, z], axis=-1).reshape(-1, 3)
    return normals, np.repeat(weight, 24) * 2.0 * np.pi / 24.0
