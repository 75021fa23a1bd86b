"""Which part an object and a template belong to, so that nothing of the test was learned."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from skywright.assistant.examples.duplicates import normalised
from skywright.assistant.examples.example import Example, Part, RefusedError

_TEST, _VALIDATION = 0.20, 0.35  # the tenths that follow are for training


@dataclass(frozen=True, slots=True)
class Splits:
    """Parts of objects by a hash of their keys, and of templates by name.

    A template of the test is used with objects of the test only; every other one with the rest.
    """

    seed: int
    held_out: frozenset[str]
    """Templates of the test."""
    fixed: Mapping[str, Part] = field(default_factory=dict)
    """Objects whose part is given."""

    def part_of(self, subject: str) -> Part:
        """Return the part of an object."""
        if subject in self.fixed:
            return self.fixed[subject]
        digest = hashlib.sha256(f"{self.seed}/{subject}".encode()).digest()
        place = int.from_bytes(digest[:8], "big") / 2**64
        return "test" if place < _TEST else "validation" if place < _VALIDATION else "train"

    def may(self, template: str, subject: str) -> bool:
        """Tell whether a template may be used with an object."""
        return (template in self.held_out) == (self.part_of(subject) == "test")


@dataclass(slots=True)
class Leaks:
    """Remembers in which part objects, templates and questions stand."""

    _parts: dict[str, Part] = field(default_factory=dict)

    def check(self, example: Example) -> None:
        """Raise RefusedError if something of an example stands in another part."""
        marks = [f"object {one}" for one in example.subjects]
        marks.append(f"question {normalised(' '.join(example.asked()))}")
        for mark in marks:
            there = self._parts.get(mark, example.part)
            if there != example.part:
                told = f"the {mark} is in {there} too"
                raise RefusedError(told, gate="leak")
        template = f"template {example.template}"
        here: Part = "test" if example.part == "test" else "train"
        if self._parts.get(template, here) != here:
            told = f"the {template} is used in the test and outside of it"
            raise RefusedError(told, gate="leak")
        self._parts |= dict.fromkeys(marks, example.part) | {template: here}


def held_out(templates: Iterable[tuple[str, str]], seed: int) -> frozenset[str]:
    """Return the templates of the test: of each category, about one in four.

    Parameters
    ----------
    templates : iterable of tuple
        Name and category.
    seed : int
        Decides which.
    """
    by_category: dict[str, list[str]] = {}
    for name, category in templates:
        by_category.setdefault(category, []).append(name)
    chosen: set[str] = set()
    for names in by_category.values():
        names.sort(key=lambda name: hashlib.sha256(f"{seed}/{name}".encode()).digest())
        chosen.update(names[: max(1, round(len(names) / 4))] if len(names) > 1 else [])
    return frozenset(chosen)
