"""Words as they were meant: known words of the field with a letter wrong are set right."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

_WORD = re.compile(r"(?<![\w'])[a-z]{5,}(?![\w'])")
_LONG = 9
"""From this length two letters may be wrong."""


def mended(text: str) -> str:
    """Set right the spelling of words of the field, in a text of small letters.

    Examples
    --------
    >>> mended("cordinates of OBJECT")
    'coordinates of OBJECT'
    """
    return _WORD.sub(lambda match: _mended(match[0]), text)


@cache
def _words(name: str) -> frozenset[str]:
    text = files("skywright.assistant.rules").joinpath(f"{name}.txt").read_text(encoding="utf-8")
    return frozenset(text.split())


@cache
def _mended(word: str) -> str:
    if any(is_known(one) for one in (word, word.removesuffix("s"))):
        return word
    most = 2 if len(word) >= _LONG else 1
    near = [one for one in _words("field_words") if abs(len(one) - len(word)) <= most]
    measured = sorted((edits(word, one, most), one) for one in near)
    return measured[0][1] if measured and measured[0][0] <= most else word


def is_known(word: str) -> bool:
    """Tell whether a word is one of the field, or of those that look like one."""
    return word in _words("known_words") or word in _words("field_words")


def edits(one: str, two: str, most: int) -> int:
    """Count letters inserted, left out, changed or swapped, up to ``most`` + 1.

    Optimal string alignment (Damerau 1964, Communications of the ACM 7, 171).
    """
    before: list[int] = []
    row = list(range(len(two) + 1))
    for i, a in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, b in enumerate(two, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if earlier and j > 1 and a == two[j - 2] and one[i - 2] == b:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]
