"""Find launches: those of the past in catalogues, those to come in Launch Library."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

import polars as pl
from pydantic import Field

from skywright.assistant.messages import ToolResult
from skywright.assistant.tools.collected import Collected, collected_table, first_of
from skywright.assistant.tools.desk import Desk
from skywright.assistant.tools.launch_tables import (
    plain,
    providers_meant,
    rockets_meant,
    unified,
)
from skywright.assistant.tools.shelf import keep_table
from skywright.errors import InputError

_OF_SPACEX = ("falcon", "starship")
_Text = Annotated[str, Field(max_length=100)]


def find_launches(
    desk: Desk,
    provider: _Text = "",
    rocket: _Text = "",
    since: _Text = "",
    until: _Text = "",
    outcome: Literal["", "success", "failure"] = "",
    *,
    upcoming: bool = False,
    limit: Annotated[int, Field(ge=1, le=100)] = 20,
) -> ToolResult:
    """Find orbital launches, count them and list the newest, or the next ones.

    All that were found become a table of the conversation and a CSV file.

    Parameters
    ----------
    provider : str
        Who launches, such as SpaceX, ISRO or Arianespace.
    rocket : str
        Such as Falcon 9 or Soyuz.
    since, until : str
        First and last day, ISO 8601, UTC.
    outcome : str
        success or failure; empty for all.
    upcoming : bool
        Launches to come instead of those of the past.
    limit : int
        Most launches told in words.
    """
    days = _days(since, until)
    found = _asked(desk, provider, rocket, upcoming=upcoming)
    launches = unified(found.table, found.origin.service)
    chosen = _chosen(launches, found.origin.service, provider, rocket)
    is_to_come = pl.col("outcome") == "to come"
    chosen = _between(chosen.filter(is_to_come if upcoming else ~is_to_come), *days)
    if outcome:
        chosen = chosen.filter(pl.col("outcome") == outcome)
    chosen = chosen.sort("date_utc", descending=not upcoming)
    named = " ".join(word for word in (provider, rocket) if word)
    title = f"{'Launches to come' if upcoming else 'Launches'} {named}".strip()
    kept = keep_table(desk, title, title, chosen, (found.origin,)) if chosen.height else None
    question = _question(provider, rocket, days, outcome)
    return ToolResult(
        text=_told(chosen, found, question, limit, upcoming=upcoming),
        data={
            "count": chosen.height,
            "by_outcome": dict(chosen["outcome"].value_counts().iter_rows()),
            "launches": chosen.head(limit).to_dicts(),
            "known_to": found.known_to,
        },
        origins=(found.origin.model_copy(update={"rows": chosen.height}),),
        artifacts=(kept.artifact,) if kept else (),
        warnings=_warnings(found, until, upcoming=upcoming),
        table=kept.name if kept else "",
    )


def _asked(desk: Desk, provider: str, rocket: str, *, upcoming: bool) -> Collected:
    if upcoming:
        return collected_table(desk, "launch-library", "upcoming")
    choices = [("gcat", "launches"), ("launch-library", "previous")]
    if providers_meant(provider) == ("SpaceX",) or plain(rocket).startswith(_OF_SPACEX):
        choices.insert(1, ("spacex", "launches"))
    return first_of(desk, choices)


def _days(since: str, until: str) -> tuple[dt.date | None, dt.date | None]:
    first, last = _day("since", since), _day("until", until)
    if first and last and first > last:
        message = f"since = {since} lies after until = {until}; swap them."
        raise InputError(message)
    return first, last


def _day(field: str, text: str) -> dt.date | None:
    if not text:
        return None
    try:
        return dt.date.fromisoformat(text[:10])
    except ValueError:
        message = f"{field} = {text!r} is no day; write it as 2024-05-17."
        raise InputError(message) from None


def _chosen(launches: pl.DataFrame, service: str, provider: str, rocket: str) -> pl.DataFrame:
    if provider:
        meant = [plain(one) for one in (*providers_meant(provider), provider)]
        launches = launches.filter(_begins(launches["provider"], meant, provider, service))
    if rocket:
        meant = [*rockets_meant(rocket)]
        launches = launches.filter(_begins(launches["rocket"], meant, rocket, service))
    return launches


def _begins(told: pl.Series, meant: list[str], asked: str, service: str) -> pl.Series:
    """Return which names begin with one of the words; none at all is an error with others."""
    is_meant = pl.Series([_begins_with(text, meant) for text in told], dtype=pl.Boolean)
    if told.count() and not is_meant.any():
        common = told.drop_nulls().value_counts(sort=True)[told.name].head(8).to_list()
        message = f"{service} knows no launches with {told.name} = {asked!r}."
        raise InputError(message, hint=f"Frequent there: {', '.join(common)}.")
    return is_meant


def _begins_with(text: str | None, meant: list[str]) -> bool:
    return text is not None and plain(text).startswith(tuple(meant))


def _between(table: pl.DataFrame, first: dt.date | None, last: dt.date | None) -> pl.DataFrame:
    """Keep days from first to last; a date that is known to the month stays if the month does."""
    day = pl.col("date_utc").str.slice(0, 10)
    if first is not None:
        table = table.filter(day >= pl.lit(first.isoformat()).str.slice(0, day.str.len_chars()))
    if last is not None:
        table = table.filter(day <= last.isoformat())
    return table


def _question(
    provider: str, rocket: str, days: tuple[dt.date | None, dt.date | None], outcome: str
) -> str:
    words = [f"of {rocket}"] if rocket else []
    words += [f"by {' and '.join(providers_meant(provider)) or provider}"] if provider else []
    words += [f"since {days[0]}"] if days[0] else []
    words += [f"until {days[1]}"] if days[1] else []
    words += [f"with outcome {outcome}"] if outcome else []
    return " ".join(words)


def _told(
    chosen: pl.DataFrame, found: Collected, question: str, limit: int, *, upcoming: bool
) -> str:
    what = f"launch{'' if chosen.height == 1 else 'es'}{' to come' if upcoming else ''}"
    lead = f"{found.origin.title} lists {chosen.height:,} {what} {question}".strip()
    if not chosen.height:
        return f"{lead}. Nothing was found."
    parts = [lead + _outcomes(chosen, upcoming=upcoming) + "."]
    shown = min(limit, chosen.height, 10)
    parts.append(f"The {'next' if upcoming else 'newest'} {shown if shown > 1 else 'one'}:")
    parts += [_one(row) for row in chosen.head(shown).iter_rows(named=True)]
    return " ".join(parts)


def _outcomes(chosen: pl.DataFrame, *, upcoming: bool) -> str:
    if upcoming:
        return ""
    counts = chosen["outcome"].value_counts(sort=True).iter_rows()
    told = ", ".join(f"{count:,} {name}" for name, count in counts)
    days = f"from {chosen['date_utc'].min()!s:.10} to {chosen['date_utc'].max()!s:.10}"
    return f" ({told}), {days}"


def _one(row: dict[str, str | None]) -> str:
    date = (row["date_utc"] or "").replace("T", " ")[:16]
    parts = [row["name"] or "unnamed", f"on {row['rocket']}" if row["rocket"] else ""]
    parts.append(f"from {row['site']}" if row["site"] else "")
    told = " ".join(part for part in parts if part)
    return f"{date} UTC, {told} ({row['outcome']})."


def _warnings(found: Collected, until: str, *, upcoming: bool) -> tuple[str, ...]:
    told = []
    state = found.origin.state
    if state.startswith(("frozen", "retired")):
        told.append(f"{found.origin.title} is {state}: later launches are missing.")
    elif not upcoming and until and until[:10] > found.known_to:
        told.append(f"The data end about {found.known_to}.")
    return tuple(told)
