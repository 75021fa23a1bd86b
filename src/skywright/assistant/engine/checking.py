"""Citations, checked: a quote stands verbatim where it is said to stand, or it is removed."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from skywright.assistant.engine.model import Quote
from skywright.assistant.knowledge.searching import stored_chunk
from skywright.assistant.knowledge.store import KnowledgeStore
from skywright.assistant.messages import Citation, ToolRun
from skywright.errors import NotFoundError

LEAST_CHARACTERS = 3
"""A quote with fewer signs stands almost everywhere and backs nothing."""
MOST_CHARACTERS = 8_000
_MOST_DIGITS = 19  # what SQLite counts to


@dataclass(frozen=True, slots=True)
class _Stored:
    """A text as it is kept, and how a citation names it."""

    text: str
    title: str
    source: str
    offset: int


class Evidence:
    """What an answer may cite: every chunk that is stored, and the runs of its conversation."""

    def __init__(self, store: KnowledgeStore, runs: Iterable[ToolRun] = ()) -> None:
        self._store = store
        self._runs: dict[str, ToolRun] = {}
        self._chunks: dict[str, _Stored | None] = {}
        for run in runs:
            self.add(run)

    def add(self, run: ToolRun) -> None:
        """Let a run be cited; of two with one id, which branches may have, the later one counts."""
        self._runs[run.call.id] = run

    def check(self, quote: Quote) -> Citation | None:
        """Return the citation with the exact characters as stored, None if they are not there.

        Blanks count as one and signs without a shape (zero-width, bidirectional) as nothing, on
        both sides; nothing else is forgiven.
        """
        stored = self._chunk(quote.id) if quote.kind == "chunk" else self._result(quote.id)
        place = stored and find_verbatim(quote.quote, stored.text)
        if not stored or not place:
            return None
        start, stop = place
        return Citation(
            quote=stored.text[start:stop],
            kind=quote.kind,
            id=quote.id,
            title=stored.title,
            source=stored.source,
            start=stored.offset + start,
            stop=stored.offset + stop,
        )

    def _result(self, id_: str) -> _Stored | None:
        run = self._runs.get(id_)
        if run is None or run.result is None:
            return None
        origin = run.result.origins[0] if run.result.origins else None
        title = origin.title if origin else run.call.tool
        return _Stored(run.result.text, title, origin.url if origin else "", 0)

    def _chunk(self, id_: str) -> _Stored | None:
        if id_ not in self._chunks:
            self._chunks[id_] = _read_chunk(self._store, id_)
        return self._chunks[id_]


def find_verbatim(quote: str, text: str) -> tuple[int, int] | None:
    r"""Return start and stop of a quote in a text, None if it is not in it.

    Examples
    --------
    >>> find_verbatim("a  cone\nof 3 arcmin", "SDSS takes a cone of 3 arcmin at most.")
    (11, 29)
    """
    wanted, _ = _plain(quote)
    signs = sum(not one.isspace() for one in wanted)
    if signs < LEAST_CHARACTERS or len(wanted) > MOST_CHARACTERS:
        return None
    held, places = _plain(text)
    at = held.find(wanted)
    if at < 0:
        return None
    return places[at], places[at + len(wanted) - 1] + 1


def _plain(text: str) -> tuple[str, list[int]]:
    """Return a text with single blanks and no formless signs, and where each sign stood."""
    signs: list[str] = []
    places: list[int] = []
    for place, sign in enumerate(text):
        if sign.isspace():
            if not signs or signs[-1] == " ":
                continue
            sign = " "
        elif not sign.isascii() and unicodedata.category(sign) == "Cf":
            continue
        signs.append(sign)
        places.append(place)
    if signs and signs[-1] == " ":
        del signs[-1], places[-1]
    return "".join(signs), places


def _read_chunk(store: KnowledgeStore, id_: str) -> _Stored | None:
    if not (id_.isascii() and id_.isdigit() and len(id_) < _MOST_DIGITS):
        return None
    try:
        chunk = stored_chunk(store, int(id_))
    except NotFoundError:
        return None
    return _Stored(chunk.text, chunk.heading or chunk.title, chunk.source, chunk.start)
