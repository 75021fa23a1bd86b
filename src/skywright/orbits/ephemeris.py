"""Where the Sun, the planets, the Moon and Pluto are: DE440 as one table that kernels read.

Positions are barycentric, in the mean ecliptic and equinox of J2000, in au; times are TDB, in
kernels as days since J2000.0 (``t_d``). From Mars outwards a "planet" is the barycentre of its
system, as in DE440. The Earth is placed opposite the Moon about their barycentre by the ratio of
their masses, which saves one series.

References
----------
.. [1] Park, Folkner, Williams & Boggs (2021), AJ 161, 105 (DE440).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from skywright.errors import EphemerisRangeError, InputError
from skywright.orbits._de440_table import (
    ASTEROID_BLOCK,
    ASTEROID_D,
    ASTEROID_POWERS,
    ASTEROID_WIDTH,
    BLOCK,
    BLOCK_D,
    FIRST_JD_TDB,
    INNER,
    INNER_WIDTH,
    LAST_JD_TDB,
    MOON_D,
    MOON_POWERS,
    MOON_START,
    OUTER,
    SUN_START,
    TOP,
    WIDTH,
    read_table,
)
from skywright.orbits._jit import inline, kernel, leaf
from skywright.orbits.constants import GM_KM3_S2, J2000_JD

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

BODIES = (
    "sun",
    "mercury",
    "venus",
    "earth",
    "moon",
    "mars",
    "jupiter",
    "saturn",
    "uranus",
    "neptune",
    "pluto",
)
"""Order of the rows that the kernels fill."""

_N_BODIES = len(BODIES)
_EARTH, _MOON = BODIES.index("earth"), BODIES.index("moon")
_MOON_EARTH_MASS = GM_KM3_S2["moon"] / GM_KM3_S2["earth"]
_WINDOW_D = 20 * 365.25  # windows grow in blocks, so that like requests share one table


@dataclass(frozen=True, slots=True)
class Ephemeris:
    """Polynomials of all bodies over a span of dates, in the shape that the kernels take."""

    table: F64
    """Blocks of polynomials [au], flat; ``_de440_table.py`` tells their order."""
    layout: I64
    """Number of bodies (11, or 27 with the asteroids), first days and numbers of the blocks."""
    start_jd_tdb: float
    """First date covered [JD TDB]."""
    stop_jd_tdb: float
    """Last date covered [JD TDB]."""


@inline
def _block(t_d: float, first: float, days: float, blocks: int) -> tuple[int, float]:
    """Return the block that holds a date, and the scaled time in it."""
    k = int(np.floor((t_d - first) / days))
    k = min(max(k, 0), blocks - 1)
    return k, (t_d - (first + (k + 0.5) * days)) * (2.0 / days)


@leaf
def _place_moon(p: int, tau: float, table: F64, out: F64) -> None:
    """Part Earth and Moon, whose barycentre stands in the Earth's place."""
    x, y, z = table[p], table[p + 1], table[p + 2]
    for _ in range(MOON_POWERS - 1):
        p += 3
        x = x * tau + table[p]
        y = y * tau + table[p + 1]
        z = z * tau + table[p + 2]
    out[_MOON, 0], out[_MOON, 1] = out[_EARTH, 0] + x, out[_EARTH, 1] + y
    out[_MOON, 2] = out[_EARTH, 2] + z
    out[_EARTH, 0] -= _MOON_EARTH_MASS * x
    out[_EARTH, 1] -= _MOON_EARTH_MASS * y
    out[_EARTH, 2] -= _MOON_EARTH_MASS * z


@leaf
def _place_asteroids(t_d: float, table: F64, layout: I64, out: F64) -> None:
    k, tau = _block(t_d, 0.5 * layout[4], ASTEROID_D, layout[5])
    p = layout[3] + k * ASTEROID_BLOCK
    for c in range(ASTEROID_WIDTH):
        x = table[p + c]
        for j in range(1, ASTEROID_POWERS):
            x = x * tau + table[p + j * ASTEROID_WIDTH + c]
        out[_N_BODIES, c] = x
    for b in range(_N_BODIES, layout[0]):
        for c in range(3):
            out[b, c] += out[0, c]


@leaf
def body_positions(t_d: float, table: F64, layout: I64, out: F64) -> None:
    """Fill ``out`` with the positions of all bodies.

    Parameters
    ----------
    t_d : float
        Days of TDB since J2000.0; must lie within the table (dates outside are extrapolated).
    table, layout : ndarray
        Of an `Ephemeris`.
    out : ndarray, shape (bodies, 3) or more rows, C-contiguous
        Barycentric positions [au], ecliptic J2000, in the order of `BODIES`, then the asteroids,
        where the table has them and there is room.
    """
    # out[0, c] runs through all rows of the contiguous array: a reshaped view would cost as much as
    # several bodies. Each coordinate goes through its powers in a register, several side by side.
    first = 0.5 * layout[1]
    k, tau = _block(t_d, first, BLOCK_D, layout[2])
    p = k * BLOCK + 3
    for c in range(INNER_WIDTH):
        x = table[p + c]
        for j in range(1, TOP - INNER):
            x = x * tau + table[p + j * INNER_WIDTH + c]
        out[0, c] = x
    lift = (tau * tau * tau) ** 2
    for c in range(3):
        out[1, c] += table[p - 3 + c] * lift
    for c in range(INNER_WIDTH, WIDTH):
        out[0, c] = 0.0
    p += (TOP - INNER) * INNER_WIDTH
    for c in range(WIDTH):
        x = out[0, c]
        for j in range(OUTER):
            x = x * tau + table[p + j * WIDTH + c]
        out[0, c] = x
    half, tau = _block(t_d, first + k * BLOCK_D, MOON_D, 2)
    _place_moon(k * BLOCK + MOON_START + half * 3 * MOON_POWERS, tau, table, out)
    if _N_BODIES < layout[0] <= out.shape[0]:
        _place_asteroids(t_d, table, layout, out)


@leaf
def sun_velocity(t_d: float, table: F64, layout: I64, out: F64) -> None:
    """Fill ``out``, shape (3,), with the barycentric velocity of the Sun [au/d], to 1e-12."""
    k, tau = _block(t_d, 0.5 * layout[1], BLOCK_D, layout[2])
    p = k * BLOCK + SUN_START
    x, y, z = table[p], table[p + 1], table[p + 2]
    for _ in range(OUTER - 1):
        p += 3
        x = x * tau + table[p]
        y = y * tau + table[p + 1]
        z = z * tau + table[p + 2]
    out[0], out[1], out[2] = x, y, z


@leaf
def body_states(t_d: float, table: F64, layout: I64, out: F64) -> None:
    """Fill ``out`` with the positions and velocities of all bodies but the asteroids.

    Parameters
    ----------
    t_d : float
        Days of TDB since J2000.0.
    table, layout : ndarray
        Of an `Ephemeris`.
    out : ndarray, shape (11, 6)
        Barycentric positions [au] and velocities [au/d], ecliptic J2000, in the order of `BODIES`.
    """
    first = 0.5 * layout[1]
    k, tau = _block(t_d, first, BLOCK_D, layout[2])
    half, moon_tau = _block(t_d, first + k * BLOCK_D, MOON_D, 2)
    inner = k * BLOCK + 3
    outer = inner + (TOP - INNER) * INNER_WIDTH
    for b in range(_N_BODIES):
        for c in range(3):
            column = 3 * b + c
            x, v = 0.0, 0.0
            if b == 1:
                x = table[k * BLOCK + c]
            if column < INNER_WIDTH:
                for j in range(TOP - INNER):
                    v = v * tau + x
                    x = x * tau + table[inner + j * INNER_WIDTH + column]
            for j in range(OUTER):
                v = v * tau + x
                x = x * tau + table[outer + j * WIDTH + column]
            out[b, c] = x
            out[b, c + 3] = v * (2.0 / BLOCK_D)
    for c in range(3):
        p = k * BLOCK + MOON_START + half * 3 * MOON_POWERS + c
        moon, rate = table[p], 0.0
        for _ in range(MOON_POWERS - 1):
            p += 3
            rate = rate * moon_tau + moon
            moon = moon * moon_tau + table[p]
        rate *= 2.0 / MOON_D
        out[_MOON, c] = out[_EARTH, c] + moon
        out[_MOON, c + 3] = out[_EARTH, c + 3] + rate
        out[_EARTH, c] -= _MOON_EARTH_MASS * moon
        out[_EARTH, c + 3] -= _MOON_EARTH_MASS * rate


@kernel
def _states_at(t_d: F64, body: int, center: int, table: F64, layout: I64, out: F64) -> None:
    states = np.empty((_N_BODIES, 6))
    for k in range(t_d.size):
        body_states(t_d[k], table, layout, states)
        for c in range(6):
            out[k, c] = states[body, c] - (states[center, c] if center >= 0 else 0.0)


def body_index(body: str) -> int:
    """Return the row of a body in `BODIES`.

    Raises
    ------
    InputError
        If there is no such body; lists the choices.
    """
    name = body.strip().lower()
    if name not in BODIES:
        message = f"There is no body {body!r} in the ephemeris; choose from {', '.join(BODIES)}."
        raise InputError(message)
    return BODIES.index(name)


def body_state(body: str, jd_tdb: npt.ArrayLike, center: str = "sun") -> F64:
    """Return states of a body, ecliptic J2000.

    Parameters
    ----------
    body : str
        One of `BODIES`.
    jd_tdb : array-like, shape (n,) or scalar
        Dates [JD TDB].
    center : str
        One of `BODIES`, or ``"barycenter"`` of the Solar System.

    Returns
    -------
    ndarray, shape (n, 6)
        Positions [au] and velocities [au/d] relative to the centre (n = 1 for a scalar).

    Raises
    ------
    EphemerisRangeError
        If a date lies outside DE440.
    InputError
        If a name is unknown.
    """
    dates = np.atleast_1d(np.asarray(jd_tdb, dtype=np.float64))
    out = np.empty((dates.size, 6))
    if dates.size == 0:
        return out
    origin = -1 if center in {"barycenter", "ssb"} else body_index(center)
    ephemeris = load_ephemeris(float(np.min(dates)), float(np.max(dates)))
    _states_at(dates - J2000_JD, body_index(body), origin, ephemeris.table, ephemeris.layout, out)
    return out


_lock = threading.Lock()
_loaded: dict[bool, Ephemeris] = {}  # by asteroids or not: the widest window asked for so far


def load_ephemeris(
    start_jd_tdb: float, stop_jd_tdb: float, *, asteroids: bool = False
) -> Ephemeris:
    """Return an ephemeris that covers a span of dates.

    One table is kept and grows by blocks of 20 years, about 3.3 MB each, so that all callers share
    it. The position at a date does not depend on the window, to the last bit.

    Parameters
    ----------
    start_jd_tdb, stop_jd_tdb : float
        First and last date needed [JD TDB], in either order.
    asteroids : bool
        Append 16 asteroids of the main belt (the optional part ``asteroids``).

    Returns
    -------
    Ephemeris
        Covers at least the span.

    Raises
    ------
    EphemerisRangeError
        If the span leaves DE440 or is not a number; names the allowed dates.
    MissingExtraError
        If the asteroids are not installed.
    """
    start, stop = sorted((start_jd_tdb, stop_jd_tdb))
    _refuse_outside(start, stop)
    with _lock:
        have = _loaded.get(asteroids)
        if have is not None:
            if have.start_jd_tdb <= start and stop <= have.stop_jd_tdb:
                return have
            start, stop = min(start, have.start_jd_tdb), max(stop, have.stop_jd_tdb)
        _loaded[asteroids] = _read(start, stop, asteroids=asteroids)
        return _loaded[asteroids]


def _refuse_outside(start: float, stop: float) -> None:
    if start >= FIRST_JD_TDB and stop <= LAST_JD_TDB:
        return
    bad = stop if start >= FIRST_JD_TDB else start
    message = (
        f"The date JD {bad:.9g} TDB lies outside the planetary ephemeris DE440, which covers "
        f"JD {FIRST_JD_TDB} to {LAST_JD_TDB} TDB (1549-12-31 to 2650-01-25)."
    )
    looks_modified = 0 < bad < 100_000
    hint = "It looks like a modified Julian date: add 2400000.5." if looks_modified else ""
    raise EphemerisRangeError(message, hint=hint)


def _read(start_jd: float, stop_jd: float, *, asteroids: bool) -> Ephemeris:
    """Read the blocks of 20 years that cover a span."""
    lo = J2000_JD + np.floor((start_jd - J2000_JD) / _WINDOW_D) * _WINDOW_D
    hi = J2000_JD + np.ceil((stop_jd - J2000_JD) / _WINDOW_D) * _WINDOW_D
    lo, hi = max(float(lo), FIRST_JD_TDB), min(float(hi), LAST_JD_TDB)
    table, layout = read_table(lo, hi, asteroids=asteroids)
    return Ephemeris(table, layout, lo, hi)
