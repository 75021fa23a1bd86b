"""A question while it is being understood: what was taken out of it, and what is left."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

Value = TypeVar("Value")

_SAME = str.maketrans(
    {
        "\u2018": "'", "\u2019": "'", "\u02bc": "'", "\u2032": "'", "\u00b4": "'", "`": "'",
        "\u201c": '"', "\u201d": '"', "\u2033": '"', "\u00ab": '"', "\u00bb": '"',
        "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2212": "-",
        "\u00ba": "\u00b0", "\u2264": "<=", "\u2265": ">=", "\u00a0": " ",
    }
)  # fmt: skip

_UNSEEN = re.compile(r"[\x00-\x1f\x7f]")
"""Signs that are not printed; some of them mark what was read."""
TAKEN = "\x1f"
"""Stands for each character that something was read from."""


def plain(text: str) -> str:
    """Return a text with one kind of quote, dash and blank, as patterns expect it."""
    text = text.translate(_SAME)  # before NFKC, which would take the primes of minutes apart
    text = unicodedata.normalize("NFKC", text).replace("''", '"')
    text = _UNSEEN.sub(" ", text)
    return re.sub(r"\s+", " ", text).strip()


@dataclass(slots=True)
class Reader:
    """A question; each pattern takes its part, so that no character is read twice."""

    text: str
    rest: str = ""
    taken: list[tuple[int, int, str]] = field(default_factory=list)
    """Start, stop and kind of each part."""

    def __post_init__(self) -> None:
        self.rest = self.text

    def take(
        self, pattern: re.Pattern[str], kind: str, read: Callable[[re.Match[str]], Value | None]
    ) -> list[Value]:
        """Read every match; those that ``read`` returns None for stay in the rest."""
        values: list[Value] = []
        for match in pattern.finditer(self.rest):
            value = read(match)
            if value is not None:
                values.append(value)
                self.cover(*match.span(), kind)
        return values

    def cover(self, start: int, stop: int, kind: str) -> None:
        """Mark characters as read."""
        self.rest = self.rest[:start] + TAKEN * (stop - start) + self.rest[stop:]
        self.taken.append((start, stop, kind))

    def without(self, *kinds: str) -> str:
        """Return the question without the parts of some kinds."""
        text = list(self.text)
        for start, stop, kind in self.taken:
            if kind in kinds:
                text[start:stop] = " " * (stop - start)
        return " ".join("".join(text).split())

    def masked(self) -> str:
        """Return the question in small letters, the kind of each part in capitals in its place."""
        pieces, at = [], 0
        for start, stop, kind in sorted(self.taken):
            if start >= at:
                pieces += [self.text[at:start].lower(), f" {kind.upper()} " if kind else " "]
                at = stop
        joined = "".join([*pieces, self.text[at:].lower()])
        return re.sub(r"\s+", " ", joined).strip()
