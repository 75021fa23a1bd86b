"""Near-Earth-object models as models of the foundry: rows in, answers out, a signature."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from skywright.foundry.kind import SIGNATURE, Rows

ELEMENTS = ("a_au", "e", "i_deg", "node_deg", "peri_deg", "h_mag")
"""Columns that every orbit needs: au, degrees in the ecliptic and equinox of J2000, magnitude."""


def table_of(rows: Rows) -> pl.DataFrame:
    """Return the table of some rows; columns that hold nothing are numbers."""
    table = pl.DataFrame(list(rows), infer_schema_length=None)
    empty = [name for name, kind in table.schema.items() if kind == pl.Null]
    return table.with_columns(pl.col(empty).cast(pl.Float64))


def write_signature(
    folder: Path, task: str, inputs: Sequence[str], *, target: str, classes: Sequence[str] = ()
) -> None:
    """Say beside a model what it takes: numbers by name, null where one is not known."""
    told = {
        "task": task,
        "target": target,
        "classes": list(classes),
        "inputs": [{"name": name, "type": "number"} for name in inputs],
    }
    (folder / SIGNATURE).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
