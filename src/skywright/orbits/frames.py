"""Frames: ecliptic and equatorial J2000, and the axes of an orbit."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skywright.orbits.constants import OBLIQUITY_ARCSEC
from skywright.orbits.kepler import checked_states

FloatArray = NDArray[np.float64]

_TILT = math.radians(OBLIQUITY_ARCSEC / 3600.0)
EQUATORIAL_FROM_ECLIPTIC: FloatArray = np.array(
    [
        [1.0, 0.0, 0.0],
        [0.0, math.cos(_TILT), -math.sin(_TILT)],
        [0.0, math.sin(_TILT), math.cos(_TILT)],
    ]
)
"""Rotation from ecliptic to equatorial J2000 (ICRF axes to 0.02 arcsec), IAU 1976 tilt."""


def equatorial_from_ecliptic(vectors: ArrayLike) -> FloatArray:
    """Turn ecliptic J2000 vectors into equatorial J2000.

    Parameters
    ----------
    vectors : array-like, shape (..., 3) or (..., 6)
        Positions, or positions and velocities, in any unit.

    Returns
    -------
    ndarray, the same shape
        The vectors on the axes of the mean equator and equinox of J2000, same unit.
    """
    return _rotated(vectors, EQUATORIAL_FROM_ECLIPTIC)


def ecliptic_from_equatorial(vectors: ArrayLike) -> FloatArray:
    """Turn equatorial J2000 vectors into ecliptic J2000.

    Parameters
    ----------
    vectors : array-like, shape (..., 3) or (..., 6)
        Positions, or positions and velocities, in any unit.

    Returns
    -------
    ndarray, the same shape
        The vectors on the axes of the mean ecliptic and equinox of J2000, same unit.
    """
    return _rotated(vectors, EQUATORIAL_FROM_ECLIPTIC.T)


def rtn_basis(states: ArrayLike) -> FloatArray:
    """Return the radial, along-track and normal axes of orbits.

    Parameters
    ----------
    states : array-like, shape (n, 6) or (6,)
        Positions and velocities relative to the central body, any inertial frame and unit.

    Returns
    -------
    ndarray, shape (n, 3, 3)
        Unit vectors as rows: R along the position, N along the angular momentum, T = N x R (in the
        plane of the orbit, along the velocity on a circle).

    Raises
    ------
    OrbitError
        If a state is not finite or has no angular momentum.

    References
    ----------
    Vallado (2013), section 3.3.3 (the RSW system).
    """
    given = checked_states(states)
    radial = given[:, :3] / np.linalg.norm(given[:, :3], axis=1, keepdims=True)
    normal = np.cross(given[:, :3], given[:, 3:])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    return np.stack([radial, np.cross(normal, radial), normal], axis=1)


def inertial_from_rtn(states: ArrayLike, vectors_rtn: ArrayLike) -> FloatArray:
    """Return vectors given along R, T, N on the inertial axes of the states.

    Parameters
    ----------
    states : array-like, shape (n, 6)
        The orbits that define the axes.
    vectors_rtn : array-like, shape (n, 3) or (3,)
        Components along R, T, N, any unit (a velocity change, an acceleration).

    Returns
    -------
    ndarray, shape (n, 3)
        The vectors in the frame of ``states``, same unit.
    """
    components = np.atleast_2d(np.asarray(vectors_rtn, np.float64))
    turned: FloatArray = np.einsum("...r,...rk->...k", components, rtn_basis(states))
    return turned


def _rotated(vectors: ArrayLike, matrix: FloatArray) -> FloatArray:
    given = np.asarray(vectors, np.float64)
    triples = given.reshape(*given.shape[:-1], -1, 3)
    turned: FloatArray = (triples @ matrix.T).reshape(given.shape)
    return turned
