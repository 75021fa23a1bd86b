"""Predictions on record, for drift and for labels that come later; written beside the requests.

A request only puts a record into a bounded queue. What does not fit is dropped and counted: a slow
disk must not slow an answer.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from skywright.errors import ConflictError, NotFoundError
from skywright.foundry.serve.figures import Figures
from skywright.foundry.serve.routing import SHADOW
from skywright.store.database import Database
from skywright.store.foundry_schema import predictions

_MOST_WAITING = 10_000
_MOST_AT_ONCE = 500
_TIDY_EVERY = 5_000  # rows between two looks for rows that are too many


@dataclass(frozen=True, slots=True)
class Prediction:
    """One answer that was given, or would have been by a shadow."""

    id: str
    """Id by which a label may come later."""
    name: str
    """Model."""
    version: str
    """Its version."""
    variant: str
    """``champion``, ``challenger`` or ``shadow``."""
    caller: str
    """Who asked."""
    inputs: dict[str, Any]
    """The row."""
    output: dict[str, Any]
    """The answer."""
    latency_ms: float
    """Time in the endpoint [ms]."""
    at: float
    """When [Unix s]."""

    def values(self) -> dict[str, Any]:
        """Return the columns of the table."""
        return {
            "id": self.id,
            "at": self.at,
            "name": self.name,
            "version": self.version,
            "variant": self.variant,
            "caller": self.caller,
            "input_json": json.dumps(self.inputs, default=str),
            "output_json": json.dumps(self.output, default=str),
            "latency_ms": self.latency_ms,
        }


class PredictionLog:
    """Writes predictions in batches; `flush` is called by the housekeeping.

    Parameters
    ----------
    database : Database
        Where they are put on record.
    keep : int
        Most rows of one model; the oldest go first.
    figures : Figures
        Told what was dropped.
    """

    def __init__(self, database: Database, keep: int, figures: Figures) -> None:
        self._database = database
        self._keep = keep
        self._figures = figures
        self._waiting: deque[Prediction] = deque()
        self._writing = threading.Lock()
        self._since_tidied: dict[str, int] = {}

    def put(self, prediction: Prediction) -> bool:
        """Take a prediction in without waiting; False if it was dropped."""
        if len(self._waiting) >= _MOST_WAITING:
            self._figures.dropped.inc()
            return False
        self._waiting.append(prediction)
        return True

    def flush(self) -> int:
        """Write what is waiting; returns how many."""
        written = 0
        with self._writing:
            while self._waiting:
                some = [
                    self._waiting.popleft() for _ in range(min(_MOST_AT_ONCE, len(self._waiting)))
                ]
                try:
                    self._write(some)
                except Exception:
                    self._figures.dropped.inc(len(some))
                    raise
                written += len(some)
        return written

    def find(self, name: str, prediction_id: str) -> Prediction:
        """Return a prediction that waits for its label.

        Raises
        ------
        NotFoundError
            If there is no such prediction of that model on record.
        """
        self.flush()
        c = predictions.c
        with self._database.read() as connection:
            row = connection.execute(
                select(predictions).where(
                    c.id == prediction_id, c.name == name, c.variant != SHADOW
                )
            ).first()
        if row is None:
            message = f"There is no prediction {prediction_id[:60]!r} of {name} on record."
            hint = "An endpoint with log = none or sample does not keep every prediction."
            raise NotFoundError(message, hint=hint)
        return _prediction(row)

    def label(self, prediction_id: str, label: Any) -> None:
        """Attach the truth to a prediction and its shadow, once.

        Raises
        ------
        ConflictError
            If it has another label already.
        """
        c = predictions.c
        both = (prediction_id, shadow_id(prediction_id))
        told = {"label_json": json.dumps(label, sort_keys=True), "labelled_at": time.time()}
        with self._database.write() as connection:
            done = connection.execute(
                update(predictions).where(c.id.in_(both), c.label_json.is_(None)).values(told)
            )
            if not done.rowcount:
                message = f"Prediction {prediction_id} has its label already."
                raise ConflictError(message, hint="A label cannot be changed.")

    def shadow_of(self, prediction_id: str) -> Prediction | None:
        """Return what the challenger would have answered."""
        c = predictions.c
        with self._database.read() as connection:
            row = connection.execute(
                select(predictions).where(c.id == shadow_id(prediction_id))
            ).first()
        return None if row is None else _prediction(row)

    def _write(self, some: list[Prediction]) -> None:
        with self._database.write() as connection:
            connection.execute(insert(predictions), [one.values() for one in some])
            for one in some:
                self._since_tidied[one.name] = self._since_tidied.get(one.name, 0) + 1
            for name, count in list(self._since_tidied.items()):
                if count >= min(_TIDY_EVERY, self._keep):
                    _tidy(connection, name, self._keep)
                    self._since_tidied[name] = 0


def shadow_id(prediction_id: str) -> str:
    """Return the id of the shadow's answer to the same request."""
    return f"{prediction_id}s"


def _tidy(connection: Connection, name: str, keep: int) -> None:
    c = predictions.c
    oldest_kept = connection.scalar(
        select(c.at).where(c.name == name).order_by(c.at.desc()).offset(keep - 1).limit(1)
    )
    if oldest_kept is not None:
        connection.execute(delete(predictions).where(c.name == name, c.at < oldest_kept))


def _prediction(row: Any) -> Prediction:
    return Prediction(
        id=row.id,
        name=row.name,
        version=row.version,
        variant=row.variant,
        caller=row.caller,
        inputs=json.loads(row.input_json),
        output=json.loads(row.output_json),
        latency_ms=row.latency_ms,
        at=row.at,
    )
