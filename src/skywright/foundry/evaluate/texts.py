"""How far a text agrees with the right one."""

from __future__ import annotations

import re
from collections import Counter

_WORD = re.compile(r"\w+|[^\w\s]")


def same_text(right: str, said: str) -> bool:
    """Return whether two texts are the same, letter case and runs of blanks aside."""
    return right.casefold().split() == said.casefold().split()


def token_overlap(right: str, said: str) -> float:
    """Return the F1 of the words two texts share, counted as often as they occur [-].

    Two empty texts agree. The measure of Rajpurkar et al. (2016), SQuAD, arXiv:1606.05250,
    without their removal of English articles, since texts here need not be English.
    """
    wanted, given = (
        Counter(_WORD.findall(right.casefold())),
        Counter(_WORD.findall(said.casefold())),
    )
    if not wanted and not given:
        return 1.0
    shared = sum((wanted & given).values())
    return 2.0 * shared / (wanted.total() + given.total())
