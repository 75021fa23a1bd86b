"""Two-body motion in equinoctial elements, in which an uncertain orbit stays Gaussian for long.

Elements: mean motion n [rad/s], eccentricity vector (af, ag), node vector (chi, psi), mean
longitude [rad] (Vallado and Alfano 2015, J. Guidance 38, 1895). Only the mean longitude moves.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

GM_KM3_S2 = 398600.4418
"""Gravitational parameter of the Earth (EGM96) [km3/s2]."""

_STEP = 1e-6
_NEWTON = 12


def elements_of(state: F64) -> F64:
    """Return the elements of a state [km, km/s]; (6,) to (6,)."""
    r, v = state[:3], state[3:]
    distance = float(np.linalg.norm(r))
    h = np.cross(r, v)
    w = h / np.linalg.norm(h)
    chi, psi = w[0] / (1.0 + w[2]), -w[1] / (1.0 + w[2])
    f, g = _axes(chi, psi)
    e = np.cross(v, h) / GM_KM3_S2 - r / distance
    ag, af = float(e @ g), float(e @ f)
    a = 1.0 / (2.0 / distance - float(v @ v) / GM_KM3_S2)
    x, y = float(r @ f), float(r @ g)
    root = np.sqrt(1.0 - af**2 - ag**2)
    b = 1.0 / (1.0 + root)
    sin_f = ag + ((1.0 - ag**2 * b) * y - af * ag * b * x) / (a * root)
    cos_f = af + ((1.0 - af**2 * b) * x - af * ag * b * y) / (a * root)
    big_f = np.arctan2(sin_f, cos_f)
    mean = big_f + ag * np.cos(big_f) - af * np.sin(big_f)
    return np.array([np.sqrt(GM_KM3_S2 / a**3), af, ag, chi, psi, mean])


def states_of(elements: F64, t_s: F64) -> F64:
    """Return states some seconds later.

    Parameters
    ----------
    elements : (..., 6) array
        At the epoch.
    t_s : array, broadcast against the rows
        Seconds since then.

    Returns
    -------
    (..., 6) array
        km and km/s.
    """
    n, af, ag, chi, psi, mean = np.moveaxis(elements, -1, 0)
    longitude = mean + n * t_s
    big_f = longitude.copy()
    for _ in range(_NEWTON):
        wrong = big_f + ag * np.cos(big_f) - af * np.sin(big_f) - longitude
        step = wrong / (1.0 - ag * np.sin(big_f) - af * np.cos(big_f))
        big_f = big_f - step
        if np.abs(step).max() < 1e-14:
            break
    a = (GM_KM3_S2 / n**2) ** (1.0 / 3.0)
    b = 1.0 / (1.0 + np.sqrt(1.0 - af**2 - ag**2))
    cos, sin = np.cos(big_f), np.sin(big_f)
    x = a * ((1.0 - ag**2 * b) * cos + af * ag * b * sin - af)
    y = a * ((1.0 - af**2 * b) * sin + af * ag * b * cos - ag)
    rate = n * a / (1.0 - af * cos - ag * sin)
    vx = rate * (af * ag * b * cos - (1.0 - ag**2 * b) * sin)
    vy = rate * ((1.0 - af**2 * b) * cos - af * ag * b * sin)
    f, g = (np.stack(axis, axis=-1) for axis in _axes(chi, psi))
    r = x[..., None] * f + y[..., None] * g
    v = vx[..., None] * f + vy[..., None] * g
    return np.concatenate([r, v], axis=-1)


def states_and_partials(elements: F64, t_s: F64) -> tuple[F64, F64]:
    """Return states some seconds later and their partial derivatives by the elements.

    Returns
    -------
    (..., 6) array, (..., 6, 6) array
        Rows of the second are components of the state, columns elements at the epoch.
    """
    scaled = np.full(elements.shape, _STEP)
    scaled[..., 0] = _STEP * elements[..., 0]
    shift = scaled[..., None, :] * np.eye(6)
    moved = np.stack([elements[..., None, :] + shift, elements[..., None, :] - shift])
    told = states_of(moved, np.asarray(t_s)[..., None])
    partial = (told[0] - told[1]) / (2.0 * scaled[..., :, None])
    return states_of(elements, np.asarray(t_s)), np.swapaxes(partial, -1, -2)


def covariance_of(state: F64, covariance: F64) -> tuple[F64, F64]:
    """Return the elements of a state and their covariance.

    Parameters
    ----------
    state : (6,) array
        km and km/s.
    covariance : (6, 6) array
        Of the state.
    """
    elements = elements_of(state)
    _, partials = states_and_partials(elements, np.zeros(()))
    inverse = np.linalg.inv(partials)
    return elements, inverse @ covariance @ inverse.T


def _axes(chi: F64 | float, psi: F64 | float) -> tuple[tuple[F64, ...], tuple[F64, ...]]:
    c = np.asarray(1.0 + np.square(chi) + np.square(psi))
    f = ((1.0 - np.square(chi) + np.square(psi)) / c, 2.0 * chi * psi / c, -2.0 * chi / c)
    g = (2.0 * chi * psi / c, (1.0 + np.square(chi) - np.square(psi)) / c, 2.0 * psi / c)
    return tuple(map(np.asarray, f)), tuple(map(np.asarray, g))
