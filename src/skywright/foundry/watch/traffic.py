"""What an endpoint was asked and what it answered, from the log of predictions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlalchemy import select

from skywright.foundry.evaluate.answers import Answers, answers_of
from skywright.store.database import Database
from skywright.store.foundry_schema import predictions

_MOST_ROWS = 20_000
_ANSWER_KEYS = ("label", "value", "text")


@dataclass(frozen=True, slots=True)
class Traffic:
    """Logged predictions of one version of a model, the oldest first."""

    at: tuple[float, ...] = ()
    """When they were asked [Unix s]."""
    inputs: tuple[dict[str, Any], ...] = ()
    """What was asked: one row each."""
    told: tuple[dict[str, Any], ...] = ()
    """What was answered."""
    truths: tuple[Any, ...] = ()
    """What came true, None where nobody knows yet."""

    def __len__(self) -> int:
        return len(self.at)

    def table(self, columns: Sequence[str] = ()) -> pl.DataFrame:
        """Return the inputs as a table, of some columns or of all."""
        rows = list(self.inputs)
        if columns:
            rows = [{name: row.get(name) for name in columns} for row in rows]
        return (
            pl.from_dicts(rows, infer_schema_length=None, strict=False) if rows else pl.DataFrame()
        )

    def labelled(self) -> Traffic:
        """Return those whose truth is known."""
        return self.take([k for k, truth in enumerate(self.truths) if truth is not None])

    def take(self, index: Sequence[int]) -> Traffic:
        """Return some of them, by their places."""
        return Traffic(
            tuple(self.at[k] for k in index),
            tuple(self.inputs[k] for k in index),
            tuple(self.told[k] for k in index),
            tuple(self.truths[k] for k in index),
        )

    def answers(self, signature: Mapping[str, Any]) -> Answers:
        """Return truths and answers beside each other; all truths must be known.

        Raises
        ------
        InputError
            If there are none, or an answer lacks what its task needs.
        """
        return answers_of(signature, list(self.truths), list(self.told))


def read_traffic(
    database: Database, name: str, version: str, *, since: float = 0.0, until: float = 1e12
) -> Traffic:
    """Read the newest 20,000 logged predictions of a version between two times [Unix s]."""
    c = predictions.c
    query = (
        select(c.at, c.input_json, c.output_json, c.label_json)
        .where(c.name == name, c.version == version, c.at >= since, c.at < until)
        .order_by(c.at.desc())
        .limit(_MOST_ROWS)
    )
    with database.read() as connection:
        rows = connection.execute(query).all()[::-1]
    return Traffic(
        tuple(row.at for row in rows),
        tuple(_row(json.loads(row.input_json)) for row in rows),
        tuple(_row(json.loads(row.output_json)) for row in rows),
        tuple(
            None if row.label_json is None else truth_of(json.loads(row.label_json)) for row in rows
        ),
    )


def truth_of(told: Any) -> Any:
    """Return the truth of a label, which may be plain or in the form of an answer."""
    if isinstance(told, dict):
        return next((told[key] for key in _ANSWER_KEYS if key in told), None)
    return told


def _row(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {"input": value}
