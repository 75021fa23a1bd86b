"""Tell NASA's astronomy picture of a day."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import polars as pl
from pydantic import Field

from skywright.assistant.messages import ToolResult
from skywright.assistant.tools.collected import collected_table
from skywright.assistant.tools.desk import Desk
from skywright.errors import InputError, NotFoundError
from skywright.sources.apod import FIRST
from skywright.sources.collecting import Wish


def picture_of_the_day(desk: Desk, date: Annotated[str, Field(max_length=10)] = "") -> ToolResult:
    """Tell the title, the explanation and the address of an Astronomy Picture of the Day.

    Parameters
    ----------
    date : str
        Day, ISO 8601; empty for the newest. The first is 1995-06-16.
    """
    day = _day(date)
    found = collected_table(desk, "apod", "pictures", Wish(since=day, limit=1 if day else None))
    table = found.table.sort("date")
    table = table.filter(pl.col("date") == day.isoformat()) if day else table.tail(1)
    if not table.height:
        message = f"{found.origin.title} has no picture of {date or 'today'}."
        raise NotFoundError(message, hint="A few days of 1995 have none; ask for another day.")
    row = table.row(0, named=True)
    owner = f" It is copyrighted by {row['copyright']}." if row["copyright"] else ""
    address = row["hdurl"] or row["url"] or row["page"]
    text = (
        f"The Astronomy Picture of the Day of {row['date']} is {row['title']!r}. "
        f"{row['explanation'] or ''}{owner} {'Address: ' + address if address else ''}"
    )
    return ToolResult(
        text=text.strip(),
        data={name: row[name] for name in table.columns},
        origins=(found.origin.model_copy(update={"rows": 1}),),
        warnings=(f"The picture belongs to {row['copyright']}.",) if row["copyright"] else (),
    )


def _day(date: str) -> dt.date | None:
    if not date:
        return None
    try:
        day = dt.date.fromisoformat(date)
    except ValueError:
        message = f"date = {date!r} is no day; write it as 2024-05-17."
        raise InputError(message) from None
    today = dt.datetime.now(dt.UTC).date()
    if not FIRST <= day <= today:
        message = f"date = {date} has no picture; choose a day from {FIRST} to {today}."
        raise InputError(message)
    return day
