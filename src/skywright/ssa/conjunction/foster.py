"""The two-dimensional collision probability: a Gaussian over a disc in the encounter plane.

Foster and Estes (1992, NASA/JSC-25898) with the one-dimensional integral of Alfano (2005, J.
Guidance 28, 1139), written with complementary error functions so that small probabilities keep
their digits.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from skywright.orbits._jit import kernel
from skywright.ssa.conjunction.conjunction import Conjunction

F64 = npt.NDArray[np.float64]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(48)
_PANEL_SIGMAS = 2.0
_MOST_PANELS = 64
_FAR_SIGMAS = 12.0


@kernel
def _over_discs(
    miss: F64, covariance: F64, radius: F64, nodes: F64, weights: F64, out: F64
) -> None:
    for k in range(len(radius)):
        a, b, d = covariance[k, 0, 0], covariance[k, 0, 1], covariance[k, 1, 1]
        half = 0.5 * (a + d)
        spread = math.sqrt(0.25 * (a - d) ** 2 + b * b)
        big, small = half + spread, half - spread
        if not small > 0.0:
            out[k] = np.nan
            continue
        angle = 0.5 * math.atan2(2.0 * b, a - d)
        c, s = math.cos(angle), math.sin(angle)
        along = c * miss[k, 0] + s * miss[k, 1]
        across = abs(c * miss[k, 1] - s * miss[k, 0])
        sx, sy, r = math.sqrt(big), math.sqrt(small), radius[k]
        # Integrate along the wide axis, as far as it counts; the narrow one is in closed form.
        first = math.asin(min(max((along - _FAR_SIGMAS * sx) / r, -1.0), 1.0))
        last = math.asin(min(max((along + _FAR_SIGMAS * sx) / r, -1.0), 1.0))
        if last <= first:  # the disc lies in the far tail as a whole
            first, last = -0.5 * math.pi, 0.5 * math.pi
        panels = min(max(int(r * (last - first) / (_PANEL_SIGMAS * sx)) + 1, 1), _MOST_PANELS)
        total = 0.0
        for p in range(panels):
            width = (last - first) / panels
            low = first + width * p
            for j in range(len(nodes)):
                theta = low + 0.5 * width * (nodes[j] + 1.0)
                x = r * math.sin(theta)
                half_chord = r * math.cos(theta)
                near = math.erfc((across - half_chord) / (math.sqrt(2.0) * sy))
                far = math.erfc((across + half_chord) / (math.sqrt(2.0) * sy))
                line = math.exp(-0.5 * ((x - along) / sx) ** 2)
                total += weights[j] * 0.5 * width * line * (near - far) * half_chord
        out[k] = total / (2.0 * math.sqrt(2.0 * math.pi) * sx)


def pc_2d(miss_km: npt.ArrayLike, covariance_km2: npt.ArrayLike, hbr_km: npt.ArrayLike) -> F64:
    """Return the probability that a Gaussian offset lies in a disc about the origin.

    Parameters
    ----------
    miss_km : (n, 2) array
        Mean offset in the encounter plane [km].
    covariance_km2 : (n, 2, 2) array
        Combined position covariance in that plane [km2].
    hbr_km : (n,) array
        Radius of the disc [km].

    Returns
    -------
    (n,) array
        NaN where a covariance is not positive definite.
    """
    miss = np.ascontiguousarray(np.atleast_2d(np.asarray(miss_km, dtype=np.float64)))
    covariance = np.asarray(covariance_km2, dtype=np.float64).reshape(-1, 2, 2)
    radius = np.broadcast_to(np.asarray(hbr_km, dtype=np.float64), (len(miss),))
    out = np.empty(len(miss))
    _over_discs(
        miss, np.ascontiguousarray(covariance), np.ascontiguousarray(radius), _NODES, _WEIGHTS, out
    )
    return out


def encounter_plane(conjunction: Conjunction) -> tuple[F64, F64]:
    """Return mean offset and covariance in the plane across the relative velocity.

    Returns
    -------
    (2,) array, (2, 2) array
        km and km2; the first axis lies along the offset.
    """
    axes = plane_axes(conjunction.relative)
    combined = conjunction.covariances[:, :3, :3].sum(axis=0)
    return axes @ conjunction.relative[:3], axes @ combined @ axes.T


def plane_axes(relative: F64) -> F64:
    """Return two unit vectors across a relative velocity, the first along the offset; (2, 3)."""
    along = relative[3:] / np.linalg.norm(relative[3:])
    offset = relative[:3] - along * (relative[:3] @ along)
    length = float(np.linalg.norm(offset))
    if length < 1e-12:
        helper = np.eye(3)[int(np.argmin(np.abs(along)))]
        offset = helper - along * (helper @ along)
        length = float(np.linalg.norm(offset))
    first = offset / length
    return np.stack([first, np.cross(along, first)])
