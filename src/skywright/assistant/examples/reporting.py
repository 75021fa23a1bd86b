"""What is to be built, and the report of what was: counts by category, template, part and gate."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from skywright import __version__
from skywright.assistant.examples.example import (
    CATEGORIES,
    LEAST,
    Category,
    Example,
    RefusedError,
)

MOST_SHARE = 0.08
"""Largest share of all examples that one template may make."""

_REASONS = 6
_PACKAGES = ("astropy", "pyvo", "numpy", "matplotlib", "queryparser-python3", "polars")


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be built."""

    out: Path
    count: int = sum(LEAST.values())
    """Examples in all, shared out among the categories as `LEAST` is."""
    seed: int = 1
    folders: tuple[Path, ...] = ()
    """Catalogues and recorded answers."""

    def wanted(self) -> dict[Category, int]:
        """Return how many examples of each category are wanted."""
        whole = sum(LEAST.values())
        return {name: max(1, -(-self.count * LEAST[name] // whole)) for name in CATEGORIES}

    def most_of_one_template(self) -> int:
        """Return how many examples one template may make."""
        return max(1, int(MOST_SHARE * self.count))


@dataclass(slots=True)
class Report:
    """What was built, and what the gates refused."""

    order: Order
    hashes: Mapping[str, str]
    """SHA-256 of the data, by name of the file."""
    near_duplicates: str
    """How they are told."""
    written: list[Example] = field(default_factory=list)
    refused: dict[str, Counter[tuple[Category, str]]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    """Times that a gate refused, by category and template."""
    reasons: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    gone_on_from: int = 0
    """Attempts that were taken over from a build that was stopped."""
    seconds: float = 0.0

    def refuse(self, category: Category, template: str, error: RefusedError) -> None:
        """Count a refusal."""
        self.refused[error.gate][category, template] += 1
        self.reasons[error.gate][str(error)[:160]] += 1

    def made_by(self, template: str) -> int:
        """Return how many examples a template has made."""
        return sum(one.template == template for one in self.written)

    def short(self) -> dict[str, int]:
        """Return how many examples are missing, by category."""
        there = Counter(one.category for one in self.written)
        wanted = self.order.wanted()
        return {name: n - there[name] for name, n in wanted.items() if there[name] < n}

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain values."""
        count = Counter[str]
        templates = count(one.template for one in self.written)
        largest = max(templates.values(), default=0)
        return {
            "file": self.order.out.name,
            "examples": len(self.written),
            "short": self.short(),
            "by_category": dict(count(one.category for one in self.written)),
            "by_split": dict(count(one.part for one in self.written)),
            "by_template": dict(templates.most_common()),
            "largest_template_share": round(largest / max(1, len(self.written)), 4),
            "test_templates": sorted({o.template for o in self.written if o.part == "test"}),
            "objects": len({key for one in self.written for key in one.subjects}),
            "with_code": sum(one.has_code() for one in self.written),
            "with_adql": sum("run-adql" in one.tools() for one in self.written),
            "with_tools": dict(
                count(tool for one in self.written for tool in one.tools()).most_common()
            ),
            "questions": dict(count(str(len(one.asked())) for one in self.written)),
            "refused": {gate: self._refused(gate) for gate in sorted(self.refused)},
            "near_duplicates_by": self.near_duplicates,
            "seed": self.order.seed,
            "versions": versions(),
            "data_sha256": dict(self.hashes),
            "gone_on_from": self.gone_on_from,
            "seconds": round(self.seconds, 1),
        }

    def _refused(self, gate: str) -> dict[str, Any]:
        by_category: Counter[str] = Counter()
        by_template: Counter[str] = Counter()
        for (category, template), times in self.refused[gate].items():
            by_category[category] += times
            by_template[template] += times
        return {
            "by_category": dict(by_category),
            "by_template": dict(by_template.most_common()),
            "reasons": dict(self.reasons[gate].most_common(_REASONS)),
        }


def versions() -> dict[str, str]:
    """Return the versions of what decides the text of examples."""
    found = {"skywright": __version__}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
