"""GitHub's search answers 1,000 results at most, so a question is cut until each part has fewer.

First by stars, at the geometric mean, since few repositories have many; then, where one number of
stars is too common, by the day of the last push, and then by the day of creation.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import asdict, dataclass, replace
from typing import Any

FIRST_DAY = dt.date(2007, 10, 1)
"""Before the first repository of GitHub."""

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Days:
    """A span of days, both included; an open end is None and grows with time."""

    first: dt.date
    last: dt.date | None = None

    def halves(self, today: dt.date) -> tuple[Days, ...]:
        """Return two spans that make this one, or none if it is one day."""
        last = self.last or max(today, self.first)
        if last <= self.first:
            return ()
        middle = self.first + (last - self.first) // 2
        return Days(self.first, middle), Days(middle + _DAY, self.last)

    def __str__(self) -> str:
        """Return it as GitHub writes it."""
        return f"{self.first}..{self.last}" if self.last else f">={self.first}"


@dataclass(frozen=True, slots=True)
class Slice:
    """One part of a question."""

    topic: str
    language: str
    low: int
    """Fewest stars."""
    high: int | None
    """Most stars; None: no bound."""
    pushed: Days
    created: Days = Days(FIRST_DAY)

    @property
    def query(self) -> str:
        """The question as GitHub reads it."""
        parts = [f"topic:{self.topic}"] if self.topic else []
        if self.language:
            name = f'"{self.language}"' if " " in self.language else self.language
            parts.append(f"language:{name}")
        bound = f">={self.low}" if self.high is None else f"{self.low}..{self.high}"
        parts += [f"stars:{bound}", f"pushed:{self.pushed}"]
        if self.created != Days(FIRST_DAY):
            parts.append(f"created:{self.created}")
        return " ".join(parts)

    def halves(self, most_stars: int, today: dt.date) -> tuple[Slice, ...]:
        """Return parts that make this slice, or none if it cannot be divided further.

        Parameters
        ----------
        most_stars : int
            Of any repository seen in it.
        today : date
            Ends spans that are open.
        """
        top = self.high if self.high is not None else max(most_stars, self.low)
        if top > self.low:
            middle = min(math.isqrt(self.low * top), top - 1)
            return replace(self, high=middle), replace(self, low=middle + 1)
        if self.high is None:
            return replace(self, high=self.low), replace(self, low=self.low + 1)
        if halves := self.pushed.halves(today):
            return tuple(replace(self, pushed=half) for half in halves)
        return tuple(replace(self, created=half) for half in self.created.halves(today))

    def plain(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            name: {k: v and v.isoformat() for k, v in value.items()}
            if isinstance(value, dict)
            else value
            for name, value in asdict(self).items()
        }


def slice_of(plain: dict[str, Any]) -> Slice:
    """Return a slice from what `Slice.plain` made of it."""
    spans = {name: _days(plain[name]) for name in ("pushed", "created")}
    return Slice(**{**plain, **spans})


def _days(plain: dict[str, str | None]) -> Days:
    last = plain["last"]
    first = plain["first"] or FIRST_DAY.isoformat()
    return Days(dt.date.fromisoformat(first), dt.date.fromisoformat(last) if last else None)
