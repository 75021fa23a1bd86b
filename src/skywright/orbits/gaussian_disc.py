"""The probability that a two-dimensional Gaussian puts into a disc about the origin.

This is the last step of every linear impact (or collision) probability: the spread of the orbit on
the target plane against the disc that leads to the surface.

References
----------
.. [1] Foster & Estes (1992), NASA/JSC-25898 (the integral and its use).
.. [2] Alfano (2005), J. Guidance, Control, and Dynamics 28, 1178 (as one integral over erf).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

F64 = npt.NDArray[np.float64]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)
_REACH = np.array([-9.0, -6.0, -4.0, -2.5, -1.0, 0.0, 1.0, 2.5, 4.0, 6.0, 9.0])
"""Where the integration range is cut, in sigma: a Gaussian beyond 9 sigma holds 2e-19."""
_AT_ONCE = 256  # Gaussians integrated together; bounds the memory
_FLOOR = 1e-12  # a spread below this part of the radius is a point or a line to double precision


def disc_probability(mean: npt.ArrayLike, covariance: npt.ArrayLike, radius: float) -> float:
    """Integrate a plane Gaussian over the disc of ``radius`` about the origin.

    Parameters
    ----------
    mean : array-like, shape (2,)
        Centre of the Gaussian [any length].
    covariance : array-like, shape (2, 2)
        Its covariance [that length squared]; may be singular (a line, or a point).
    radius : float
        Radius of the disc [that length].

    Returns
    -------
    float
        Probability in [0, 1]; absolute error below 1e-12.
    """
    centre = np.asarray(mean, np.float64)
    return float(disc_probabilities(centre[None, :], covariance, radius)[0])


def disc_probabilities(means: F64, covariance: npt.ArrayLike, radius: float) -> F64:
    """Integrate Gaussians of one covariance and many centres; see `disc_probability`.

    Parameters
    ----------
    means : ndarray, shape (n, 2)
        Centres [any length].
    covariance : array-like, shape (2, 2)
        [that length squared].
    radius : float
        [that length].

    Returns
    -------
    ndarray, shape (n,)
        Probabilities in [0, 1].
    """
    if radius <= 0.0:
        return np.zeros(len(means))
    values, axes = np.linalg.eigh(np.asarray(covariance, np.float64) / radius**2)
    minor, major = np.sqrt(np.maximum(values, _FLOOR**2))
    along, across = (means @ axes[:, 1]) / radius, (means @ axes[:, 0]) / radius
    off = np.hypot(along, across)
    result = np.where(off + 9.0 * major < 1.0, 1.0, 0.0)
    within = np.flatnonzero((off - 1.0 <= 9.0 * major) & (result == 0.0))
    for rows in np.array_split(within, 1 + within.size // _AT_ONCE):
        result[rows] = _unit_discs(along[rows], across[rows], float(major), float(minor))
    return result


def _unit_discs(along: F64, across: F64, major: float, minor: float) -> F64:
    """Integrate over the unit disc with x = sin(theta), which is smooth at its rim."""
    theta = _cuts(along, across, major, minor)
    half = 0.5 * np.diff(theta, axis=1)
    nodes = (0.5 * (theta[:, 1:] + theta[:, :-1]))[..., None] + half[..., None] * _NODES
    x, height = np.sin(nodes), np.cos(nodes)
    off, side = along[:, None, None], across[:, None, None]
    strip = ndtr((height - side) / minor) - ndtr((-height - side) / minor)
    density = np.exp(-0.5 * ((x - off) / major) ** 2) / (major * np.sqrt(2.0 * np.pi))
    total = np.sum(half * ((density * strip * height) @ _WEIGHTS), axis=1)
    return np.asarray(np.clip(total, 0.0, 1.0), np.float64)


def _cuts(along: F64, across: F64, major: float, minor: float) -> F64:
    """Angles that separate the scales: of the long axis, and where the rim meets the short one."""
    x = np.clip(along[:, None] + major * _REACH, -1.0, 1.0)
    rim = np.clip(np.abs(across)[:, None] + minor * _REACH, 0.0, 1.0)
    edge = np.sqrt(1.0 - rim**2)
    fixed = np.broadcast_to([-1.0, 0.0, 1.0], (len(along), 3))
    return np.sort(np.arcsin(np.concatenate([fixed, x, edge, -edge], axis=1)), axis=1)
