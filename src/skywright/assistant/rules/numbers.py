"""Numbers as people write them, in digits or in words."""

from __future__ import annotations

import re

_UNITS = {
    name: float(k)
    for k, name in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
}
_TENS = {
    name: 10.0 * k
    for k, name in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2
    )
}
_PARTS = {
    "half a": 0.5, "half an": 0.5, "half": 0.5, "a quarter of a": 0.25, "a quarter of an": 0.25,
    "quarter of a": 0.25, "quarter of an": 0.25, "a quarter": 0.25, "a tenth of a": 0.1,
    "one tenth of a": 0.1, "one and a half": 1.5, "a third of a": 1 / 3, "a": 1.0, "an": 1.0,
    "a hundred": 100.0, "one hundred": 100.0,
}  # fmt: skip
_WORDS = "|".join(
    [
        rf"(?:{'|'.join(_TENS)})(?:[ -](?:{'|'.join(list(_UNITS)[1:10])}))?",
        *sorted((*_UNITS, *_PARTS), key=len, reverse=True),
    ]
)

DIGITS = r"(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?"
"""A number in digits, without its sign."""

NUMBER = rf"(?:{DIGITS}|\b(?:{_WORDS})\b)"
"""A number in digits or in words, without its sign."""


def number_of(text: str) -> float:
    """Return what a match of ``NUMBER`` means."""
    text = text.strip().lower()
    if re.fullmatch(DIGITS, text):
        return float(text)
    if text in _PARTS:
        return _PARTS[text]
    tens, _, unit = text.replace("-", " ").partition(" ")
    if tens in _TENS:
        return _TENS[tens] + _UNITS.get(unit, 0.0)
    return _UNITS[text]
