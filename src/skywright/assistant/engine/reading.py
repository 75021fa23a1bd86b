"""What a language model writes, read as pieces: words, citations, and calls written as words.

Marks are taken out of the stream as they pass: ``<cite of="t1-1">copied words</cite>``,
``<not-found/>``, ``<ask-back/>``. Pictures are never passed on, since whoever shows one fetches an
address that a document may have written. Small models write their calls as text, which is read too.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace

from skywright.assistant.engine.model import Piece, Quote, Quoted, Said, Verdict, Wanted
from skywright.assistant.engine.written_calls import looks_like_calls, written_calls

_LONGEST_MARK = 8_000
_CUT = {
    "length": "The language model reached its limit of tokens: the answer may be cut short.",
    "content_filter": "The service of the language model withheld a part of the answer.",
}
_OPENINGS = (
    "<cite",
    "</cite",
    "<not-found",
    "<ask-back",
    "<tool_call",
    "<think",
    "<img",
    "![",
    "```",
)
_OPENING = re.compile("|".join(map(re.escape, _OPENINGS)), re.IGNORECASE)
_MARK = re.compile(
    r"<cite\s+(?:of|id)\s*=\s*[\"']?(?P<id>[\w -]{1,60})[\"']?\s*>(?P<quote>.*?)</cite\s*>"
    r"|<(?P<word>not-found|ask-back)\s*/?\s*>"
    r"|<tool_call>(?P<call>.*?)</tool_call>"
    r"|(?P<code>```.*?```)"
    r"|!\[(?P<picture>[^\]]*)\](?:\([^)]*\)|\[[^\]]*\])"
    r"|<img\b[^>]*>|<think>.*?</think>|</cite\s*>|<cite\b[^>]*>(?=.{2000})",
    re.DOTALL | re.IGNORECASE,
)


class Reader:
    """Reads one response as it comes.

    Parameters
    ----------
    tools : collection of str
        Names that may be called; without any, calls written as words stay words.
    """

    def __init__(self, tools: Collection[str]) -> None:
        self._tools = tools
        self._held = ""
        self._has_begun = False
        self._is_held_whole = False
        self._verdict = Verdict()

    def feed(self, text: str) -> Iterator[Piece]:
        """Read some more."""
        self._held += text
        if not self._has_begun:
            if not self._held.strip():
                return
            self._has_begun = True
            self._is_held_whole = bool(self._tools) and looks_like_calls(self._held)
        if not self._is_held_whole:
            yield from self._pass_on()

    def finish(self, reason: str = "") -> Iterator[Piece]:
        """Read what was held back.

        Parameters
        ----------
        reason : str
            Why the model stopped, as services name it; some reasons are told to the reader.
        """
        if self._is_held_whole:
            calls = written_calls(self._held, self._tools)
            if calls:
                self._held = ""
                yield from map(Wanted, calls)
        yield from self._pass_on(is_last=True)
        if reason in _CUT:
            self._verdict = replace(self._verdict, warnings=(_CUT[reason],))
        if self._verdict != Verdict():
            yield self._verdict

    def _pass_on(self, *, is_last: bool = False) -> Iterator[Piece]:
        while opening := _OPENING.search(self._held):
            if opening.start():
                yield Said(self._held[: opening.start()])
                self._held = self._held[opening.start() :]
            mark = _MARK.match(self._held)
            if mark:
                self._held = self._held[mark.end() :]
                yield from self._marked(mark)
            elif is_last or len(self._held) > _LONGEST_MARK:
                yield from self._unclosed()
            else:
                return
        keep = 0 if is_last else _partial(self._held)
        said, self._held = (
            self._held[: len(self._held) - keep],
            self._held[len(self._held) - keep :],
        )
        if said:
            yield Said(said)

    def _unclosed(self) -> Iterator[Piece]:
        """Take a mark that never ends: a call is still one, a quote is none, the rest is words."""
        held, self._held = self._held, ""
        calls = written_calls(held, self._tools)
        if calls:
            yield from map(Wanted, calls)
        elif not held.lower().startswith(("<cite", "<img", "<think")) and "](" not in held:
            self._held = held[3:]
            yield Said(held[:3])

    def _marked(self, mark: re.Match[str]) -> Iterator[Piece]:
        if mark["id"] is not None:
            yield Quoted((quote_of(mark["id"], mark["quote"]),))
        elif mark["word"]:
            self._judge(mark["word"].lower())
        elif mark["call"] is not None or mark["code"] is not None:
            words = mark[0]
            calls = written_calls(words, self._tools)
            if calls:
                yield from map(Wanted, calls)
            elif mark["code"] is not None:
                yield Said(words)
        elif mark["picture"]:
            yield Said(mark["picture"])

    def _judge(self, word: str) -> None:
        found, asks = self._verdict.is_found, self._verdict.is_question
        self._verdict = Verdict(found and word != "not-found", asks or word == "ask-back")


def quote_of(id_: str, quote: str) -> Quote:
    """Return the quote that a mark means: ``chunk 12`` is of the knowledge base."""
    chunk = re.fullmatch(r"(?:chunk|passage|c)?[ _-]?(\d+)", id_.strip(), re.IGNORECASE)
    return Quote(quote.strip(), "chunk", chunk[1]) if chunk else Quote(quote.strip(), "tool", id_)


def _partial(text: str) -> int:
    """Return how many last characters may be the beginning of a mark."""
    tail = text[-12:].lower()
    for length in range(len(tail), 0, -1):
        if any(one.startswith(tail[-length:]) for one in _OPENINGS):
            return length
    return 0
