"""Uncertain orbits: a nominal orbit, its covariance, and the states that go with it.

A covariance stays in the space it was given in. Elements of a poorly known orbit are much closer
to Gaussian than its Cartesian state, so clones of such an orbit are drawn over the elements and
each is turned into a state exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from skywright.errors import OrbitError
from skywright.orbits.constants import GM_SUN
from skywright.orbits.elements import Elements, state_from_elements, state_jacobian

F64 = npt.NDArray[np.float64]

_ASYMMETRY = 1e-6
"""Largest relative difference of mirrored entries that rounding of printed tables explains."""
_NEGATIVE = 1e-6
"""Largest negative eigenvalue of the correlation matrix that rounding explains (printed tables of
nearly singular matrices)."""
_UNITS = np.array([1.0, 1.0, 1.0, np.pi / 180.0, np.pi / 180.0, np.pi / 180.0])
"""From (e, q [au], tp [d], node, peri, i [deg]) to radians."""


@dataclass(frozen=True, slots=True)
class OrbitCloud:
    """A nominal orbit and the linear map from six standard normal numbers to its variations."""

    epoch_jd_tdb: float
    """Epoch [JD TDB]."""
    state: F64
    """Nominal heliocentric ecliptic J2000 state, shape (6,) [au, au/d]."""
    root: F64
    """Square root L of the covariance, shape (6, 6): variation = L z, in au, d and degrees."""
    elements: Elements | None = None
    """Nominal elements, arrays of shape (1,), if the covariance is over the elements."""

    def states(self, z: npt.ArrayLike) -> F64:
        """Turn standard normal numbers into states.

        Parameters
        ----------
        z : array-like, shape (n, 6)
            Zero is the nominal orbit; one is one sigma [-].

        Returns
        -------
        ndarray, shape (n, 6)
            Heliocentric ecliptic J2000 [au, au/d] at ``epoch_jd_tdb``. Elements that a large
            variation takes out of range are folded back (e and i to their absolute value).
        """
        change = np.atleast_2d(np.asarray(z, np.float64)) @ self.root.T
        if self.elements is None:
            return np.asarray(self.state + change, np.float64)
        return state_from_elements(_moved(self.elements, change, self.epoch_jd_tdb), 0.0)

    def __post_init__(self) -> None:
        """Refuse a cloud whose nominal orbit is not finite."""
        if not np.isfinite(self.state).all():
            message = (
                f"the nominal state at JD {self.epoch_jd_tdb:.1f} holds a value that is not finite."
            )
            raise OrbitError(message)


def _moved(nominal: Elements, change: F64, epoch_jd_tdb: float) -> Elements:
    """Add variations (au, d, deg); times count from the epoch so that microseconds survive."""
    step = change * _UNITS
    turn = np.asarray(nominal.i) + step[:, 5]
    since = (np.asarray(nominal.tp_jd_tdb) - epoch_jd_tdb) + np.asarray(nominal.tp_rest_d)
    return Elements(
        q_au=np.maximum(np.asarray(nominal.q_au) + step[:, 1], 1e-4),
        e=np.abs(np.asarray(nominal.e) + step[:, 0]),
        i=np.abs(np.where(turn > np.pi, 2.0 * np.pi - turn, turn)),
        node=np.asarray(nominal.node) + step[:, 3],
        peri=np.asarray(nominal.peri) + step[:, 4],
        tp_jd_tdb=since + step[:, 2],
    )


def validated_covariance(matrix: npt.ArrayLike, name: str = "the covariance") -> F64:
    """Return a symmetric positive semidefinite copy of a covariance, or say what is wrong.

    Parameters
    ----------
    matrix : array-like, shape (6, 6) or (36,)
        Row-major covariance.
    name : str
        How the message names it.

    Returns
    -------
    ndarray, shape (6, 6)
        Symmetrised; eigenvalues that rounding made slightly negative are set to zero.

    Raises
    ------
    OrbitError
        If it is not 36 finite numbers, not symmetric, or not a covariance at all.
    """
    root, scale = _scaled_root(_square(matrix, name), name)
    full = (root @ root.T) * np.outer(scale, scale)
    return np.asarray(0.5 * (full + full.T), np.float64)


def cloud_from_elements(
    elements: Elements, epoch_jd_tdb: float, covariance: npt.ArrayLike, name: str = "the covariance"
) -> OrbitCloud:
    """Build a cloud from elements and their covariance.

    Parameters
    ----------
    elements : Elements
        One orbit, arrays of shape (1,) [au, rad, JD TDB].
    epoch_jd_tdb : float
        Osculation epoch [JD TDB].
    covariance : array-like, 36 numbers
        Over (e, q, tp, node, peri, i) [au, d, deg].
    name : str
        How a message names the covariance.

    Returns
    -------
    OrbitCloud

    Raises
    ------
    OrbitError
        If the covariance is not one.
    """
    root, scale = _scaled_root(_square(covariance, name), name)
    state = state_from_elements(elements, epoch_jd_tdb)[0]
    return OrbitCloud(float(epoch_jd_tdb), state, root * scale[:, None], elements)


def cloud_from_state(
    state: npt.ArrayLike,
    epoch_jd_tdb: float,
    covariance: npt.ArrayLike,
    name: str = "the covariance",
) -> OrbitCloud:
    """Build a cloud from a heliocentric ecliptic J2000 state and its covariance [au, au/d].

    Parameters
    ----------
    state : array-like, shape (6,)
        [au, au/d].
    epoch_jd_tdb : float
        [JD TDB].
    covariance : array-like, 36 numbers
        Over x, y, z, vx, vy, vz [au, au/d].
    name : str
        How a message names the covariance.

    Returns
    -------
    OrbitCloud

    Raises
    ------
    OrbitError
        If the covariance is not one.
    """
    root, scale = _scaled_root(_square(covariance, name), name)
    return OrbitCloud(float(epoch_jd_tdb), np.asarray(state, np.float64), root * scale[:, None])


def cartesian_covariance(covariance: npt.ArrayLike, elements: Elements, epoch_jd_tdb: float) -> F64:
    """Carry a covariance of elements over to the Cartesian state, to first order.

    Parameters
    ----------
    covariance : array-like, 36 numbers
        Over (e, q, tp, node, peri, i) [au, d, deg].
    elements : Elements
        The orbit, arrays of shape (1,).
    epoch_jd_tdb : float
        [JD TDB].

    Returns
    -------
    ndarray, shape (6, 6)
        Heliocentric ecliptic J2000 [au, au/d].

    Raises
    ------
    OrbitError
        If the covariance is not one.
    """
    matrix = validated_covariance(covariance) * np.outer(_UNITS, _UNITS)
    jacobian = np.asarray(state_jacobian(elements, epoch_jd_tdb, GM_SUN))[0]
    full = jacobian @ matrix @ jacobian.T
    return np.asarray(0.5 * (full + full.T), np.float64)


def standard_normals(n: int, seed: int, direction: npt.ArrayLike | None = None) -> F64:
    """Draw n points of the six-dimensional standard normal distribution.

    Parameters
    ----------
    n : int
        Number of points.
    seed : int
        Of PCG64; the same seed gives the same digits on every machine.
    direction : array-like, shape (6,), optional
        Unit vector along which the points are stratified: one point in each of n slices of equal
        probability. Counting with them is unbiased and never more scattered than with independent
        points. The points then come sorted along it.

    Returns
    -------
    ndarray, shape (n, 6)
    """
    generator = np.random.Generator(np.random.PCG64(seed))
    z = generator.standard_normal((n, 6))
    if direction is None:
        return z
    u = np.asarray(direction, np.float64)
    along = _quantiles((np.arange(n) + generator.random(n)) / n)
    return np.asarray(z + np.outer(along - z @ u, u), np.float64)


def _quantiles(p: F64) -> F64:
    from scipy.special import ndtri

    return np.asarray(ndtri(np.clip(p, 1e-16, 1.0 - 1e-16)), np.float64)


def _square(matrix: npt.ArrayLike, name: str) -> F64:
    numbers = np.asarray(matrix, np.float64).ravel()
    if numbers.size != 36 or not np.isfinite(numbers).all():
        message = f"{name} must be 36 finite numbers, row by row; got {numbers.size}."
        raise OrbitError(message)
    C = numbers.reshape(6, 6)
    size = np.sqrt(np.outer(np.abs(np.diag(C)), np.abs(np.diag(C))))
    gap = np.abs(C - C.T)
    if np.any(gap > _ASYMMETRY * size + 1e-300):
        row, column = np.unravel_index(int(np.argmax(gap / (size + 1e-300))), (6, 6))
        message = (
            f"{name} is not symmetric: entry ({row + 1}, {column + 1}) is {C[row, column]:.6g} but "
            f"its mirror is {C[column, row]:.6g}; give the full matrix row by row."
        )
        raise OrbitError(message)
    return np.asarray(0.5 * (C + C.T), np.float64)


def _scaled_root(C: F64, name: str) -> tuple[F64, F64]:
    """Return R and s with C = diag(s) R R^T diag(s), R from the eigenvectors of the correlation."""
    variance = np.diag(C)
    if np.any(variance < 0.0):
        worst = int(np.argmin(variance))
        where = f"entry ({worst + 1}, {worst + 1})"
        message = f"{name} has a negative variance: {where} is {C[worst, worst]:.6g}."
        raise OrbitError(message)
    scale = np.sqrt(variance)
    safe = np.where(scale > 0.0, scale, 1.0)
    values, vectors = np.linalg.eigh(C / np.outer(safe, safe))
    if values[0] < -_NEGATIVE * max(values[-1], 1e-300):
        message = (
            f"{name} is not positive: its correlation matrix has the eigenvalue {values[0]:.3g}. "
            "Check its order (e, q_au, tp_jd_tdb, node_deg, peri_deg, i_deg; or the state) and its "
            "units (au, d, deg)."
        )
        raise OrbitError(message)
    return vectors * np.sqrt(np.maximum(values, 0.0)), scale
