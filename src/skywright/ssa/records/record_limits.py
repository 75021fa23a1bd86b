"""What a record may hold, and the sentences for what it may not."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from skywright.errors import InputError

Vector = tuple[float, float, float]
Matrix = tuple[tuple[float, ...], ...]

FRAMES = ("TEME", "GCRF", "EME2000", "ITRF")
"""Frames of states; mean elements are in the first."""

COVARIANCE_FRAMES = (*FRAMES, "RTN")
"""Frames of covariances."""

NEAREST_KM, FARTHEST_KM = 6_000.0, 1e6
"""Least and largest distance from the Earth's centre [km]."""

SLOWEST_KM_S, FASTEST_KM_S = 0.05, 13.0
"""Least and largest speed [km/s]."""

LONGEST_ID = 60
"""Characters of an object's id."""

LARGEST_HBR_M = 1_000.0
"""Hard-body radius [m]."""

MOST_DV_M_S = 5_000.0
"""Of one planned burn [m/s]."""

MOST_AREA_OVER_MASS_M2_KG = 1e3
"""Drag coefficient times area over mass [m2/kg]."""

_YEARS = (1957, 2199)
_THOUSAND = 1_000.0
_SAME = 1e-9


def moment(name: str, value: datetime) -> datetime:
    """Return a moment in UTC without a zone; one without a zone is UTC.

    Raises
    ------
    InputError
        If it is no datetime, or its year is not one of satellites.
    """
    if not isinstance(value, datetime):
        message = f"{name} must be a date and time in UTC, got {value!r}."
        raise InputError(message)
    told = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    if not _YEARS[0] <= told.year <= _YEARS[1]:
        message = f"{name} must lie in {_YEARS[0]} to {_YEARS[1]}, got {told.isoformat()}."
        raise InputError(message)
    return told


def finite(value: object) -> bool:
    """Return whether a value is a number, and neither infinite nor NaN."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def refuse_length(
    name: str, vector: Sequence[float], limits: tuple[float, float], unit: str
) -> None:
    """Refuse what is no vector, or one whose length no satellite's can have.

    Raises
    ------
    InputError
        Names the field, its length, what is allowed, and whether a factor of 1,000 explains it.
    """
    if len(vector) != 3 or not all(map(finite, vector)):
        message = f"{name} must be three finite numbers [{unit}], got {list(vector)!r}."
        raise InputError(message)
    low, high = limits
    length = math.hypot(*vector)
    if low <= length <= high:
        return
    hint = f"Allowed are {low:g} to {high:g} {unit}."
    if unit.startswith("km") and low <= length / _THOUSAND <= high:
        hint += f" The numbers seem to be {unit[1:]}: divide them by 1,000."
    message = f"{name} has a length of {length:.6g} {unit}."
    raise InputError(message, hint=hint)


def refuse_covariance(matrix: Matrix, distance_km: float) -> None:
    """Refuse what is no covariance of a satellite's state (km2, km2/s, km2/s2).

    One that is not positive definite passes: real messages hold such, and they are repaired where
    they are used, which is told there.

    Raises
    ------
    InputError
        If it is not 6 x 6, finite and symmetric, a variance is negative, or a sigma is larger than
        the distance from the Earth's centre or the speed of escape.
    """
    if len(matrix) != 6 or any(len(row) != 6 for row in matrix):
        message = "covariance must be 6 x 6 (km2, km2/s, km2/s2)."
        raise InputError(message)
    for i in range(6):
        for j in range(i + 1):
            _refuse_pair(matrix, i, j)
    sigma_km = math.sqrt(max(matrix[k][k] for k in range(3)))
    sigma_km_s = math.sqrt(max(matrix[k][k] for k in range(3, 6)))
    if sigma_km > distance_km or sigma_km_s > FASTEST_KM_S:
        message = f"covariance tells sigmas of {sigma_km:.6g} km and {sigma_km_s:.6g} km/s."
        raise InputError(message, hint="It must be in km2, km2/s, km2/s2; divide m2 by 1,000,000.")


def _refuse_pair(matrix: Matrix, i: int, j: int) -> None:
    one, two = matrix[i][j], matrix[j][i]
    for value, place in ((one, f"[{i}][{j}]"), (two, f"[{j}][{i}]")):
        if not finite(value):
            message = f"covariance{place} must be a finite number, got {value!r}."
            raise InputError(message)
    if i == j and one < 0.0:
        message = f"covariance[{i}][{i}] is a variance and must not be negative, got {one!r}."
        raise InputError(message)
    if abs(one - two) > _SAME * max(abs(one), abs(two)):
        message = f"covariance[{i}][{j}] is {one!r} and covariance[{j}][{i}] is {two!r}."
        raise InputError(message, hint="A covariance is symmetric.")


def refuse_unknown(name: str, value: object, allowed: Iterable[str]) -> None:
    """Refuse a word that is none of those allowed.

    Raises
    ------
    InputError
        Always; names the value and what is allowed.
    """
    message = f"{name} must be one of {', '.join(allowed)}, got {value!r}."
    raise InputError(message)
