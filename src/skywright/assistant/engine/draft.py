"""An answer while it grows: words, statements, citations that held, and those that did not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from skywright.assistant.engine.checking import Evidence
from skywright.assistant.engine.model import (
    Called,
    Counted,
    Piece,
    Quote,
    Quoted,
    Returned,
    Said,
    Stated,
    Verdict,
    Wanted,
)
from skywright.assistant.messages import (
    Answer,
    Artifact,
    Citation,
    Cited,
    Event,
    Statement,
    Token,
    ToolCall,
    ToolResult,
    ToolRun,
    Usage,
)

MOST_CITATIONS = 200


class Draft:
    """Takes pieces of a model and gives events; ends in an `Answer`.

    The text of the answer is what was said, token by token: nothing shown is taken back.
    """

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.wanted: list[ToolCall] = []
        self.turns: list[Called | Returned] = []
        self._runs: list[ToolRun] = []
        self._text: list[str] = []
        self._open: list[str] = []
        self._statements: list[Statement] = []
        self._citations: dict[tuple[str, str, int, int], Citation] = {}
        self._removed = 0
        self._breaks = False
        self._verdict = Verdict()

    @property
    def text(self) -> str:
        """What was said so far."""
        return "".join(self._text).strip()

    def take(self, piece: Piece) -> Iterator[Event]:
        """Take the next piece."""
        match piece:
            case Said(text):
                yield from self._say(text)
            case Stated(text, quotes):
                self._close(())
                words = text.rstrip()
                yield from self._say(self._apart(words))
                yield from self._back(quotes)  # right behind the words, not after the blanks
                yield from self._say(text[len(words) :])
            case Quoted(quotes):
                yield from self._back(quotes)
            case Wanted(call):
                self.wanted.append(call)
            case Verdict():
                self._verdict = piece
            case Counted(put_in, put_out):
                yield Usage(input_tokens=put_in, output_tokens=put_out)

    def take_calls(self) -> list[ToolCall]:
        """Return the calls that wait, and forget them."""
        calls, self.wanted = self.wanted, []
        self._close(())
        self._breaks = bool(calls)
        return calls

    def took(self, runs: Iterable[ToolRun], said: str = "") -> None:
        """Remember what calls returned: it is told to the model and may be cited."""
        runs = tuple(runs)
        self._runs += runs
        for run in runs:
            self.evidence.add(run)
        self.turns += [Called(tuple(run.call for run in runs), said), Returned(runs)]

    def answer(self, engine: str) -> Answer:
        """Return the whole."""
        self._close(())
        results = [run.result for run in self._runs if run.result]
        return Answer(
            text=self.text,
            statements=tuple(self._statements),
            citations=tuple(self._citations.values()),
            removed_citations=self._removed,
            tool_runs=tuple(self._runs),
            artifacts=_once(one for result in results for one in result.artifacts),
            warnings=tuple(dict.fromkeys([*_warnings(results), *self._own_warnings()])),
            is_found=self._verdict.is_found,
            is_question=self._verdict.is_question,
            engine=engine,
        )

    def _apart(self, text: str) -> str:
        last = self._text[-1][-1:] if self._text else ""
        return f" {text}" if last and not last.isspace() and not text[:1].isspace() else text

    def _say(self, text: str) -> Iterator[Event]:
        if self._breaks or not self._text:
            text = text.lstrip()
        if not text:  # some servers send an empty part before a call
            return
        if self._breaks and self._text:
            text = f"\n\n{text}"
        self._breaks = False
        self._text.append(text)
        self._open.append(text)
        yield Token(text=text)

    def _back(self, quotes: Iterable[Quote]) -> Iterator[Event]:
        held: list[Citation] = []
        for quote in quotes:
            citation = self.evidence.check(quote) if len(held) < MOST_CITATIONS else None
            if citation is None:
                self._removed += 1
                continue
            held.append(citation)
            key = (citation.kind, citation.id, citation.start, citation.stop)
            if key not in self._citations:
                self._citations[key] = citation
                yield Cited(citation=citation)
        self._close(held)

    def _close(self, citations: Iterable[Citation]) -> None:
        text = "".join(self._open).strip()
        self._open = []
        citations = tuple(citations)
        if text:
            self._statements.append(Statement(text=text, citations=citations))
        elif citations and self._statements:  # a second quote for what was just said
            last = self._statements[-1]
            both = tuple(dict.fromkeys([*last.citations, *citations]))
            self._statements[-1] = Statement(text=last.text, citations=both)

    def _own_warnings(self) -> list[str]:
        told = list(self._verdict.warnings)
        if self._removed:
            what = "citation was" if self._removed == 1 else "citations were"
            told.append(f"{self._removed} {what} not found verbatim and removed.")
        return told


def _warnings(results: Iterable[ToolResult]) -> list[str]:
    return [one for result in results for one in result.warnings]


def _once(artifacts: Iterable[Artifact]) -> tuple[Artifact, ...]:
    return tuple({one.path: one for one in artifacts}.values())
