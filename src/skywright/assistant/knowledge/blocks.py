"""Where the blocks of a text begin and end: headings, paragraphs, tables, code.

Markdown as in CommonMark 0.31 (sections 4.2, 4.3, 4.5) with the tables of GitHub, and
reStructuredText as in its specification ("Sections", "Tables", "Literal Blocks"). Only what the
cutting of a text needs is told apart; nothing is rendered, so every block is a range of the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

Format = Literal["md", "rst", "txt"]

_ATX = re.compile(r" {0,3}(#{1,6})[ \t]+(.+?)[ \t]*#*[ \t]*$")
_SETEXT = re.compile(r" {0,3}(=+|-{2,})[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1{2,}\s*$")
_SIMPLE_BORDER = re.compile(r"=+( +=+)+\s*$")
_OPENS_LITERAL = re.compile(r"(.*::\s*$|\.\. .*)")


@dataclass(frozen=True, slots=True)
class Block:
    """A range of whole lines."""

    start: int
    stop: int
    kind: Literal["heading", "text", "whole"]
    """``whole``: a table or code, which loses its sense when cut."""
    level: int = 0
    title: str = ""


@dataclass(frozen=True, slots=True)
class _Found:
    """A block by lines: where it ends, and what it is."""

    stop: int
    kind: Literal["heading", "text", "whole"]
    style: str = ""
    title: str = ""


def blocks_of(text: str, form: Format) -> Iterator[Block]:
    """Yield the blocks in order; blank lines belong to the block before them."""
    lines = text.splitlines(keepends=True)
    offsets = [0]
    for line in lines:
        offsets.append(offsets[-1] + len(line))
    find = {"md": _in_markdown, "rst": _in_rst, "txt": _in_plain}[form]
    styles: list[str] = []
    at = 0
    while at < len(lines):
        found = find(lines, at)
        level = _level(found.style, styles, form) if found.kind == "heading" else 0
        stop = found.stop
        while stop < len(lines) and not lines[stop].strip():
            stop += 1
        yield Block(offsets[at], offsets[stop], found.kind, level, found.title)
        at = stop


def _level(style: str, styles: list[str], form: Format) -> int:
    """In reStructuredText the order in which adornments first appear is their rank."""
    if form == "md":
        return int(style)
    if style not in styles:
        styles.append(style)
    return styles.index(style) + 1


def _in_plain(lines: list[str], at: int) -> _Found:
    return _paragraph(lines, at, lambda _lines, _at: False)


def _in_markdown(lines: list[str], at: int) -> _Found:
    if fence := _FENCE.match(lines[at]):
        return _Found(_after_fence(lines, at, fence[1]), "whole")
    if heading := _ATX.match(lines[at]):
        return _Found(at + 1, "heading", str(len(heading[1])), heading[2].strip())
    if _is_setext(lines, at):
        level = "1" if lines[at + 1].lstrip()[0] == "=" else "2"
        return _Found(at + 2, "heading", level, lines[at].strip())
    if _is_row(lines[at]):
        return _Found(_while(lines, at, _is_row), "whole")
    return _paragraph(lines, at, _starts_markdown)


def _starts_markdown(lines: list[str], at: int) -> bool:
    line = lines[at]
    starts = _FENCE.match(line) or _ATX.match(line) or _is_row(line)
    return bool(starts) or _is_setext(lines, at)


def _is_row(line: str) -> bool:
    return line.lstrip().startswith("|")


def _is_setext(lines: list[str], at: int) -> bool:
    if at + 1 >= len(lines) or not lines[at].strip() or lines[at].startswith("    "):
        return False
    return bool(_SETEXT.match(lines[at + 1])) and not _SETEXT.match(lines[at])


def _after_fence(lines: list[str], at: int, fence: str) -> int:
    for k in range(at + 1, len(lines)):
        line = lines[k].strip()
        if line.startswith(fence) and not line.strip(fence[0]):
            return k + 1
    return len(lines)


def _in_rst(lines: list[str], at: int) -> _Found:
    if heading := _rst_heading(lines, at):
        return heading
    if lines[at].startswith("+-"):
        return _Found(_while(lines, at, str.strip), "whole")
    if _SIMPLE_BORDER.match(lines[at]):
        return _Found(_after_simple_table(lines, at), "whole")
    if lines[at][0] in " \t":
        return _Found(_after_indented(lines, at), "whole")
    if _OPENS_LITERAL.match(lines[at]):
        return _Found(_after_indented(lines, at + 1), "whole")
    return _paragraph(lines, at, _starts_rst)


def _starts_rst(lines: list[str], at: int) -> bool:
    line = lines[at]
    starts = line.startswith("+-") or _SIMPLE_BORDER.match(line) or _OPENS_LITERAL.match(line)
    return bool(starts) or _rst_heading(lines, at) is not None


def _rst_heading(lines: list[str], at: int) -> _Found | None:
    line, below = lines[at].rstrip(), lines[at + 1 : at + 3]
    if below and _underlines(line, below[0]):
        return _Found(at + 2, "heading", below[0][0], line.strip())
    if len(below) == 2 and _ADORNMENT.match(line) and below[1].rstrip() == line:
        title = below[0].strip()
        if title and len(title) <= len(line) and not _ADORNMENT.match(title):
            return _Found(at + 3, "heading", "over" + line[0], title)
    return None


def _underlines(title: str, line: str) -> bool:
    if not title.strip() or title[0].isspace() or _ADORNMENT.match(title):
        return False
    return bool(_ADORNMENT.match(line)) and len(line.rstrip()) >= len(title)


def _after_simple_table(lines: list[str], at: int) -> int:
    """Return where a simple table ends: at its second border, or the third after a header."""
    borders = 1
    for k in range(at + 1, len(lines)):
        if _SIMPLE_BORDER.match(lines[k]):
            borders += 1
            if borders == 3 or k + 1 == len(lines) or not lines[k + 1].strip():
                return k + 1
    return len(lines)


def _after_indented(lines: list[str], at: int) -> int:
    """Blank lines inside an indented block are part of it."""
    end = at
    for k in range(at, len(lines)):
        if lines[k].strip():
            if lines[k][0] not in " \t":
                break
            end = k + 1
    return max(end, at)


def _paragraph(lines: list[str], at: int, starts: Callable[[list[str], int], bool]) -> _Found:
    stop = at + 1
    while stop < len(lines) and lines[stop].strip() and not starts(lines, stop):
        stop += 1
    return _Found(stop, "text")


def _while(lines: list[str], at: int, holds: Callable[[str], object]) -> int:
    stop = at + 1
    while stop < len(lines) and holds(lines[stop]):
        stop += 1
    return stop
