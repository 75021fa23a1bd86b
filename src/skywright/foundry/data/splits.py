"""Splits: which rows teach, which choose, and which judge."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, slots=True)
class Split:
    """Three tables of the same columns."""

    train: pl.DataFrame
    """Rows that teach."""
    valid: pl.DataFrame
    """Rows for early stopping and choices; never those that judge."""
    test: pl.DataFrame
    """Rows that judge."""
