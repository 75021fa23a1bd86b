"""Whose turn it is: templates one after the other, each with the next of its subjects."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from skywright.assistant.examples.example import Part
from skywright.assistant.examples.splitting import Splits
from skywright.assistant.examples.subject import Subject
from skywright.assistant.examples.templates.template import Template

_ROUNDS = 3  # times that a template goes through its subjects, with other words


@dataclass(frozen=True, slots=True)
class Turn:
    """One attempt to be made."""

    named: str
    """Category and number; decides the draws of the attempt."""
    template: Template
    subjects: list[Subject]


class Turns:
    """The attempts of one category, in an order that the seed decides.

    Parameters
    ----------
    templates : sequence of Template
        Of the category.
    pools : mapping
        Subjects by kind.
    splits : Splits
        Which subjects a template may be about.
    most : int
        Examples that one template may make.
    """

    def __init__(
        self,
        templates: Sequence[Template],
        pools: Mapping[str, Sequence[Subject]],
        splits: Splits,
        most: int,
    ) -> None:
        self._left = list(templates)
        self._splits = splits
        self._most = most
        self._queues = {one.name: self._subjects(one, pools) for one in templates}
        self._attempts: Counter[str] = Counter()
        self._number = 0

    def batch(self, size: int, made: Counter[str]) -> list[Turn]:
        """Return the next attempts; none once no template has anything left.

        Parameters
        ----------
        size : int
            Most attempts.
        made : Counter
            Examples that each template has made so far.
        """
        taken: Counter[str] = Counter()
        batch: list[Turn] = []
        there = -1
        while there < len(batch) < size:
            there = len(batch)
            for template in list(self._left):
                if len(batch) < size and made[template.name] + taken[template.name] < self._most:
                    batch += self._next(template, taken)
        return batch

    def _next(self, template: Template, taken: Counter[str]) -> list[Turn]:
        """Return one attempt at a template, or take it out where it has no more."""
        subjects = next(self._queues[template.name], None)
        if subjects is None or self._attempts[template.name] >= template.most:
            self._left.remove(template)
            return []
        self._attempts[template.name] += 1
        taken[template.name] += 1
        self._number += 1
        return [Turn(f"{template.category} {self._number - 1}", template, subjects)]

    def _subjects(
        self, template: Template, pools: Mapping[str, Sequence[Subject]]
    ) -> Iterator[list[Subject]]:
        """Yield what a template may be about, in groups that are in one part."""
        pool = pools.get(template.pool, ())
        waiting: dict[Part, list[Subject]] = defaultdict(list)
        start = random.Random(f"{self._splits.seed} {template.name}").randrange(  # noqa: S311
            max(1, len(pool))
        )
        order = [*pool[start:], *pool[:start]]
        for subject in (one for _ in range(_ROUNDS) for one in order):
            if not self._splits.may(template.name, subject.key):
                continue
            group = waiting[self._splits.part_of(subject.key)]
            if subject.key not in {one.key for one in group}:
                group.append(subject)
            if len(group) == template.subjects:
                yield group.copy()
                group.clear()
