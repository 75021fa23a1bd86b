"""Personal data and secrets in texts: found, counted, blacked out or refused.

Names, street addresses and dates of birth are not found: no pattern tells them from the names of
craters, missions and observatories.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from skywright.errors import InputError
from skywright.foundry.data.recognisers import RECOGNISERS

_WORTH_A_LOOK = re.compile(r"[\d@]|PRIVATE KEY|hf_|xox|[sr]k[_-]|npm_|pypi-|sky_")
"""Every other finding has a digit, and most texts have nothing of all this."""


@dataclass(frozen=True, slots=True)
class Span:
    """One finding in a text."""

    kind: str
    """What it is: email, phone, card, iban, ip, national_id, token or private_key."""
    start: int
    """Index of its first character."""
    end: int
    """Index after its last one."""


def find_pii(text: str) -> list[Span]:
    """Return what looks like personal data or a secret, in order, without overlaps."""
    if not _WORTH_A_LOOK.search(text):
        return []
    taken = bytearray(len(text))
    found = []
    for one in RECOGNISERS:
        for match in one.pattern.finditer(text):
            start, end = one.span(match)
            if not any(taken[start:end]) and one.check(match):
                taken[start:end] = b"\x01" * (end - start)
                found.append(Span(one.kind, start, end))
    return sorted(found, key=lambda span: span.start)


def redact(text: str) -> str:
    """Return the text with each finding replaced by its kind in brackets."""
    for span in reversed(find_pii(text)):
        text = f"{text[: span.start]}[{span.kind}]{text[span.end :]}"
    return text


def pass_over(
    frame: pl.DataFrame, columns: Sequence[str], way: Literal["refuse", "redact", "keep"]
) -> tuple[pl.DataFrame, dict[str, Any]]:
    """Look through the texts of a table.

    Parameters
    ----------
    frame : polars.DataFrame
        The table.
    columns : sequence of str
        Its columns of texts, or of lists and structures that hold texts.
    way : str
        ``refuse`` raises, ``redact`` replaces, ``keep`` only counts.

    Returns
    -------
    polars.DataFrame, dict
        The table, and findings by column and kind.

    Raises
    ------
    InputError
        If something was found and ``way`` is ``refuse``.
    """
    counts: dict[str, dict[str, int]] = {}
    for name in columns:
        found, cleared = _column(frame[name])
        if found:
            counts[name] = dict(sorted(found.items()))
            if way == "redact":
                frame = frame.with_columns(cleared)
    if counts and way == "refuse":
        told = "; ".join(
            f"{name}: " + ", ".join(f"{n} {kind}" for kind, n in kinds.items())
            for name, kinds in counts.items()
        )
        message = f"The data hold what looks like personal data or secrets ({told})."
        raise InputError(message, hint="Set prepare.pii = 'redact', or 'keep' if they may stay.")
    return frame, {"way": way, "found": counts}


def _column(values: pl.Series) -> tuple[Counter[str], pl.Series]:
    """Return the findings of a column by kind, and the column without them."""
    found: Counter[str] = Counter()
    if values.dtype.is_nested():
        cleared = [_walked(value, found) for value in values.to_list()]
        return found, pl.Series(values.name, cleared, values.dtype) if found else values
    texts = values.cast(pl.String)
    changed = {}
    for text, times in texts.drop_nulls().value_counts().iter_rows():
        for span in (spans := find_pii(text)):
            found[span.kind] += times
        if spans:
            changed[text] = redact(text)
    return found, texts.replace(changed) if changed else values


def _walked(value: Any, found: Counter[str]) -> Any:
    """Return a value of lists and structures with its texts blacked out."""
    if isinstance(value, str):
        spans = find_pii(value)
        found.update(span.kind for span in spans)
        return redact(value) if spans else value
    if isinstance(value, list):
        return [_walked(inner, found) for inner in value]
    if isinstance(value, dict):
        return {key: _walked(inner, found) for key, inner in value.items()}
    return value
