"""The pieces of a chunk that can be quoted by themselves: sentences, table rows, lines of code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["sentence", "row", "code"]

_FENCE = re.compile(r" {0,3}(```|~~~)")
_HEADING = re.compile(r" {0,3}#{1,6}[ \t]")
_ADORNMENT = re.compile(r"\s*([!-/:-@\[-`{-~])(\1|\s)*$")
_BORDER = re.compile(r"\s*\|?\s*:?-{2,}:?\s*(\|\s*:?-{2,}:?\s*)*\|?\s*$")
_ROW = re.compile(r"\s*[|+]|.*\S {3,}\S+ {2,}\S")
_PROMPT = re.compile(r"\s*(>>>|\.\.\. |\$ |#|//|%|import \w|from [\w.]+ import )")
_ITEM = re.compile(r"\s*([-*+•]|\d{1,2}[.)]|:[\w ]+:)\s")
_DIRECTIVE = re.compile(r"\s*(\.\. |:[\w-]+:\s*$)")
_ABBREVIATED = re.compile(
    r"\b(?:e\.g|i\.e|et al|cf|vs|approx|ca|etc|Figs?|Eqs?|Secs?|Refs?|Nos?|Dr|Prof|St|[A-Z])\.$"
)
_END = re.compile(r"[.!?:][\"')\]*`_]*\s+(?=[A-Z0-9\"'(`\[*<~])")
_SYMBOL = re.compile(r"[=(){}\[\]<>;_|\\/\"]")
_LINES_OF_CODE = 3
_PROSE_HAS_FEWER_SYMBOLS = 0.04
"""Share of brackets, equal signs and the like above which an indented block is code."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A range of the chunk's text, without blanks around it."""

    start: int
    stop: int
    kind: Kind
    title: str = ""
    """The heading above it, where it is in the same text."""


def passages_of(text: str) -> list[Passage]:
    """Cut a text into what can be quoted, in order; headings and borders are left out."""
    found: list[Passage] = []
    for kind, start, stop in _groups(text):
        if kind == "sentence":
            found.extend(_sentences(text, start, stop))
        elif kind == "row":
            found.extend(_passage(text, a, b, "row") for a, b in _lines(text, start, stop))
        else:
            found.extend(_code(text, start, stop))
    titles = list(_titles(text))
    return [
        replace(one, title=next((name for at, name in reversed(titles) if at < one.start), ""))
        for one in found
        if any(letter.isalnum() for letter in text[one.start : one.stop])
    ]


def _titles(text: str) -> Iterator[tuple[int, str]]:
    """Yield the headings with where each stands."""
    lines = list(_lines(text, 0, len(text)))
    for (start, stop), below in zip(lines, [*lines[1:], (0, 0)], strict=False):
        line = text[start:stop]
        if _HEADING.match(line) or (line.strip() and _is_title(line, text[slice(*below)])):
            yield start, line.strip("# \t\n")


def _groups(text: str) -> Iterator[tuple[Kind, int, int]]:
    """Yield runs of lines of one kind."""
    held: tuple[Kind, int, int] | None = None
    for kind, start, stop, is_new in _kinds(text):
        if held and (kind is None or is_new or kind != held[0]):
            yield held
            held = None
        if kind is not None:
            held = (kind, held[1], stop) if held else (kind, start, stop)
    if held:
        yield held


def _kinds(text: str) -> Iterator[tuple[Kind | None, int, int, bool]]:
    """Yield each line's kind, range, and whether something new begins with it."""
    lines = list(_lines(text, 0, len(text)))
    is_fenced = False
    for k, (start, stop) in enumerate(lines):
        line = text[start:stop]
        below = text[slice(*lines[k + 1])] if k + 1 < len(lines) else ""
        if _FENCE.match(line):
            is_fenced = not is_fenced
            yield None, start, stop, True
        elif is_fenced:
            yield ("code" if line.strip() else None), start, stop, False
        elif not line.strip() or _is_mark(line, below) or _is_header(line, below):
            yield None, start, stop, True
        else:
            yield _kind(line), start, stop, bool(_ITEM.match(line))


def _is_mark(line: str, below: str) -> bool:
    """Tell headings, their adornments, borders of tables and directives."""
    marks = (_HEADING, _ADORNMENT, _DIRECTIVE)
    return any(mark.match(line) for mark in marks) or _is_title(line, below)


def _is_header(line: str, below: str) -> bool:
    """Tell the names of a table's columns, which say nothing by themselves."""
    return line.lstrip().startswith("|") and bool(_BORDER.match(below))


def _is_title(line: str, below: str) -> bool:
    is_underlined = below.strip() and _ADORNMENT.match(below)
    return bool(is_underlined) and len(below.strip()) >= len(line.strip())


def _kind(line: str) -> Kind:
    if _PROMPT.match(line):
        return "code"
    if _ROW.match(line):
        return "row"
    is_indented = line[0] in " \t"
    if is_indented and len(_SYMBOL.findall(line)) > _PROSE_HAS_FEWER_SYMBOLS * len(line):
        return "code"
    return "sentence"


def _lines(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    while start < stop:
        end = text.find("\n", start, stop)
        end = stop if end < 0 else end + 1
        yield start, end
        start = end


def _sentences(text: str, start: int, stop: int) -> Iterator[Passage]:
    begin = start
    for found in _END.finditer(text, start, stop):
        if not _ABBREVIATED.search(text[begin : found.start() + 1]):
            yield _passage(text, begin, found.end(), "sentence")
            begin = found.end()
    yield _passage(text, begin, stop, "sentence")


def _code(text: str, start: int, stop: int) -> Iterator[Passage]:
    """Yield every few lines that follow each other: a line of code alone says little."""
    bounds = [a for a, _ in _lines(text, start, stop)] + [stop]
    size = min(_LINES_OF_CODE, len(bounds) - 1)
    for a, b in zip(bounds, bounds[size:], strict=False):
        yield _passage(text, a, b, "code")


def _passage(text: str, start: int, stop: int, kind: Kind) -> Passage:
    inner = text[start:stop]
    lead = len(inner) - len(inner.lstrip())
    return Passage(start + lead, start + max(lead, len(inner.rstrip())), kind)
