"""One conjunction: two states at the closest approach, their covariances, a hard-body radius."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from skywright.errors import InputError
from skywright.orbits.frames import rtn_basis
from skywright.ssa.records.cdm import Cdm, CdmObject

F64 = npt.NDArray[np.float64]

EARTH_RATE_RAD_S = 7.292115146706979e-5
"""Rotation of the Earth (Vallado 2013, appendix D)."""

DEFAULT_HBR_M = 20.0
"""Where neither the message nor the caller gives one: NASA's conservative default [m]."""

_M2 = 1e-6
_LEAST_VARIANCE_KM2 = 1e-20
_REPAIRED_SHARE = 1e-4


@dataclass(frozen=True, slots=True)
class Conjunction:
    """Two objects at their closest approach, in one inertial frame."""

    name: str
    tca_utc: datetime
    states: F64
    """Position [km] and velocity [km/s] of both; (2, 6)."""
    covariances: F64
    """Of both, in the inertial axes; km2, km2/s, km2/s2; (2, 6, 6), velocity parts 0 if unknown."""
    hbr_m: float
    """Combined hard-body radius [m]."""
    hbr_source: str
    velocity_known: bool
    """Whether the covariances hold velocities."""
    repaired: tuple[bool, bool] = (False, False)
    """Whether a covariance was not positive definite and has been clipped."""
    frame: str = "EME2000"
    """Of the axes; velocities are inertial whatever the axes."""
    names: tuple[str, str] = ("", "")
    """OBJECT_DESIGNATOR of both."""

    @property
    def relative(self) -> F64:
        """Second object from the first: km, km/s; (6,)."""
        return np.asarray(self.states[1] - self.states[0])

    @property
    def miss_km(self) -> float:
        """Distance of the two states [km]."""
        return float(np.linalg.norm(self.relative[:3]))

    @property
    def speed_km_s(self) -> float:
        """Relative speed [km/s]."""
        return float(np.linalg.norm(self.relative[3:]))

    @property
    def miss_rtn_km(self) -> F64:
        """Offset of the second in the first's radial, in-track and cross-track axes [km]."""
        return np.asarray(rtn_basis(self.states[0]).reshape(3, 3) @ self.relative[:3])


def conjunction_of(cdm: Cdm, hbr_m: float | None = None) -> Conjunction:
    """Return the conjunction that a message describes.

    Parameters
    ----------
    cdm : Cdm
        The message.
    hbr_m : float, optional
        Hard-body radius instead of the message's [m].

    Raises
    ------
    InputError
        If the objects are in different frames, or the radius is not positive.
    """
    one, two = cdm.objects
    if one.frame != two.frame:
        message = f"{cdm.message_id}: REF_FRAME is {one.frame} and {two.frame}; both must agree."
        raise InputError(message)
    states = np.stack([_inertial(obj) for obj in cdm.objects])
    made = [
        repaired(_in_inertial_axes(obj.covariance * _M2, state))
        for obj, state in zip(cdm.objects, states, strict=True)
    ]
    radius, source = _radius(cdm, hbr_m)
    return Conjunction(
        cdm.message_id,
        cdm.tca_utc,
        states,
        np.stack([matrix for matrix, _ in made]),
        radius,
        source,
        not any(np.isnan(obj.covariance).any() for obj in cdm.objects),
        (made[0][1], made[1][1]),
        one.frame,
        (one.designator, two.designator),
    )


def repaired(covariance: F64) -> tuple[F64, bool]:
    """Return a covariance with no eigenvalue below a ten-thousandth of what it should be.

    Eigenvalue clipping of Hall, Hoots et al. (2017, AAS 17-567): negative eigenvalues are raised to
    a small positive number; what was positive definite is returned as it is.

    Parameters
    ----------
    covariance : (6, 6) array
        km2, km2/s, km2/s2; the velocity part may be zero.

    Returns
    -------
    (6, 6) array, bool
        Whether anything was changed.
    """
    scale = np.sqrt(np.maximum(covariance.diagonal(), _LEAST_VARIANCE_KM2))
    unit = covariance / np.outer(scale, scale)
    values, vectors = np.linalg.eigh(0.5 * (unit + unit.T))
    if values.min() > -1e-10:
        return covariance, False
    clipped = np.maximum(values, _REPAIRED_SHARE * values.max() * 1e-4)
    mended = (vectors * clipped) @ vectors.T
    return np.asarray(mended * np.outer(scale, scale)), True


def _inertial(obj: CdmObject) -> F64:
    """Return a state whose velocity is inertial; axes stay those of the moment."""
    state = obj.state.copy()
    if obj.frame == "ITRF":
        state[3:] += EARTH_RATE_RAD_S * np.array([-state[1], state[0], 0.0])
    return state


def _in_inertial_axes(rtn: F64, state: F64) -> F64:
    """Turn a covariance from an object's own axes; unknown velocities count as certain."""
    basis = rtn_basis(state).reshape(3, 3)
    turn = np.zeros((6, 6))
    turn[:3, :3] = turn[3:, 3:] = basis.T
    return np.asarray(turn @ np.nan_to_num(rtn) @ turn.T)


def _radius(cdm: Cdm, hbr_m: float | None) -> tuple[float, str]:
    if hbr_m is not None:
        if not 0.0 < hbr_m < 1000.0:
            message = f"hbr_m must be more than 0 and less than 1000 m, got {hbr_m}."
            raise InputError(message)
        return hbr_m, "given by the caller"
    if cdm.hbr_m is not None:
        return cdm.hbr_m, "the message"
    return DEFAULT_HBR_M, f"none in the message: {DEFAULT_HBR_M:g} m by default"
