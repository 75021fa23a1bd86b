"""Move orbits through time: DOP853 with adaptive steps, forward and backward.

The relative tolerance is 1e-12. Smaller values gain nothing: near the Earth the rounding of planet
positions then looks like an error that no step is short enough to remove, so there is a shortest
step as well.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from skywright.errors import EphemerisRangeError, OrbitError
from skywright.orbits._de440_table import FIRST_JD_TDB, LAST_JD_TDB
from skywright.orbits._dop853 import STAGES, derivative, dop853_step, first_step, next_step
from skywright.orbits._jit import kernel, leaf
from skywright.orbits.constants import J2000_JD
from skywright.orbits.dynamics import RADIUS_AU, STANDARD_MODEL, ForceModel, World, prepare_world
from skywright.orbits.ephemeris import body_state
from skywright.orbits.threads import map_slices

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

TOLERANCE = 1e-12
"""Local error of a step relative to distance and speed."""

SHORTEST_STEP_D = 1e-5
"""About a second: far below the dynamical time at any surface, so it never costs accuracy."""

ARRIVED, HIT, GAVE_UP = 0, 1, 2
"""How an integration ended: at the target, in a body, or after too many steps."""


@leaf
def most_steps(span_d: float) -> int:
    """Return how many steps an integration may take: 25 times what a near-Earth orbit needs.

    What needs more circles a planet closely; it is given up after a second or two a century.
    """
    return 20_000 + int(3.0 * abs(span_d))


@leaf
def body_inside(y: F64, field: F64) -> int:
    """Return the index of the body whose surface encloses the particle, or -1."""
    for b in range(RADIUS_AU.size):
        dx, dy, dz = y[0] - field[b, 0], y[1] - field[b, 1], y[2] - field[b, 2]
        if dx * dx + dy * dy + dz * dz < RADIUS_AU[b] * RADIUS_AU[b]:
            return b
    return -1


@leaf
def advance(
    t_d: float,
    h: float,
    stop_d: float,
    y: F64,
    world: World,
    nongrav: F64,
    field: F64,
    k: F64,
    y_new: F64,
) -> tuple[float, float]:
    """Take one accepted step that does not pass ``stop_d``.

    The arrays are those of `dop853_step`. The state at the end is left in ``y_new``; the caller
    copies it, and ``k[12]`` to ``k[0]``.

    Returns
    -------
    tuple of float
        Length of the step taken and of the step to try next [d]. The step taken reaches ``stop_d``
        exactly where it equals ``stop_d - t_d``.
    """
    most = 6.0
    while True:
        # A last step that would leave a crumb is stretched to the end.
        last = abs(h) * 1.01 >= abs(stop_d - t_d)
        step = stop_d - t_d if last else h
        error = dop853_step(t_d, step, y, world, nongrav, field, k, y_new) / TOLERANCE
        following = next_step(step, error, most)
        if error <= 1.0 or abs(step) <= SHORTEST_STEP_D:
            if last and abs(following) < abs(h):
                following = h
            if abs(following) < SHORTEST_STEP_D:
                following = np.copysign(SHORTEST_STEP_D, step)
            return step, following
        most = 1.0
        h = following
        if abs(h) < SHORTEST_STEP_D or not abs(h) > 0.0:
            h = np.copysign(SHORTEST_STEP_D, step)


@kernel
def integrate(t_d: float, stop_d: float, y: F64, world: World, nongrav: F64, field: F64) -> int:
    """Carry the barycentric state ``y`` in place from one time to another.

    Returns
    -------
    int
        `ARRIVED`, `HIT` or `GAVE_UP`; ``y`` holds the last state reached.
    """
    k, y_new = np.empty((STAGES, 6)), np.empty(6)
    derivative(t_d, y, world, nongrav, field, k[0])
    if body_inside(y, field) >= 0:
        return HIT
    h = first_step(y, field, world[2], stop_d - t_d)
    steps_left = most_steps(stop_d - t_d)
    while t_d != stop_d:
        step, h = advance(t_d, h, stop_d, y, world, nongrav, field, k, y_new)
        t_d = stop_d if step == stop_d - t_d else t_d + step
        for c in range(6):  # loops compile in a tenth of the time of array assignments
            y[c] = y_new[c]
            k[0, c] = k[12, c]
        if body_inside(y, field) >= 0:
            return HIT
        steps_left -= 1
        if steps_left == 0:
            return GAVE_UP
    return ARRIVED


@kernel
def _integrate_rows(
    lo: int, hi: int, start_d: F64, stop_d: F64, y: F64, world: World, nongrav: F64, ended: I64
) -> None:
    field = np.empty((world[1][0] + 1, 3))
    for n in range(lo, hi):
        ended[n] = integrate(start_d[n], stop_d[n], y[n], world, nongrav[n], field)


def propagate(
    states: npt.ArrayLike,
    epoch_jd_tdb: npt.ArrayLike,
    target_jd_tdb: npt.ArrayLike,
    model: ForceModel = STANDARD_MODEL,
    *,
    threads: int = 0,
    cancelled: Callable[[], bool] | None = None,
) -> F64:
    """Return where objects are at other dates.

    Parameters
    ----------
    states : array-like, shape (n, 6)
        Heliocentric positions [au] and velocities [au/d], ecliptic J2000.
    epoch_jd_tdb, target_jd_tdb : array-like, shape (n,) or scalar
        Dates of the states and dates wanted [JD TDB]; either may be the earlier.
    model : ForceModel
        Which forces act.
    threads : int
        Threads to use; 0 means one per available core.
    cancelled : callable, optional
        Asked between slices of rows.

    Returns
    -------
    ndarray, shape (n, 6)
        Heliocentric states at the target dates [au, au/d]; NaN for an object that hits the Sun, a
        planet or the Moon on the way, starts inside one, or circles one so closely that it was
        given up.

    Raises
    ------
    OrbitError
        If a state is not finite or has a wrong shape.
    EphemerisRangeError
        If a date lies outside DE440.
    """
    y, start, stop = checked(states, epoch_jd_tdb, target_jd_tdb)
    n = len(y)
    if n == 0:
        return y
    nongrav = model.nongrav_of(n)
    world = prepare_world(
        model, float(min(start.min(), stop.min())), float(max(start.max(), stop.max()))
    )
    y += body_state("sun", start, center="barycenter")
    ended = np.zeros(n, dtype=np.int64)

    def work(lo: int, hi: int) -> None:
        _integrate_rows(lo, hi, start - J2000_JD, stop - J2000_JD, y, world, nongrav, ended)

    map_slices(n, work, threads=threads, cancelled=cancelled)
    y -= body_state("sun", stop, center="barycenter")
    y[ended != ARRIVED] = np.nan
    return y


def checked(
    states: npt.ArrayLike, epoch_jd_tdb: npt.ArrayLike, target_jd_tdb: npt.ArrayLike
) -> tuple[F64, F64, F64]:
    """Return states (a copy) and dates as arrays of n rows.

    Raises
    ------
    OrbitError
        If a state is not finite or of another shape.
    EphemerisRangeError
        If a date lies outside DE440 or is not a number.
    """
    y = np.array(states, dtype=np.float64, ndmin=2)
    if y.ndim != 2 or (y.size and y.shape[1] != 6):
        message = f"States must have the shape (n, 6), x y z vx vy vz, not {y.shape}."
        raise OrbitError(message)
    n = len(y) if y.size else 0
    y = y.reshape(n, 6)
    bad = np.flatnonzero(~np.isfinite(y).all(axis=1))
    if bad.size:
        message = f"State {bad[0] + 1} of {n} has a value that is not finite: {y[bad[0]].tolist()}."
        raise OrbitError(message)
    dates = []
    for name, value in (("epoch", epoch_jd_tdb), ("target", target_jd_tdb)):
        date = np.array(np.broadcast_to(np.asarray(value, dtype=np.float64), (n,)))
        outside = np.flatnonzero(~((date >= FIRST_JD_TDB) & (date <= LAST_JD_TDB)))
        if outside.size:
            message = (
                f"The {name} JD {date[outside[0]]:.9g} TDB of state {outside[0] + 1} lies outside "
                f"DE440, which covers JD {FIRST_JD_TDB} to {LAST_JD_TDB} TDB."
            )
            raise EphemerisRangeError(message)
        dates.append(date)
    return y, dates[0], dates[1]
