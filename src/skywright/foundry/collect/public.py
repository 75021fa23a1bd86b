"""Public sources as datasets: one for each table of a source, with where every byte came from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

import polars as pl

from skywright.errors import SourceError
from skywright.foundry.data.datasets import DatasetRecord, Datasets
from skywright.settings import Settings
from skywright.sources.collecting import (
    Collector,
    Progress,
    Text,
    Visit,
    Wish,
    collector_named,
    fetcher_for,
    texts_of,
    visit,
)
from skywright.sources.http import Fetcher
from skywright.sources.state import SourceState

KeepTexts = Callable[[SourceState, Sequence[Text]], dict[str, int]]
"""Gets the texts of a table; keeps them where questions are answered from, and returns counts."""


def collect_public(
    name: str,
    wish: Wish,
    settings: Settings,
    *,
    progress: Progress = lambda *_: None,
    fetcher: Fetcher | None = None,
    keep_texts: KeepTexts | None = None,
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
    keep_texts : callable, optional
        Keeps what the rows say in words; it is left out where None.

    Returns
    -------
    dict
        ``source, state, licence, citation, remark, datasets, failed``. A part that failed costs no
        other; ``failed`` says why. A part with no rows has no dataset; one whose rows say something
        in words has ``texts``, the counts of ``keep_texts``.

    Raises
    ------
    SourceError
        If the source is retired, or every part failed.
    NotFoundError, InputError
        If there is no such source, or it needs a token that is not set.
    """
    collector = collector_named(name, settings)
    with fetcher or fetcher_for(collector, settings) as opened:
        one = Visit(collector.state, opened, settings, wish, progress)
        told, failed = _tables(collector, one, keep_texts)
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
    collector: Collector, whole: Visit, keep_texts: KeepTexts | None
) -> tuple[list[dict[str, Any]], dict[str, SourceError]]:
    told: list[dict[str, Any]] = []
    failed: dict[str, SourceError] = {}
    datasets = Datasets.of(whole.settings)
    for name, part in collector.parts.items():
        whole.progress(name, 0, 0)
        one = replace(whole, provenance=[])
        try:
            table = visit(collector, name, one)
        except SourceError as error:
            failed[name] = error
            continue
        record = _kept(datasets, name, table, one)
        one.progress(name, table.height, table.height)
        row = {
            "part": name,
            "rows": table.height,
            "dataset": record.named if record else None,
            "id": record.id if record else None,
            "provenance": [asdict(row) for row in one.provenance],
        }
        if keep_texts is not None and part.text is not None:
            row["texts"] = keep_texts(collector.state, texts_of(part, table))
        told.append(row)
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
