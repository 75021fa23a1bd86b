"""Element sets as a catalogue makes them: SGP4 fitted to an arc of positions before each epoch.

A burn inside the arc is smeared over the sets after it (``seen``). The fit is Gauss
and Newton's with SGP4 itself for the residuals and Kepler's motion with the secular rates of J2
for the partial derivatives (Vallado 2013, section 10.4): those need not be exact to converge.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl
from sgp4.api import WGS72, Satrec

from skywright.orbits._jit import kernel, leaf
from skywright.ssa.element_sets import EARTH_RADIUS_KM, GM_EARTH_KM3_S2
from skywright.ssa.relative_elements import J2
from skywright.ssa.simulation.observation import Schedule
from skywright.ssa.simulation.seen import Seen
from skywright.ssa.simulation.truth import Track

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

ARC_D = {"leo": (3.5, 8.0), "geo": (3.5, 6.0), "meo": (2.0, 5.0), "heo": (2.0, 5.0)}
"""Shortest and longest arc that sets of a regime are fitted to [d]."""

SETTLE_D = {"leo": (0.15, 0.8), "geo": (0.5, 1.5), "meo": (0.5, 1.5), "heo": (0.5, 1.5)}
"""Shortest and longest time in which a catalogue settles on a new orbit [d]."""

ERROR_SHARE = {"leo": 0.8, "geo": 0.8}
"""Share of the real errors that is added: the rest comes from the fit of SGP4 itself."""

_ITERATIONS = 7
_CLOSE_ENOUGH_KM = 0.003
_PRIOR = 0.3
_DELTA = 1e-6
_SGP4_EPOCH_JD = 2433281.5
_UNIX_EPOCH_JD = 2440587.5
_UNIX = datetime(1970, 1, 1)  # noqa: DTZ001 - times inside are UTC without a zone
_BSTAR_LIMIT = 0.05


@dataclass(frozen=True, slots=True)
class Catalogue:
    """How one object is kept."""

    norad_id: int
    regime: str
    arc_d: float
    """Length of the arcs [d]."""
    settle_d: float
    """Time in which it settles on a new orbit [d]."""
    fits_drag: bool
    """Whether B* is solved for; else it stays at zero."""


@leaf
def position(x: F64, t_s: float, out: F64) -> None:
    """Write the position [km] of equinoctial mean elements after a time by Kepler and J2.

    Parameters
    ----------
    x : (6,) array
        Semi-major axis [km], k = e cos, h = e sin of the longitude of perigee, q, p = tan(i/2)
        times cos, sin of the node, mean longitude [rad].
    """
    a, k, h, q, p = x[0], x[1], x[2], x[3], x[4]
    e2, s2 = k * k + h * h, q * q + p * p
    cos_i = (1.0 - s2) / (1.0 + s2)
    n = np.sqrt(GM_EARTH_KM3_S2 / (a * a * a))
    c = 1.5 * J2 * (EARTH_RADIUS_KM / (a * (1.0 - e2))) ** 2 * n
    node = -c * cos_i * t_s
    peri = c * (2.0 - 2.5 * (1.0 - cos_i * cos_i)) * t_s + node
    rate = n + 0.5 * c * np.sqrt(1.0 - e2) * (3.0 * cos_i * cos_i - 1.0)
    longitude = x[5] + rate * t_s + peri
    cos, sin = np.cos(peri), np.sin(peri)
    k, h = k * cos - h * sin, h * cos + k * sin
    cos, sin = np.cos(node), np.sin(node)
    q, p = q * cos - p * sin, p * cos + q * sin
    f = longitude
    for _ in range(12):
        step = (f + h * np.cos(f) - k * np.sin(f) - longitude) / (
            1.0 - h * np.sin(f) - k * np.cos(f)
        )
        f -= step
        if abs(step) < 1e-13:
            break
    b = 1.0 / (1.0 + np.sqrt(1.0 - e2))
    cf, sf = np.cos(f), np.sin(f)
    u = a * ((1.0 - h * h * b) * cf + h * k * b * sf - k)
    w = a * ((1.0 - k * k * b) * sf + h * k * b * cf - h)
    d = 1.0 + q * q + p * p
    out[0] = (u * (1.0 - p * p + q * q) + w * 2.0 * p * q) / d
    out[1] = (u * 2.0 * p * q + w * (1.0 + p * p - q * q)) / d
    out[2] = (-u * 2.0 * p + w * 2.0 * q) / d


@kernel
def correction(x: F64, t_s: F64, missed: F64, drag: F64, prior: float) -> F64:
    """Return the least-squares change of six elements and B*; (7,).

    Parameters
    ----------
    missed : (m, 3) array
        True minus modelled positions [km].
    drag : (m, 3) array
        Partial derivative of the positions by B*; zeros to leave it.
    prior : float
        Weight that holds B* where it is.
    """
    m = len(t_s)
    scale = np.array([1.0, 1e-4, 1e-4, 1e-4, 1e-4, 1e-4])
    normal, right = np.zeros((7, 7)), np.zeros(7)
    row, up, down, moved = np.empty((3, 7)), np.empty(3), np.empty(3), x.copy()
    for i in range(m):
        for c in range(6):
            moved[c] = x[c] + scale[c] * 0.1
            position(moved, t_s[i], up)
            moved[c] = x[c] - scale[c] * 0.1
            position(moved, t_s[i], down)
            moved[c] = x[c]
            for j in range(3):
                row[j, c] = (up[j] - down[j]) / 0.2
        for j in range(3):
            row[j, 6] = drag[i, j] * 1e-4
            for c in range(7):
                right[c] += row[j, c] * missed[i, j]
                for d in range(7):
                    normal[c, d] += row[j, c] * row[j, d]
    normal[6, 6] += prior
    for c in range(7):
        normal[c, c] *= 1.0 + 1e-10
    solved = np.linalg.solve(normal, right)
    out = np.empty(7)
    for c in range(6):
        out[c] = solved[c] * scale[c]
    out[6] = solved[6] * 1e-4
    return out


def equinoctial(state: F64) -> F64:
    """Return equinoctial elements of states [km, km/s], in the order of `position`; (n, 6)."""
    r, v = state[:, :3], state[:, 3:]
    distance = np.linalg.norm(r, axis=1)
    speed2 = np.einsum("ni,ni->n", v, v)
    a = 1.0 / (2.0 / distance - speed2 / GM_EARTH_KM3_S2)
    normal = np.cross(r, v)
    momentum = np.linalg.norm(normal, axis=1)
    w = normal / momentum[:, None]
    p, q = w[:, 0] / (1.0 + w[:, 2]), -w[:, 1] / (1.0 + w[:, 2])
    d = (1.0 + p * p + q * q)[:, None]
    f = np.stack([1.0 - p * p + q * q, 2.0 * p * q, -2.0 * p], axis=1) / d
    g = np.stack([2.0 * p * q, 1.0 + p * p - q * q, 2.0 * q], axis=1) / d
    pull = np.cross(v, normal) / GM_EARTH_KM3_S2 - r / distance[:, None]
    k, h = np.einsum("ni,ni->n", pull, f), np.einsum("ni,ni->n", pull, g)
    x, y = np.einsum("ni,ni->n", r, f), np.einsum("ni,ni->n", r, g)
    b = np.sqrt(1.0 - h * h - k * k)
    beta = 1.0 / (1.0 + b)
    cos = k + ((1.0 - k * k * beta) * x - h * k * beta * y) / (a * b)
    sin = h + ((1.0 - h * h * beta) * y - h * k * beta * x) / (a * b)
    longitude = np.arctan2(sin, cos)
    mean = longitude + h * np.cos(longitude) - k * np.sin(longitude)
    return np.asarray(np.stack([a, k, h, q, p, mean], axis=1), dtype=np.float64)


def element_sets(track: Track, plan: Schedule, how: Catalogue) -> pl.DataFrame:
    """Make the history of one object.

    Parameters
    ----------
    track : Track
        True states.
    plan : Schedule
        Epochs, receipts and errors.
    how : Catalogue
        How the object is kept.

    Returns
    -------
    DataFrame
        As in ``ssa.element_sets``, with ``received_utc``; sets without enough truth are left out.
    """
    rows: list[dict[str, object]] = []
    seen = Seen(track, how.arc_d * 86400.0, how.settle_d * 86400.0)
    bstar, latest = 0.0, -np.inf
    for k, epoch in enumerate(plan.epoch_s):
        at = _to_node(track, float(epoch)) if how.regime == "leo" else float(epoch)
        arc = seen.arc(at)
        if arc is None or at <= latest:
            continue
        fitted, bstar, good = _fit(track, at, arc, bstar, how)
        elements = _off(fitted, plan.deviation_km[k] * ERROR_SHARE.get(how.regime, 1.0))
        told = bstar + plan.bstar_share[k] * max(abs(bstar), 1e-6) * 0.5 * how.fits_drag
        made = _row(how.norad_id, track, at, elements, told) if good else None
        if made is not None:
            rows.append(made | {"received_utc": _utc(track, float(plan.received_s[k]))})
            latest = at
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "norad_id": pl.Int64,
    "epoch_utc": pl.Datetime("us"),
    "received_utc": pl.Datetime("us"),
    "mean_motion_rev_day": pl.Float64,
    "eccentricity": pl.Float64,
    "inclination_deg": pl.Float64,
    "raan_deg": pl.Float64,
    "argp_deg": pl.Float64,
    "mean_anomaly_deg": pl.Float64,
    "bstar": pl.Float64,
}
"""Columns of a simulated history."""


def _to_node(track: Track, at_s: float) -> float:
    """Move an epoch back to the last ascending node, as catalogues of low orbits do."""
    high = min(int(at_s / track.step_s), track.high)
    low = max(high - int(7000.0 / track.step_s), track.low)
    z = track.states[low : high + 1, 2]
    up = np.flatnonzero((z[:-1] < 0.0) & (z[1:] >= 0.0))
    if not len(up):
        return at_s
    row = int(up[-1])
    part = z[row] / (z[row] - z[row + 1])
    return (low + row + float(part)) * track.step_s


def _fit(
    track: Track, at_s: float, arc: tuple[I64, F64], bstar: float, how: Catalogue
) -> tuple[F64, float, bool]:
    """Fit SGP4 to believed positions; elements at the epoch, B*, and whether it went well."""
    rows, true = arc
    x = _averaged(track, at_s)
    t = np.asarray(rows * track.step_s - at_s, dtype=np.float64)
    jd, fraction = _jd(track, at_s)
    days: F64 = np.full(len(t), jd)
    when = days, np.asarray(fraction + t / 86400.0, dtype=np.float64)
    drag, prior, rms = np.zeros((len(t), 3)), 1e6, np.inf
    for turn in range(_ITERATIONS):
        found = _positions(x, bstar, (jd, fraction), when)
        if found is None:
            return x, bstar, False
        missed: F64 = np.asarray(true - found, dtype=np.float64)
        was, rms = rms, float(np.sqrt(np.mean(missed * missed)))
        if abs(was - rms) < _CLOSE_ENOUGH_KM:
            break
        if how.fits_drag and turn == 1:
            more = _positions(x, bstar + _DELTA, (jd, fraction), when)
            if more is not None:
                drag, prior = (more - found) / _DELTA, _PRIOR
        change = correction(x, t, missed, drag, prior)
        x = x + change[:6]
        bstar = float(np.clip(bstar + change[6], -_BSTAR_LIMIT, _BSTAR_LIMIT))
    return x, bstar, bool(rms < 2000.0)


def _averaged(track: Track, at_s: float) -> F64:
    """Osculating elements averaged over the revolution before a time, carried to it; (6,)."""
    last = min(int(at_s / track.step_s), track.high)
    osculating = equinoctial(track.states[last : last + 1])[0]
    n = np.sqrt(GM_EARTH_KM3_S2 / osculating[0] ** 3)
    first = max(last - round(2.0 * np.pi / n / track.step_s), track.low)
    some = equinoctial(track.states[first : last + 1])
    t = np.arange(first, last + 1) * track.step_s - at_s
    mean = some.mean(axis=0)
    longitude = np.unwrap(some[:, 5])
    slope, at_zero = np.polyfit(t, longitude, 1)
    mean[0] = (GM_EARTH_KM3_S2 / slope**2) ** (1.0 / 3.0) if slope > 0.0 else mean[0]
    mean[5] = at_zero
    return np.asarray(mean)


def _utc(track: Track, at_s: float) -> datetime:
    return track.around.start_utc + timedelta(seconds=at_s)


def _jd(track: Track, at_s: float) -> tuple[float, float]:
    start = track.around.start_utc
    days = (start - _UNIX).total_seconds() / 86400.0 + _UNIX_EPOCH_JD
    whole = np.floor(days - 0.5) + 0.5
    return float(whole), float(days - whole + at_s / 86400.0)


def _is_orbit(x: F64) -> bool:
    """Whether SGP4 can take the elements at all."""
    return bool(np.isfinite(x).all() and x[0] > 6000.0 and np.hypot(x[1], x[2]) < 0.98)


def _kozai(x: F64) -> tuple[float, float, float, float, float, float]:
    """Return mean motion [rad/min], e, i, node, perigee, anomaly [rad] as SGP4 takes them."""
    a, k, h, q, p, longitude = (float(v) for v in x)
    e = float(np.hypot(k, h))
    i = 2.0 * np.arctan(np.hypot(q, p))
    node = np.arctan2(p, q)
    peri = np.arctan2(h, k)
    n = np.sqrt(GM_EARTH_KM3_S2 / a**3)
    d = 0.75 * J2 * (EARTH_RADIUS_KM / a) ** 2 * (3.0 * np.cos(i) ** 2 - 1.0) / (1.0 - e * e) ** 1.5
    return n * 60.0 * (1.0 + d), e, float(i), float(node), peri - node, longitude - peri


def _positions(
    x: F64, bstar: float, epoch: tuple[float, float], when: tuple[F64, F64]
) -> F64 | None:
    if not _is_orbit(x):
        return None
    n, e, i, node, argp, anomaly = _kozai(x)
    one = Satrec()
    days = epoch[0] - _SGP4_EPOCH_JD + epoch[1]
    one.sgp4init(WGS72, "i", 1, days, bstar, 0.0, 0.0, e, argp, i, anomaly, n, node)
    error, r, _ = one.sgp4_array(*when)
    return None if error.any() else np.asarray(r)


def _off(x: F64, deviation_km: F64) -> F64:
    """Add an error in relative elements [km] to equinoctial ones."""
    da, dl, dex, dey, dix, diy = deviation_km / x[0]
    node = np.arctan2(x[4], x[3])
    cos, sin = np.cos(node), np.sin(node)
    # Relative eccentricity is counted from the node, equinoctial from the axis.
    k, h = x[1] + dex * cos - dey * sin, x[2] + dex * sin + dey * cos
    size = np.hypot(x[3], x[4])
    i = 2.0 * np.arctan(size) + dix
    turn = diy / max(np.sin(2.0 * np.arctan(size)), 1e-3)
    size = np.tan(0.5 * i)
    q, p = size * np.cos(node + turn), size * np.sin(node + turn)
    longitude = x[5] + dl + turn * (1.0 - np.cos(i))
    return np.array([x[0] * (1.0 + da), k, h, q, p, longitude])


def _row(
    norad_id: int, track: Track, at_s: float, x: F64, bstar: float
) -> dict[str, object] | None:
    if not _is_orbit(x):
        return None
    n, e, i, node, argp, anomaly = _kozai(x)
    rev_day = n * 1440.0 / (2.0 * np.pi)
    if not 0.05 < rev_day < 17.5:
        return None
    angle = [round(float(np.degrees(v)) % 360.0, 4) for v in (node, argp, anomaly)]
    return {
        "norad_id": norad_id,
        "epoch_utc": _utc(track, at_s),
        "received_utc": None,
        "mean_motion_rev_day": round(rev_day, 8),
        "eccentricity": round(e, 7),
        "inclination_deg": round(float(np.degrees(i)), 4),
        "raan_deg": angle[0],
        "argp_deg": angle[1],
        "mean_anomaly_deg": angle[2],
        "bstar": float(f"{bstar:.4e}"),
    }
