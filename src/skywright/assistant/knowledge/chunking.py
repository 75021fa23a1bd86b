"""Texts cut into chunks that can be quoted: at headings, tables and code kept whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from skywright.assistant.knowledge.blocks import Block, Format, blocks_of

FEWEST_CHARACTERS = 1_000
MOST_CHARACTERS = 1_600
"""By words alone, 44 questions to 507 pages of documentation: the right page among the first five
for 0.977, the answer itself in the first five chunks for 0.909 of them."""
MOST_WHOLE = 6_400
"""Tables and code beyond this are cut between lines all the same."""

_ENDS = (re.compile(r"\n"), re.compile(r"(?<=[.!?;])\s"), re.compile(r"\s"))
JOINT = " > "


@dataclass(frozen=True, slots=True)
class Chunk:
    """A range of a document: ``text`` is exactly ``document[start:stop]``."""

    ordinal: int
    heading: str
    """Title and headings above it, from the outside in."""
    start: int
    stop: int
    text: str

    @property
    def in_context(self) -> str:
        """The text with its headings in front: what an embedder reads."""
        return f"{self.heading}\n{self.text}" if self.heading else self.text


@dataclass(slots=True)
class _Open:
    """A chunk that still grows."""

    start: int
    stop: int
    path: tuple[str, ...]

    @property
    def size(self) -> int:
        return self.stop - self.start


def chunks_of(text: str, form: Format = "md", *, title: str = "") -> list[Chunk]:
    """Cut a text; what lies outside the chunks is blank.

    Parameters
    ----------
    text : str
        The document.
    form : {"md", "rst", "txt"}
        How its headings, tables and code are written.
    title : str
        Put in front of the headings of every chunk.

    Returns
    -------
    list of Chunk
        In order and without overlap; empty for a blank text.
    """
    made: list[Chunk] = []
    for piece in _pieces(text, form):
        inner = text[piece.start : piece.stop]
        start = piece.start + len(inner) - len(inner.lstrip())
        stop = start + len(inner.strip())
        if stop > start:
            path = piece.path[1:] if piece.path[:1] == (title,) else piece.path
            heading = JOINT.join(part for part in (title, *path) if part)
            made.append(Chunk(len(made), heading, start, stop, text[start:stop]))
    return made


def _pieces(text: str, form: Format) -> Iterator[_Open]:
    """Grow a piece block by block; a section of its own begins when the piece is large enough."""
    piece: _Open | None = None
    for start, stop, path in _parts(text, form):
        if piece is not None and _fits(piece, stop, path):
            piece.stop, piece.path = stop, _shared(piece.path, path)
            continue
        if piece is not None:
            yield piece
        piece = _Open(start, stop, path)
    if piece is not None:
        yield piece


def _fits(piece: _Open, stop: int, path: tuple[str, ...]) -> bool:
    if stop - piece.start > MOST_CHARACTERS:
        return False
    return path == piece.path or piece.size < FEWEST_CHARACTERS


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """Return the headings above both; those of each are in the text itself."""
    count = 0
    while count < min(len(one), len(other)) and one[count] == other[count]:
        count += 1
    return one[:count]


def _parts(text: str, form: Format) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Yield blocks that are small enough, each with the headings above it and its own in it."""
    path: list[tuple[int, str]] = []
    start: int | None = None
    for block in blocks_of(text, form):
        start = block.start if start is None else start
        if block.kind == "heading":
            path = [(level, name) for level, name in path if level < block.level]
            path.append((block.level, block.title))
            if block.stop < len(text):
                continue  # a heading goes with what it heads
        names = tuple(name for _, name in path)
        for one, other in _cut(text, start, block):
            yield one, other, names
        start = None


def _cut(text: str, start: int, block: Block) -> Iterator[tuple[int, int]]:
    """Cut a block that is too long: between lines, sentences or words, in this order."""
    limit = MOST_WHOLE if block.kind == "whole" else MOST_CHARACTERS
    while block.stop - start > limit:
        stop = _last_end(text, start, start + MOST_CHARACTERS)
        yield start, stop
        start = stop
    yield start, block.stop


def _last_end(text: str, start: int, stop: int) -> int:
    for pattern in _ENDS:
        ends = [found.end() for found in pattern.finditer(text, start, stop)]
        if ends and ends[-1] > start + FEWEST_CHARACTERS // 2:
            return ends[-1]
    return stop
