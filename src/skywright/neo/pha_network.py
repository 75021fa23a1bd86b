"""The network that learns what a rule defines: hazard and orbit class from elements and H.

It is here because people ask for it and will compare. Its card prints the rule beside it and says
which to trust: the rule. Serving needs onnxruntime only.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.foundry.onnx_session import run_onnx
from skywright.neo.columns import numbers, perihelia, refuse_bad_elements, require_columns

F32 = npt.NDArray[np.float32]

CLASSES = ("IEO", "ATE", "APO", "AMO")
"""Classes the network knows, in the order of its output."""

FEATURES = (
    "log10_q", "log10_Q", "e", "sin_i", "cos_i", "sin_node", "cos_node",
    "sin_peri", "cos_peri", "h",
)  # fmt: skip
"""Inputs of the network; the MOID is deliberately not one of them."""


def features(table: pl.DataFrame) -> F32:
    """Return the inputs of the network, shape (n, 10), unscaled.

    Parameters
    ----------
    table : polars.DataFrame
        ``a_au`` or ``q_au`` [au], ``e``, ``i_deg``, ``node_deg``, ``peri_deg`` [deg], ``h_mag``.

    Raises
    ------
    InputError
        If a column is missing or an element is not allowed.
    """
    require_columns(table, ("e", "i_deg", "node_deg", "peri_deg", "h_mag"), "The hazard network")
    refuse_bad_elements(table)
    e = numbers(table, "e")
    q = perihelia(table)
    with np.errstate(divide="ignore"):
        far = np.where(e < 1, q * (1 + e) / np.where(e < 1, 1 - e, 1), np.inf)
    columns = [np.log10(q), np.log10(np.minimum(far, 1e3)), e]
    for name in ("i_deg", "node_deg", "peri_deg"):
        angle = np.radians(numbers(table, name))
        columns += [np.sin(angle), np.cos(angle)]
    return np.column_stack([*columns, numbers(table, "h_mag")]).astype(np.float32)


def predict(folder: Path, table: pl.DataFrame) -> tuple[F32, F32]:
    """Return the probability of hazard, shape (n,), and of each class, shape (n, 4).

    Parameters
    ----------
    folder : pathlib.Path
        A model folder with ``model.onnx``.
    table : polars.DataFrame
        As `features` takes it.
    """
    hazard, classes = run_onnx(folder / "model.onnx", {"features": features(table)})
    return np.asarray(hazard, np.float32).reshape(-1), np.asarray(classes, np.float32)
