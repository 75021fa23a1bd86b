"""Ask in a notebook: ``from skywright import ask``.

Questions of one session belong to one conversation, so that "plot it" has its meaning.
"""

from __future__ import annotations

import base64
import html
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from skywright.assistant.memory.memory import Memory
    from skywright.assistant.messages import Answer, Artifact, Citation

_LONGEST_QUOTE = 300
_TABLE_ROWS = 10
_conversations: dict[Path, str] = {}


def ask(question: str, *, new: bool = False, model: str = "") -> Reply:
    """Answer a question with tools and documents, cited.

    Parameters
    ----------
    question : str
        In your own words.
    new : bool
        Begin another conversation; else this one goes on with the last.
    model : str
        ``rules``, or ``provider:name``, instead of the one in the settings.

    Returns
    -------
    Reply
        Shown with its sources, tables and plots where it is the last line of a cell.

    Raises
    ------
    AnswerError
        If there is no answer; one that nothing was found for says so.
    """
    from skywright.assistant.session import Session

    session = Session(model=model)
    place = session.memory.file.path
    id_ = ("" if new else _open(session.memory, place)) or session.memory.begin().id
    _conversations[place] = id_
    return Reply(question, session.answer(question, conversation=id_), id_)


def _open(memory: Memory, place: Path) -> str:
    """Return the conversation of the last question, empty if it has been deleted since."""
    from skywright.errors import NotFoundError

    try:
        return memory.get(_conversations.get(place, "")).id
    except NotFoundError:
        return ""


@dataclass(frozen=True)
class Reply:
    """An answer as a notebook shows it."""

    question: str
    answer: Answer
    """Statements, tool runs, warnings and all."""
    conversation: str = field(default="")
    """Its id; ``skywright chat --conversation`` goes on with it."""

    @property
    def text(self) -> str:
        """The words of the answer."""
        return self.answer.text

    @property
    def citations(self) -> tuple[Citation, ...]:
        """Quotes that were found where they say."""
        return self.answer.citations

    @cached_property
    def tables(self) -> dict[str, pl.DataFrame]:
        """Tables that tools made, by the name of their file."""
        import polars as pl

        return {
            Path(one.id).stem: pl.read_csv(one.path, infer_schema_length=None)
            for one in self._files("text/csv")
        }

    @property
    def figures(self) -> dict[str, Path]:
        """Plots that tools made, by the name of their file."""
        return {Path(one.id).stem: Path(one.path) for one in self._files("image/png")}

    def _files(self, media_type: str) -> list[Artifact]:
        return [one for one in self.answer.artifacts if one.media_type == media_type]

    def __str__(self) -> str:
        return "\n".join([self.text, *_sources(self.citations)])

    def _repr_markdown_(self) -> str:
        """Return Markdown; pictures in the words stay words, since showing one fetches it."""
        sources = "".join(f"\n- {one}" for one in _sources(self.citations))
        notes = "".join(f"\n\n> {one}" for one in self.answer.warnings)
        return (self.text + ("\n" + sources if sources else "") + notes).replace("![", r"!\[")

    def _repr_html_(self) -> str:
        """Return HTML that needs nothing from elsewhere: plots are within it."""
        parts = [f'<p style="white-space:pre-wrap">{html.escape(self.text)}</p>']
        for one in self._files("image/png"):
            data = base64.b64encode(Path(one.path).read_bytes()).decode()
            title = html.escape(one.title, quote=True)
            parts.append(f'<img alt="{title}" src="data:image/png;base64,{data}">')
        for name, table in self.tables.items():
            shown = table.head(_TABLE_ROWS)._repr_html_()
            parts.append(f"<details><summary>{html.escape(name)}</summary>{shown}</details>")
        parts += [f"<div>{html.escape(one)}</div>" for one in _sources(self.citations)]
        parts += [f"<p><em>{html.escape(one)}</em></p>" for one in self.answer.warnings]
        return "\n".join(parts)


def _sources(citations: tuple[Citation, ...]) -> list[str]:
    told = []
    for number, one in enumerate(citations, start=1):
        quote = " ".join(one.quote.split())[:_LONGEST_QUOTE]
        where = ", ".join(part for part in (one.title, one.source) if part)
        told.append(f'[{number}] {where}: "{quote}"')
    return told
