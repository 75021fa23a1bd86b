"""How the probability of an encounter went from message to message.

A history is a table with a row a message: ``event_id``, ``created_utc``, ``tca_utc`` and a
probability for one hard-body radius. Logarithms below `FLOOR` are taken as it: 1e-10 and 1e-200 ask
for the same, nothing.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.errors import InputError
from skywright.ssa.records.files import content_of

F64 = npt.NDArray[np.float64]

COLUMNS = ("event_id", "created_utc", "tca_utc")
"""Columns of a history beside that of the probability."""

PC = "pc"
"""Usual name of the probability's column."""

FLOOR = -10.0
"""Least log10 of a probability."""


@dataclass(frozen=True, slots=True)
class Event:
    """One encounter, message by message, oldest first."""

    name: str
    days: F64
    """Before the closest approach [d]; falling."""
    log_pc: F64
    """log10 of the probability, `FLOOR` at least."""

    def until(self, count: int) -> Event:
        """Return the event as it was known after its first messages."""
        return Event(self.name, self.days[:count], self.log_pc[:count])

    def known_at(self, lead_d: float) -> int:
        """Return how many messages had come so many days before the closest approach."""
        return int((self.days >= lead_d).sum())


def read_pc_history(source: Path | str, column: str = PC) -> list[Event]:
    """Read a history from Parquet, CSV or JSON (a list of objects); raises like `events_of`.

    Raises
    ------
    NotFoundError
        If there is no such file.
    """
    content, name = content_of(source)
    try:
        if content.startswith(b"PAR1"):
            table = pl.read_parquet(io.BytesIO(content))
        elif content.lstrip()[:1] == b"[":
            table = pl.read_json(io.BytesIO(content), infer_schema_length=None)
        else:
            table = pl.read_csv(io.BytesIO(content), infer_schema_length=None)
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        message = f"{name} is neither Parquet, CSV nor a JSON list: {error}."
        raise InputError(message) from error
    return events_of(table, column)


def events_of(table: pl.DataFrame, column: str = PC) -> list[Event]:
    """Return the events of a history.

    Messages made after the closest approach foretell nothing and are left out; of two messages of
    the same moment the later row counts.

    Parameters
    ----------
    table : DataFrame
        With the columns of `COLUMNS` and that of the probability; moments are datetimes or ISO 8601
        texts in UTC.
    column : str
        Name of the probability's column.

    Returns
    -------
    list of Event
        In the order of their first rows.

    Raises
    ------
    InputError
        If a column is missing, the table is empty, or a value is null, no moment, or no
        probability; names column, row and value.
    """
    missing = [name for name in (*COLUMNS, column) if name not in table.columns]
    if missing:
        near = [name for name in table.columns if name.startswith("pc")]
        hint = f"Say which column holds the probability: {', '.join(near)}." if near else ""
        message = f"The history has no column {', '.join(missing)}."
        raise InputError(message, hint=hint)
    if table.is_empty():
        message = "The history is empty; give at least one message."
        raise InputError(message)
    if table["event_id"].null_count():
        message = f"event_id is empty in row {table['event_id'].is_null().arg_true()[0]}."
        raise InputError(message)
    told = pl.DataFrame(
        {
            "event": table["event_id"].cast(pl.String),
            "created": _moments(table["created_utc"]),
            "tca": _moments(table["tca_utc"]),
            "log_pc": _logs(table[column]),
        }
    ).with_columns(days=(pl.col("tca") - pl.col("created")).dt.total_microseconds() / 86_400e6)
    names = told["event"].unique(maintain_order=True).to_list()
    told = told.filter(pl.col("days") > 0.0)
    parts = told.sort("created", maintain_order=True).partition_by(
        "event", maintain_order=False, as_dict=True
    )
    return [_event(name, parts[(name,)]) for name in names if (name,) in parts]


def _event(name: str, part: pl.DataFrame) -> Event:
    once = part.unique("created", keep="last", maintain_order=True)
    return Event(name, once["days"].to_numpy(), once["log_pc"].to_numpy())


def _moments(column: pl.Series) -> pl.Series:
    told = column
    if column.dtype == pl.String:
        plain = column.str.strip_chars("Zz ").str.replace(" ", "T")
        told = plain.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False)
    if not isinstance(told.dtype, pl.Datetime):
        message = f"{column.name} must be datetimes or ISO 8601 texts in UTC, got {column.dtype}."
        raise InputError(message)
    told = told.dt.convert_time_zone("UTC") if told.dtype.time_zone else told
    bad = told.is_null().arg_true()
    if len(bad):
        row = int(bad[0])
        message = f"{column.name} = {column[row]!r} in row {row} is no ISO 8601 date and time."
        raise InputError(message)
    return told.dt.replace_time_zone(None).dt.cast_time_unit("us")


def _logs(column: pl.Series) -> F64:
    try:
        values = column.cast(pl.Float64).to_numpy()
    except pl.exceptions.PolarsError as error:
        message = f"{column.name} must be numbers, got {column.dtype}."
        raise InputError(message) from error
    bad = np.flatnonzero(~((values >= 0.0) & (values <= 1.0)))
    if len(bad):
        row = int(bad[0])
        message = f"{column.name} must be 0 to 1, got {column[row]} in row {row}."
        raise InputError(message, hint="Give the probability itself, not its logarithm.")
    return np.asarray(np.maximum(np.log10(np.maximum(values, 1e-300)), FLOOR))


def leads(events: Sequence[Event], lead_d: float) -> list[Event]:
    """Return the events as known some days ahead; those with no message by then are left out."""
    known = [(one, one.known_at(lead_d)) for one in events]
    return [one.until(count) for one, count in known if count]
