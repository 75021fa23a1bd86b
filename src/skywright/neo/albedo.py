"""An interval for the albedo from orbit and H; never one number, since little is known."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.foundry.onnx_session import run_onnx
from skywright.foundry.registry import in_use
from skywright.neo.columns import numbers, perihelia, refuse_bad_elements, require_columns

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

NAME = "neo-albedo"
"""Name of the model in the registry."""

FEATURES = ("log10_q", "log10_a", "e", "i_deg", "tisserand_jupiter", "h_mag")
"""Inputs of the model."""

_JUPITER_AU = 5.2044


def features(table: pl.DataFrame) -> F32:
    """Return the inputs of the model, shape (n, 6).

    Parameters
    ----------
    table : polars.DataFrame
        ``a_au`` or ``q_au`` [au], ``e``, ``i_deg``, ``node_deg``, ``peri_deg`` [deg], ``h_mag``.

    Raises
    ------
    InputError
        If a column is missing or an element is not allowed.
    """
    require_columns(table, ("e", "i_deg", "h_mag"), "The albedo model")
    refuse_bad_elements(table)
    e, i = numbers(table, "e"), numbers(table, "i_deg")
    q = perihelia(table)
    inverse_a = np.clip((1 - e) / q, 1e-4, None)
    tisserand = _JUPITER_AU * inverse_a + 2 * np.cos(np.radians(i)) * np.sqrt(
        q * (1 + e) / _JUPITER_AU
    )
    columns = [np.log10(q), -np.log10(inverse_a), e, i, tisserand, numbers(table, "h_mag")]
    return np.column_stack(columns).astype(np.float32)


def albedo_interval(table: pl.DataFrame, folder: Path | None = None) -> tuple[F64, F64]:
    """Return the 16 and 84 % limits of the albedo, shape (n,) each [-].

    Parameters
    ----------
    table : polars.DataFrame
        As `features` takes it.
    folder : pathlib.Path, optional
        A model folder; by default the model in use.
    """
    place = folder or in_use(NAME)
    low, high = raw_limits(place, features(table))
    widen = float(_card(place)["calibration"]["widen_dex"])
    return 10 ** (low - widen), 10 ** (high + widen)


def raw_limits(folder: Path, x: F32) -> tuple[F64, F64]:
    """Return log10 of both limits before the conformal widening, shape (n,) each."""
    low, high = (
        np.asarray(run_onnx(folder / f"{name}.onnx", {"features": x})[0], np.float64).reshape(-1)
        for name in ("low", "high")
    )
    return np.minimum(low, high), np.maximum(low, high)


@lru_cache(maxsize=8)
def _card(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "card.json").read_text(encoding="utf-8")))
