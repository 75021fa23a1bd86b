"""Screening of the orbit after a burn against a catalogue.

The burnt state becomes the mean elements from which SGP4 gives that very state, so that the
satellite can be screened like any other of the catalogue.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

import erfa
import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.errors import InputError
from skywright.ssa.element_sets import (
    EARTH_RADIUS_KM,
    GM_EARTH_KM3_S2,
    moment_jd,
    satrecs,
    semi_major_axis_km,
)
from skywright.ssa.screening.screen import screen

F64 = npt.NDArray[np.float64]

OWN = 999_999_999
"""Number under which the burnt orbit is screened."""

_S_PER_DAY = 86400.0
_ROUNDS = 30
_CLOSE_KM = 1e-6
_STEPS = np.array([1e-7, 1e-7, 1e-7, 1e-7, 1e-7, 1e-7])


@dataclass(frozen=True, slots=True)
class Screened:
    """What was found after a burn."""

    nearest_km: float
    """Least distance below the limit; infinite if there is none."""
    norad_id: int | None = None
    """Whose."""
    tca_utc: datetime | None = None
    """When."""


@dataclass(frozen=True, slots=True)
class CatalogueScreening:
    """Finds what comes near an orbit.

    Parameters
    ----------
    catalogue : DataFrame
        Element sets as in ``ssa.element_sets``.
    km : float
        Distance that counts [km].
    spare : tuple of int
        Numbers that are left out: the own satellite first, and those whose conjunctions are weighed
        by their covariances already.
    """

    catalogue: pl.DataFrame
    km: float = 1.0
    spare: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a distance that cannot be screened."""
        if not 0.0 < self.km <= 50.0:
            message = f"post_burn_km must be more than 0 and at most 50, got {self.km}."
            raise InputError(message)

    def __call__(
        self, state: F64, at_utc: datetime, seconds: float, *, spare: tuple[int, ...] = ()
    ) -> Screened:
        """Screen an orbit from a moment on.

        Parameters
        ----------
        state : (6,) array
            Right after the burn, TEME of date [km, km/s].
        at_utc : datetime
            Of the burn, UTC.
        seconds : float
            How long [s].
        spare : tuple of int
            Numbers that are left out besides.
        """
        own = elements_of_state(state, at_utc, self._drag_of(spare))
        near = self._within_reach(state, spare)
        if near.is_empty():
            return Screened(np.inf)
        kept = near.select(own.columns).cast(dict(own.schema))  # type: ignore[arg-type]
        found = screen(
            pl.concat([kept, own]), at_utc, seconds / 3600.0, self.km, primaries=[OWN]
        ).approaches
        if found.is_empty():
            return Screened(np.inf)
        row = found.sort("miss_distance_km").row(0, named=True)
        other = row["norad_id_1"] if row["norad_id_2"] == OWN else row["norad_id_2"]
        return Screened(float(row["miss_distance_km"]), int(other), row["tca_utc"])

    def _drag_of(self, spare: tuple[int, ...]) -> float:
        """Return B* of the own satellite, the first of the numbers left out, if it is listed."""
        first = [*spare, *self.spare][:1]
        own = self.catalogue.filter(pl.col("norad_id").is_in(first))
        return float(own["bstar"][-1]) if own.height else 0.0

    def _within_reach(self, state: F64, spare: tuple[int, ...] = ()) -> pl.DataFrame:
        """Leave out whose perigee is above the own apogee, or apogee below the own perigee."""
        low, high = _reach_km(state)
        a = semi_major_axis_km(self.catalogue["mean_motion_rev_day"].to_numpy())
        e = self.catalogue["eccentricity"].to_numpy()
        # Mean elements and J2 differ by some kilometres from radii; the margin covers that.
        margin = self.km + 30.0
        near = (a * (1.0 - e) < high + margin) & (a * (1.0 + e) > low - margin)
        near &= ~np.isin(self.catalogue["norad_id"].to_numpy(), (*self.spare, *spare))
        return self.catalogue.filter(pl.Series(near))


def in_teme(states: F64, frame: str, at_utc: datetime) -> F64:
    """Turn inertial states into TEME of date.

    Parameters
    ----------
    states : (..., 6) array
        km, km/s; of ITRF only the axes, with inertial velocities.
    frame : str
        ``TEME``, ``EME2000``, ``GCRF`` or ``ITRF``.
    at_utc : datetime
        The moment, UTC.

    Notes
    -----
    Precession and nutation of 1976 and 1980 and the equation of the equinoxes of 1994, as SGP4
    means it (Vallado et al. 2006, AIAA 2006-6753, appendix C). The bias of GCRF, polar motion and
    UT1 less UTC stay out: together below 0.5 km at the geostationary ring.

    Raises
    ------
    InputError
        If the frame is another.
    """
    jd, fraction = moment_jd(at_utc)
    later = fraction + 69.184 / _S_PER_DAY  # TT
    if frame == "TEME":
        turn = np.eye(3)
    elif frame in {"EME2000", "GCRF"}:
        equation = float(erfa.eqeq94(jd, later))
        turn = erfa.rz(equation, np.asarray(erfa.pnm80(jd, later)))
    elif frame == "ITRF":
        turn = erfa.rz(-float(erfa.gmst82(jd, fraction)), np.eye(3))
    else:
        message = f"The frame must be TEME, EME2000, GCRF or ITRF, got {frame!r}."
        raise InputError(message)
    r, v = states[..., :3], states[..., 3:]
    return np.concatenate([r @ np.transpose(turn), v @ np.transpose(turn)], axis=-1)


def elements_of_state(state: F64, at_utc: datetime, bstar: float = 0.0) -> pl.DataFrame:
    """Return the mean elements from which SGP4 gives a state at its epoch, as one row.

    Newton's method on equinoctial elements, from the osculating ones.

    Parameters
    ----------
    state : (6,) array
        TEME of date [km, km/s].
    at_utc : datetime
        Epoch, UTC.
    bstar : float
        Drag term [1/earth radii].

    Raises
    ------
    InputError
        If the state is no closed orbit above the ground, or no elements give it.
    """
    given = np.asarray(state, dtype=np.float64)
    low, _ = _reach_km(given)
    if not low > EARTH_RADIUS_KM:
        message = f"The orbit after the burn has its perigee at {low:.0f} km from the centre."
        raise InputError(message)
    x, scale = _equinoctial(given), np.array([1.0, 1.0, 1.0, 1e3, 1e3, 1e3])
    for _ in range(_ROUNDS):
        off = (_propagated(x, at_utc, bstar) - given) * scale
        if np.abs(off).max() < _CLOSE_KM:
            return _row(x, at_utc, bstar)
        slope = np.empty((6, 6))
        for k, step in enumerate(_STEPS):
            ahead, behind = x.copy(), x.copy()
            ahead[k] += step
            behind[k] -= step
            both = [_propagated(one, at_utc, bstar) for one in (ahead, behind)]
            slope[:, k] = (both[0] - both[1]) * scale / (2.0 * step)
        x = x - np.linalg.solve(slope, off)
    message = f"No elements of SGP4 give the state after the burn of {at_utc.isoformat()}."
    raise InputError(message)


def _propagated(x: F64, at_utc: datetime, bstar: float) -> F64:
    (one,) = satrecs(_row(x, at_utc, bstar))
    error, r, v = one.sgp4(*moment_jd(at_utc))
    if error:
        message = f"SGP4 refuses the orbit after the burn of {at_utc.isoformat()} (error {error})."
        raise InputError(message)
    return np.array([*r, *v])


def _equinoctial(state: F64) -> F64:
    """Return log of the mean motion [rev/day], e-vector, half-angle node vector, mean longitude."""
    r, v = state[:3], state[3:]
    h = np.cross(r, v)
    a = 1.0 / (2.0 / np.linalg.norm(r) - v @ v / GM_EARTH_KM3_S2)
    w = h / np.linalg.norm(h)
    p, q = w[0] / (1.0 + w[2]), -w[1] / (1.0 + w[2])
    f = np.array([1.0 - p * p + q * q, 2.0 * p * q, -2.0 * p]) / (1.0 + p * p + q * q)
    g = np.array([2.0 * p * q, 1.0 + p * p - q * q, 2.0 * q]) / (1.0 + p * p + q * q)
    shape = np.cross(v, h) / GM_EARTH_KM3_S2 - r / np.linalg.norm(r)
    k, s = shape @ f, shape @ g
    beta = 1.0 / (1.0 + np.sqrt(1.0 - k * k - s * s))
    x, y, root = r @ f, r @ g, np.sqrt(1.0 - k * k - s * s)
    cos_f = k + ((1.0 - k * k * beta) * x - k * s * beta * y) / (a * root)
    sin_f = s + ((1.0 - s * s * beta) * y - k * s * beta * x) / (a * root)
    long = np.arctan2(sin_f, cos_f)
    mean = long + s * cos_f - k * sin_f
    motion = np.sqrt(GM_EARTH_KM3_S2 / a**3) * _S_PER_DAY / (2.0 * np.pi)
    return np.array([np.log(motion), k, s, p, q, mean])


def _row(x: F64, at_utc: datetime, bstar: float) -> pl.DataFrame:
    motion, k, s, p, q, mean = x
    node = np.arctan2(p, q)
    peri = np.arctan2(s, k)
    angles = {
        "inclination_deg": 2.0 * np.arctan(np.hypot(p, q)),
        "raan_deg": node % (2.0 * np.pi),
        "argp_deg": (peri - node) % (2.0 * np.pi),
        "mean_anomaly_deg": (mean - peri) % (2.0 * np.pi),
    }
    return pl.DataFrame(
        {
            "norad_id": [OWN],
            "epoch_utc": [at_utc.replace(tzinfo=None) + timedelta(0)],
            "mean_motion_rev_day": [float(np.exp(motion))],
            "eccentricity": [float(np.hypot(k, s))],
            **{name: [float(np.degrees(angle))] for name, angle in angles.items()},
            "bstar": [bstar],
        },
        schema_overrides={"epoch_utc": pl.Datetime("us")},
    )


def _reach_km(state: F64) -> tuple[float, float]:
    """Return perigee and apogee from the centre of an osculating orbit [km]; infinite if open."""
    r, v = state[:3], state[3:]
    inverse = float(2.0 / np.linalg.norm(r) - v @ v / GM_EARTH_KM3_S2)
    if inverse <= 0.0:
        return 0.0, np.inf
    h = np.cross(r, v)
    e = math.sqrt(max(1.0 - float(h @ h) * inverse / GM_EARTH_KM3_S2, 0.0))
    return float((1.0 - e) / inverse), float((1.0 + e) / inverse)
