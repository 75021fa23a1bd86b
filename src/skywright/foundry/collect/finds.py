"""What a collection found becomes a dataset: facts without a licence, texts under their own."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl

from skywright.foundry.data.datasets import DatasetRecord, Datasets
from skywright.sources.state import SourceState

_LONGEST_LICENCE = 200

Progress = Callable[[str, int, int], None]
"""Told stage, done and total."""


@dataclass(frozen=True, slots=True)
class Find:
    """What was found at a service."""

    source: SourceState
    """The service."""
    records: list[dict[str, Any]]
    """What it told; each has a ``licence``, empty where none is named."""
    text: str
    """Name of the text in a record, which stands under the licence of the record."""
    facts: dict[str, Any]
    """What was asked for, and what could not be had."""


def register(datasets: Datasets, name: str, find: Find) -> DatasetRecord:
    """Register what was found as a dataset of a name.

    Facts have no licence of their own, so the dataset has the licences of its texts.
    """
    texts = sorted({record["licence"] for record in find.records if record.get(find.text)})
    licence = " AND ".join(texts)
    facts = {
        **find.facts,
        "licences": dict(Counter(record["licence"] or "none named" for record in find.records)),
        "terms": find.source.licence,
    }
    return datasets.register_table(
        name,
        pl.DataFrame(find.records, infer_schema_length=None),
        source=find.source.name,
        licence=licence if len(licence) <= _LONGEST_LICENCE else "",
        facts=json.loads(json.dumps(facts, default=str)),
    )


def say_nothing(stage: str, done: int, of: int) -> None:
    """Tell nobody."""
