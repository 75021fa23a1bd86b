"""Rows of numbers by name, as models of the foundry are asked over HTTP, as an array."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from skywright.errors import InputError


def matrix_of(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> npt.NDArray[np.float64]:
    """Return the numbers of some rows, shape (n, k) for k names; what is null or absent is NaN.

    Raises
    ------
    InputError
        If a value is no number; names the row, the slot and the value.
    """
    numbers = [[_number(row.get(name), k, name) for name in names] for k, row in enumerate(rows)]
    return np.array(numbers, dtype=np.float64).reshape(-1, len(names))


def _number(value: object, row: int, name: str) -> float:
    if value is None:
        return float("nan")
    if isinstance(value, bool) or not isinstance(value, int | float):
        message = f"{name} in row {row + 1} must be a number or null, got {value!r}."
        raise InputError(message)
    return float(value)
