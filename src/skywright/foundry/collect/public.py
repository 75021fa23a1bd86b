"""Public sources as datasets: one for each table of a source, with where every byte came from."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import polars as pl

from skywright.errors import SourceError
from skywright.foundry.data.datasets import DatasetRecord, Datasets
from skywright.settings import Settings
from skywright.sources.collecting import (
    Collector,
    Progress,
    Visit,
    Wish,
    collector_named,
    fetcher_for,
    visit,
)
from skywright.sources.http import Fetcher


def collect_public(
    name: str,
    wish: Wish,
    settings: Settings,
    *,
    progress: Progress = lambda *_: None,
    fetcher: Fetcher | None = None,
) -> dict[str, Any]:
    """Collect the tables of a source into datasets.

    Parameters
    ----------
    name : str
        Of the source.
    wish : Wish
        Since when, and how much.
    settings : Settings
        Addresses, tokens, data folder.
    progress : callable
        Told how far it is.
    fetcher : Fetcher, optional
        One of one's own; below the data folder where None.

    Returns
    -------
    dict
        ``source, state, licence, citation, remark, datasets, failed``. A part that failed costs no
        other; ``failed`` says why. A part with no rows has no dataset.

    Raises
    ------
    SourceError
        If the source is retired, or every part failed.
    NotFoundError, InputError
        If there is no such source, or it needs a token that is not set.
    """
    collector = collector_named(name, settings)
    with fetcher or fetcher_for(collector, settings) as opened:
        told, failed = _tables(collector, wish, settings, progress, opened)
    if not told:
        raise next(iter(failed.values()))
    state = collector.state
    return {
        "source": name,
        "state": state.told(),
        "licence": state.licence,
        "citation": state.citation,
        "remark": state.remark,
        "datasets": told,
        "failed": {part: str(error) for part, error in failed.items()},
    }


def _tables(
    collector: Collector, wish: Wish, settings: Settings, progress: Progress, fetcher: Fetcher
) -> tuple[list[dict[str, Any]], dict[str, SourceError]]:
    told: list[dict[str, Any]] = []
    failed: dict[str, SourceError] = {}
    datasets = Datasets.of(settings)
    for part in collector.parts:
        progress(part, 0, 0)
        one = Visit(collector.state, fetcher, settings, wish, progress)
        try:
            table = visit(collector, part, one)
        except SourceError as error:
            failed[part] = error
            continue
        record = _kept(datasets, part, table, one)
        progress(part, table.height, table.height)
        told.append(
            {
                "part": part,
                "rows": table.height,
                "dataset": record.named if record else None,
                "id": record.id if record else None,
                "provenance": [asdict(row) for row in one.provenance],
            }
        )
    return told, failed


def _kept(datasets: Datasets, part: str, table: pl.DataFrame, one: Visit) -> DatasetRecord | None:
    if table.is_empty():
        return None
    state = one.state
    since = one.wish.since
    return datasets.register_table(
        f"{state.name}-{part}",
        table,
        source=state.name,
        licence=state.spdx,
        facts={
            "state": state.told(),
            "terms": state.licence,
            "citation": state.citation,
            "since": since.isoformat() if since else None,
            "limit": one.wish.limit,
            "provenance": [asdict(row) for row in one.provenance],
        },
    )
