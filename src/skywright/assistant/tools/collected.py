"""Tables of public sources: as they were collected, or asked for now where they were not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import polars as pl

from skywright.assistant.messages import Origin
from skywright.assistant.tools.desk import Desk
from skywright.assistant.tools.shelf import origin_from
from skywright.errors import NotFoundError, SkywrightError, SourceError
from skywright.foundry.data.datasets import DatasetRecord, Datasets
from skywright.sources.collecting import (
    Collector,
    Visit,
    Wish,
    collector_named,
    visit,
    visiting,
)
from skywright.sources.registry import source_named


@dataclass(frozen=True, slots=True)
class Collected:
    """A table with where it comes from."""

    table: pl.DataFrame
    origin: Origin
    known_to: str
    """What the table can know of: the day it was collected, or the end of a frozen source."""


def collected_table(desk: Desk, source: str, part: str, wish: Wish | None = None) -> Collected:
    """Return a table of a source.

    Parameters
    ----------
    desk : Desk
        Whose settings say where data and services are.
    source, part : str
        As ``skywright collect`` names them.
    wish : Wish, optional
        What is asked of the service first; what was collected then stands in where it fails.

    Raises
    ------
    SourceError
        If it was not collected and the service cannot be asked; the hint says how to collect it.
    """
    kept = kept_table(desk, source, part)
    if kept is not None and wish is None:
        return kept
    try:
        return live_table(
            desk, source, lambda one, opened: visit(one, part, replace(opened, wish=wish or Wish()))
        )
    except SourceError:
        if kept is not None:
            return kept
        raise


def kept_table(desk: Desk, source: str, part: str) -> Collected | None:
    """Return a table as it was collected last; None where it was not."""
    kept = _dataset(desk, f"{source}-{part}")
    return None if kept is None else _from_dataset(desk, source, kept)


def live_table(
    desk: Desk, source: str, ask: Callable[[Collector, Visit], pl.DataFrame]
) -> Collected:
    """Return what a service answers now.

    Parameters
    ----------
    desk : Desk
        Whose settings say where it is.
    source : str
        Its name.
    ask : callable
        Gets the collector of the source and a visit to it, and fetches the table.

    Raises
    ------
    SourceError
        If the service cannot be asked; the hint says how to collect it.
    """
    desk.check_stop()
    desk.progress(f"asking {source_named(source).title}")
    collector = collector_named(source, desk.settings)
    try:
        with visiting(collector, desk.settings) as opened:
            table = ask(collector, opened)
    except SourceError as error:
        hint = f"Collect it while there is a network: skywright collect {source}."
        raise SourceError(error.message, hint=f"{error.hint} {hint}".strip()) from error
    made = opened.provenance
    url = made[-1].url if made else collector.state.url(desk.settings)
    origin = origin_from(collector.state, url=url, rows=table.height)
    return Collected(table, origin, collector.state.since or origin.retrieved_utc[:10])


def first_of(desk: Desk, choices: list[tuple[str, str]]) -> Collected:
    """Return the first of several tables that can be had; those collected come first.

    Raises
    ------
    SourceError
        If none can; says why the first cannot.
    """
    ordered = sorted(choices, key=lambda one: _dataset(desk, "-".join(one)) is None)
    failures: list[SkywrightError] = []
    for source, part in ordered:
        try:
            return collected_table(desk, source, part)
        except SourceError as error:
            failures.append(error)
    raise failures[0]


def _dataset(desk: Desk, name: str) -> DatasetRecord | None:
    """Return the newest dataset of that name that holds the whole table."""
    try:
        record = Datasets.of(desk.settings).find(name)
    except NotFoundError:
        return None
    facts = record.manifest.get("facts") or {}
    return None if facts.get("since") or facts.get("limit") else record


def _from_dataset(desk: Desk, source: str, record: DatasetRecord) -> Collected:
    state = source_named(source)
    table = Datasets.of(desk.settings).read(record)
    origin = origin_from(
        state,
        title=f"{state.title}, collected {record.created_at[:10]} as {record.named}",
        url=str(table["source_url"][0]) if "source_url" in table.columns else "",
        retrieved_utc=record.created_at,
        rows=table.height,
    )
    return Collected(table, origin, state.since or record.created_at[:10])
