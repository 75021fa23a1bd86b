"""Events of an answer, printed as they come."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from skywright.assistant.messages import Answer, Citation, Event, ToolRun

_LONGEST_QUOTE = 300
_LONGEST_LINE = 160


class Printer:
    """Prints words as they come, calls dimmed, citations numbered, files by their path."""

    def __init__(self, out: TextIO) -> None:
        from rich.console import Console

        # Words are wrapped by the terminal: they come in pieces.
        self._console = Console(file=out, soft_wrap=True, highlight=False)
        self._cited = 0
        self._is_within_line = False

    def show(self, event: Event) -> None:
        """Print what an event says."""
        match event.kind:
            case "token":
                self._is_within_line = True
                self._print(printable(event.text), end="")
            case "citation":
                self._cited += 1
                self._print(f"[{self._cited}]", end="", style="cyan")
            case "status":
                self.note(event.text)
            case "tool_call":
                given = ", ".join(f"{name}={one!r}" for name, one in event.call.arguments.items())
                self.note(f"-> {event.call.tool}({given})")
            case "tool_result":
                self.note(_ended(event.run))
            case "done":
                self._end(event.answer)
            case "error":
                self.failed(f"{event.message} {event.hint}".rstrip())

    def note(self, text: str) -> None:
        """Print a remark on a line of its own."""
        self._break()
        self._print(printable(text), style="dim")

    def failed(self, text: str) -> None:
        """Print what went wrong."""
        self._break()
        self._cited = 0
        self._print(f"error: {printable(text)}", style="red")

    def _end(self, answer: Answer) -> None:
        self._break()
        for number, one in enumerate(answer.citations, start=1):
            self._print(f"[{number}] {printable(_source(one))}", style="cyan")
        for artifact in answer.artifacts:
            self._print(f"{printable(artifact.title)}: {artifact.path}", style="green")
        for warning in answer.warnings:
            self._print(f"Note: {printable(warning)}", style="yellow")
        self._cited = 0

    def _break(self) -> None:
        if self._is_within_line:
            self._print("")
        self._is_within_line = False

    def _print(self, text: str, *, end: str = "\n", style: str = "") -> None:
        self._console.print(text, end=end, style=style, markup=False)


def printable(text: str) -> str:
    """Return a text without signs that steer a terminal, which a document may hold."""
    return "".join(
        one for one in text if one in "\n\t" or unicodedata.category(one) not in {"Cc", "Cf"}
    )


def _ended(run: ToolRun) -> str:
    told = run.error or (run.result.text if run.result else "")
    line = " ".join(told.split())
    cut = f"{line[:_LONGEST_LINE]}..." if len(line) > _LONGEST_LINE else line
    return f"<- {run.seconds:.2f} s  {cut}"


def _source(citation: Citation) -> str:
    quote = " ".join(citation.quote.split())
    cut = f"{quote[:_LONGEST_QUOTE]}..." if len(quote) > _LONGEST_QUOTE else quote
    where = ", ".join(one for one in (citation.title, citation.source) if one)
    return f'{where}: "{cut}"'
