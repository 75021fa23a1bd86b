"""Changing an orbit: an element at its epoch, or the velocity at a date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.errors import InputError
from skywright.neo.objects import Orbits, refuse_unknown_orbits
from skywright.orbits.constants import AU_KM, DAY_S
from skywright.orbits.covariance import OrbitCloud, cloud_from_elements, cloud_from_state
from skywright.orbits.dynamics import ForceModel
from skywright.orbits.elements import elements_from_state, mean_anomaly
from skywright.orbits.frames import inertial_from_rtn
from skywright.orbits.integrator import propagate

_M_S_TO_AU_D = DAY_S / (AU_KM * 1e3)


@dataclass(frozen=True, slots=True)
class Trajectory:
    """One orbit from one date on, with its uncertainty if that is known."""

    orbits: Orbits
    """Exactly one orbit."""
    cloud: OrbitCloud | None
    """The orbit with its covariance; None if there is none."""

    @property
    def epoch_jd_tdb(self) -> float:
        """Epoch [JD TDB]."""
        return float(self.orbits.epoch_jd_tdb[0])

    @property
    def state(self) -> npt.NDArray[np.float64]:
        """Heliocentric ecliptic J2000 state at the epoch, shape (6,) [au, au/d]."""
        return np.asarray(self.orbits.states[0], np.float64)

    @property
    def model(self) -> ForceModel:
        """The forces, with the non-gravitational parameters of the object."""
        return ForceModel(nongrav=self.orbits.nongrav)


def trajectory_of(row: pl.DataFrame) -> Trajectory:
    """Read the one orbit of a one-row table.

    Raises
    ------
    InputError
        If the orbit is incomplete or its covariance is not one.
    """
    orbits = Orbits.from_table(row, command="The simulation")
    refuse_unknown_orbits(orbits)
    return _with_cloud(orbits)


def with_elements(row: pl.DataFrame, changes: Mapping[str, float]) -> Trajectory:
    """Change elements at the epoch.

    A bound orbit keeps what is not changed of a, e, i, node, peri and the mean anomaly; an unbound
    one keeps q and the time of perihelion instead of a and the mean anomaly.

    Parameters
    ----------
    row : polars.DataFrame
        One row with an orbit.
    changes : mapping
        Column names of elements to values [au, deg, JD TDB].

    Returns
    -------
    Trajectory
        The covariance, if it is over the elements, is kept as it is.

    Raises
    ------
    InputError
        If the result is not an orbit.
    """
    before = Orbits.from_table(row, command="The simulation")
    values = _keplerian(before) if _stays_bound(before, changes) else _cometary(before)
    for name in changes:
        for other in _RIVALS.get(name, ()):
            values.pop(other, None)
    values.update(changes)
    keep = [n for n in row.columns if n not in _ORBIT_COLUMNS and n not in _STATE]
    if before.covariance_over != "elements":
        keep = [n for n in keep if n != "covariance"]
    edited = row.select(keep).with_columns(
        pl.lit(float(value), dtype=pl.Float64).alias(name) for name, value in values.items()
    )
    return trajectory_of(edited)


def with_delta_v(start: Trajectory, delta_v_m_s: npt.ArrayLike, at_jd_tdb: float) -> Trajectory:
    """Fly to a date and change the velocity there.

    Parameters
    ----------
    start : Trajectory
        The orbit before.
    delta_v_m_s : array-like, shape (3,)
        Radial, along-track (in the orbital plane, at right angles to radial) and normal [m/s].
    at_jd_tdb : float
        Date [JD TDB].

    Returns
    -------
    Trajectory
        With ``at_jd_tdb`` as its epoch; the covariance is carried there linearly.
    """
    sigma_points = _sigma_points(start)
    moved = propagate(
        sigma_points,
        np.full(len(sigma_points), start.epoch_jd_tdb),
        np.full(len(sigma_points), at_jd_tdb),
        ForceModel(nongrav=np.repeat(start.orbits.nongrav, len(sigma_points), axis=0)),
    )
    covariance = _covariance_of(moved)
    state = moved[0].copy()
    push = np.asarray(delta_v_m_s, float) * _M_S_TO_AU_D
    state[3:] += inertial_from_rtn(state, push).reshape(3)
    epoch = np.array([at_jd_tdb])
    orbits = replace(
        start.orbits,
        epoch_jd_tdb=epoch,
        states=state[None, :],
        elements=elements_from_state(state[None, :], epoch),
        covariance=(covariance,),
        covariance_over="cartesian",
    )
    return _with_cloud(orbits)


_STATE = ("x_au", "y_au", "z_au", "vx_au_d", "vy_au_d", "vz_au_d")
_ORBIT_COLUMNS = (
    "a_au", "q_au", "e", "i_deg", "node_deg", "peri_deg", "mean_anomaly_deg", "tp_jd_tdb",
)  # fmt: skip
_RIVALS = {
    "a_au": ("q_au",),
    "q_au": ("a_au",),
    "mean_anomaly_deg": ("tp_jd_tdb",),
    "tp_jd_tdb": ("mean_anomaly_deg",),
}


def _with_cloud(orbits: Orbits) -> Trajectory:
    covariance = orbits.covariance[0]
    if covariance is None:
        return Trajectory(orbits, None)
    epoch, name = float(orbits.epoch_jd_tdb[0]), f"the covariance of {orbits.designation[0]}"
    if orbits.covariance_over == "elements":
        return Trajectory(orbits, cloud_from_elements(orbits.elements, epoch, covariance, name))
    return Trajectory(orbits, cloud_from_state(orbits.states[0], epoch, covariance, name))


def _stays_bound(orbits: Orbits, changes: Mapping[str, float]) -> bool:
    before, after = float(orbits.elements.e[0]), changes.get("e", float(orbits.elements.e[0]))
    if after >= 1 and "a_au" in changes:
        message = (
            f"set: e = {after:g} is not a closed orbit; give q_au instead of a_au with e >= 1."
        )
        raise InputError(message)
    return before < 1 and after < 1


def _keplerian(orbits: Orbits) -> dict[str, float]:
    el = orbits.elements
    M = float(mean_anomaly(el, orbits.epoch_jd_tdb)[0])
    size = {"a_au": float(el.q_au[0] / (1 - el.e[0])), "mean_anomaly_deg": float(np.degrees(M))}
    return size | _orientation(orbits)


def _cometary(orbits: Orbits) -> dict[str, float]:
    el = orbits.elements
    size = {"q_au": float(el.q_au[0]), "tp_jd_tdb": float(el.tp_jd_tdb[0])}
    return size | _orientation(orbits)


def _orientation(orbits: Orbits) -> dict[str, float]:
    el = orbits.elements
    angles = zip(("i_deg", "node_deg", "peri_deg"), (el.i, el.node, el.peri), strict=True)
    return {"e": float(el.e[0])} | {name: float(np.degrees(value[0])) for name, value in angles}


def _sigma_points(start: Trajectory) -> npt.NDArray[np.float64]:
    """Return the nominal state and, if uncertain, the twelve at plus and minus one sigma."""
    if start.cloud is None:
        return start.orbits.states[:1]
    z = np.vstack([np.zeros((1, 6)), np.eye(6), -np.eye(6)])
    return start.cloud.states(z)


def _covariance_of(moved: npt.NDArray[np.float64]) -> npt.NDArray[np.float64] | None:
    if len(moved) == 1:
        return None
    half = 0.5 * (moved[1:7] - moved[7:13])
    return np.asarray(half.T @ half, np.float64)
