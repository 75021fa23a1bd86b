"""Drawing neighbours: relative motions that come close to the own slot after some warning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from skywright.errors import InputError
from skywright.ssa.clohessy_wiltshire import state_transition

F64 = npt.NDArray[np.float64]

CASES = ("passive", "circumnavigating", "phasing", "reacting", "several")
"""What the neighbours of a world may do; ``any`` draws one of them for each world."""

KEEP_KM = 1.0
"""Range to keep from every neighbour [km]."""

STEP_S = 600.0
"""Time between two decisions [s]."""

_MU = 398600.4418


@dataclass(frozen=True, slots=True)
class Drawn:
    """One neighbour for each of n worlds."""

    state: F64
    """Relative state at the beginning, shape (n, 6) [km, km/s]."""
    closest_s: F64
    """Time at which it comes closest [s]."""
    burn_step: npt.NDArray[np.int64]
    """Decision at which it changes its orbit; -1 if it does not."""
    burn_km_s: F64
    """By how much, shape (n, 3) [km/s]."""


def mean_motions(random: np.random.Generator, n: int) -> F64:
    """Draw mean motions of circular orbits 400 to 1,200 km high [rad/s]."""
    return np.asarray(np.sqrt(_MU / random.uniform(6778.0, 7578.0, n) ** 3))


def neighbours(random: np.random.Generator, case: str, n_rad_s: F64, horizon_s: float) -> Drawn:
    """Draw a neighbour for each world that breaks the keep-out range if nobody acts.

    It is farther than 1.5 times that range for the first half revolution, so there is warning.

    Raises
    ------
    InputError
        If there is no such case.
    """
    draw = _DRAWS.get(case)
    if draw is None:
        message = f"case is one of {', '.join((*CASES, 'any'))}, not {case!r}."
        raise InputError(message)
    drawn = draw(random, n_rad_s, horizon_s)
    for _ in range(200):
        bad = np.flatnonzero(~_fits(drawn, n_rad_s, horizon_s))
        if not bad.size:
            break
        again = draw(random, n_rad_s[bad], horizon_s)
        for name in ("state", "closest_s", "burn_step", "burn_km_s"):
            getattr(drawn, name)[bad] = getattr(again, name)
    return drawn


def _fits(drawn: Drawn, n: F64, horizon_s: float) -> npt.NDArray[np.bool_]:
    period = 2 * np.pi / n
    early = np.linspace(0, 0.5, 15) * period[:, None]
    start = np.linalg.norm(path(drawn, n, early), axis=-1)
    whole = np.arange(0.0, horizon_s, 120.0) + np.zeros((len(n), 1))
    later = np.linalg.norm(path(drawn, n, whole), axis=-1)
    near = later.min(axis=1) < 0.9 * KEEP_KM
    return np.asarray((start.min(axis=1) > 1.5 * KEEP_KM) & (start[:, 0] < 80.0) & near)


def path(drawn: Drawn, n: F64, times_s: F64) -> F64:
    """Return where neighbours are if nobody else acts: (n, t) times to (n, t, 3) positions."""
    free = _places(drawn.state, n, times_s)
    if not (drawn.burn_step >= 0).any():
        return free
    since = times_s - drawn.burn_step[:, None] * STEP_S
    kick = np.concatenate([np.zeros_like(drawn.burn_km_s), drawn.burn_km_s], axis=1)
    done = (drawn.burn_step[:, None] >= 0) & (since > 0)
    return np.asarray(free + np.where(done[..., None], _places(kick, n, since), 0.0))


def _places(state: F64, n: F64, times_s: F64) -> F64:
    """Return places of coasting, as `state_transition` has them, without its matrices."""
    x, y, z, vx, vy, vz = state.T[..., None]
    vx, vy, vz = vx / n[:, None], vy / n[:, None], vz / n[:, None]
    angle = n[:, None] * times_s
    s, c = np.sin(angle), np.cos(angle)
    radial = (4 - 3 * c) * x + s * vx + 2 * (1 - c) * vy
    along = 6 * (s - angle) * x + y - 2 * (1 - c) * vx + (4 * s - 3 * angle) * vy
    return np.stack([radial, along, c * z + s * vz], axis=-1)


def _direction(random: np.random.Generator, n: int) -> F64:
    one = random.normal(size=(n, 3))
    return np.asarray(one / np.linalg.norm(one, axis=1, keepdims=True))


def _passing(random: np.random.Generator, n: F64, horizon_s: float) -> Drawn:
    """Pass within 0.7 km at 1 to 6 m/s, 0.75 to 3 revolutions from now."""
    count = len(n)
    period = 2 * np.pi / n
    most = np.minimum(3.0, horizon_s / period - 0.15)
    at_s = random.uniform(0.75, most) * period
    velocity = _direction(random, count)
    across = np.cross(velocity, _direction(random, count))
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    miss = across * random.uniform(0.0, 0.7 * KEEP_KM, (count, 1))
    speed = random.uniform(1e-3, 6e-3, (count, 1))
    there = np.concatenate([miss, velocity * speed], axis=1)
    state = (state_transition(n, -at_s) @ there[..., None])[..., 0]
    return Drawn(state, at_s, np.full(count, -1), np.zeros((count, 3)))


def _circling(random: np.random.Generator, n: F64, horizon_s: float) -> Drawn:
    """Ride a 2:1 ellipse whose centre drifts towards the slot."""
    count = len(n)
    size = random.uniform(1.5, 4.0, count)
    phase, tilt = random.uniform(0, 2 * np.pi, (2, count))
    side = random.choice([-1.0, 1.0], count)
    drift = -side * random.uniform(1.0, 4.0, count) * n / (2 * np.pi)
    height = -drift / (1.5 * n)  # a centre x high drifts by -1.5 n x
    cross = random.uniform(0.0, 1.0, count)
    centre = side * (2 * size + random.uniform(1.5, 6.0, count))
    state = np.stack(
        [
            height + size * np.cos(phase),
            centre - 2 * size * np.sin(phase),
            cross * np.sin(tilt),
            -n * size * np.sin(phase),
            drift - 2 * n * size * np.cos(phase),
            n * cross * np.cos(tilt),
        ],
        axis=1,
    )
    return Drawn(state, np.full(count, 0.5 * horizon_s), np.full(count, -1), np.zeros((count, 3)))


def _phasing(random: np.random.Generator, n: F64, horizon_s: float) -> Drawn:
    """Pass as a passive one does, but only since a burn that it makes on the way."""
    drawn = _passing(random, n, horizon_s)
    count = len(n)
    latest = np.maximum((drawn.closest_s - 0.6 * 2 * np.pi / n) / STEP_S, 1.0)
    step = random.uniform(0.0, latest).astype(np.int64)
    burn = random.normal(0.0, 1.0, (count, 3)) * np.array([0.05e-3, 0.4e-3, 0.05e-3])
    kick = np.concatenate([np.zeros((count, 3)), burn], axis=1)
    before = (state_transition(n, np.asarray(-step * STEP_S, np.float64)) @ kick[..., None])[..., 0]
    return Drawn(drawn.state - before, drawn.closest_s, step, burn)


_DRAWS: dict[str, Callable[[np.random.Generator, F64, float], Drawn]] = {
    "passive": _passing,
    "circumnavigating": _circling,
    "phasing": _phasing,
    "reacting": _passing,
    "several": _passing,
}
