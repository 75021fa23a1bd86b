"""Where one example is written: it asks, runs tools and code for real, and notes what came."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from skywright.assistant.engine.model import Asked
from skywright.assistant.engine.wording import as_data, instructions
from skywright.assistant.examples.example import (
    Category,
    CodeRun,
    Drawing,
    Example,
    Message,
    Part,
    RefusedError,
)
from skywright.assistant.examples.subject import Subject
from skywright.assistant.examples.wording import call_text, phrasings, tool_lines
from skywright.assistant.knowledge.store import Document, KnowledgeStore
from skywright.assistant.messages import ToolCall, ToolResult, ToolRun
from skywright.assistant.tools import running
from skywright.assistant.tools.desk import Desk
from skywright.assistant.tools.running import ToolSpec
from skywright.assistant.tools.shelf import slug
from skywright.settings import Settings

_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9])|\n+")
_OF_THE_SANDBOX = re.compile(
    r", collected \d{4}-\d\d-\d\d as [\w-]+@\d+| \(a stand-in on this machine\)"
)
_AGE = re.compile(r"\d+ days old")  # which is another one tomorrow
# Addresses of the sandbox, which is nowhere else, and the day on which it was asked.
_PLACES = frozenset({"source_url", "url", "pdf_url", "known_to"})
_NOTHING: tuple[Any, ...] = (None, "", [], {})
_BEFORE_CITE = re.compile(r"[ \n]+<cite")  # a quote stands right behind what it backs
_TWO_ENDS = re.compile(r"(?<!\.)\.\.(?=[\s<]|$)")  # of a name with initials at an end
_MOST_ENTRIES = 5
_MOST_VALUE = 400
_BESIDE = 3
"""Tools that are offered beside those that are used."""


class Runs(Protocol):
    """Runs blocks of Python."""

    def run(self, source: str, folder: Path) -> CodeRun:
        """Run a block in a folder."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What all scenes share."""

    specs: Mapping[str, ToolSpec]
    executor: Runs
    broken: Mapping[str, str] = field(default_factory=dict)
    """Setting to the address of a service that fails."""
    addresses: Mapping[str, str] = field(default_factory=dict)
    """Address of a stand-in to that of the service it stands for."""


@dataclass(slots=True)
class Scene:
    """The making of one example."""

    stage: Stage
    desk: Desk
    draw: random.Random
    template: str
    part: Part
    _messages: list[Message] = field(default_factory=list)
    _runs: list[ToolRun] = field(default_factory=list)
    _codes: list[CodeRun] = field(default_factory=list)
    _drawings: list[Drawing] = field(default_factory=list)
    _questions: int = 0

    def word(self, form: str, /, **slots: Any) -> str:
        """Return one of the phrasings of this template, its slots filled."""
        chosen = self.draw.choice(phrasings(self.template)[form])
        return _TWO_ENDS.sub(".", chosen.format(**slots))

    def name_of(self, subject: Subject) -> str:
        """Return one of the names of an object."""
        names: list[str] = subject.facts.get("names") or [subject.name]
        return self.draw.choice(names)

    def ask(self, form: str = "ask", /, **slots: Any) -> None:
        """Let the user say something."""
        self._questions += 1
        self._messages.append(Message("user", self.word(form, **slots)))

    def call(self, tool: str, **arguments: Any) -> ToolResult:
        """Run a tool that must succeed.

        Raises
        ------
        RefusedError
            If it fails.
        """
        run = self._run(tool, arguments)
        if run.result is None:
            message = f"{tool} failed: {run.error}"
            raise RefusedError(message, gate="run")
        return run.result

    def miss(self, tool: str, **arguments: Any) -> str:
        """Run a tool that must find nothing, and return its sentence.

        Raises
        ------
        RefusedError
            If it finds something.
        """
        run = self._run(tool, arguments)
        if run.result is not None:
            message = f"{tool} found something: {run.result.text[:80]}"
            raise RefusedError(message, gate="run")
        return run.error

    def find_nothing(self, tool: str, **arguments: Any) -> None:
        """Run a search that must have no result, or say so as an error.

        Raises
        ------
        RefusedError
            If it finds something.
        """
        run = self._run(tool, arguments)
        if run.result is not None and any(origin.rows for origin in run.result.origins):
            message = f"{tool} found something: {run.result.text[:80]}"
            raise RefusedError(message, gate="run")

    def break_services(self) -> None:
        """Let every service that is asked from now on fail."""
        given = self.desk.settings.model_dump(exclude_unset=True)
        self.desk.settings = Settings(**(given | dict(self.stage.broken)))

    def learn(self, title: str, text: str, collection: str) -> None:
        """Put a document into a knowledge base of this scene alone."""
        folder = self.desk.folder / "data"
        self.desk.settings = self.desk.settings.model_copy(update={"data_dir": folder})
        store = KnowledgeStore.of(self.desk.settings)
        store.add(Document(text, title, f"{slug(title)}.txt"), collection=collection)

    def cite(self, *holding: str) -> str:
        """Return a mark with the first sentence of the last result that holds some words."""
        run = self._runs[-1]
        text = run.result.text if run.result else ""
        found = next((one for one in _sentences(text) if all(w in one for w in holding)), "")
        if not found:
            message = f"{run.call.tool} does not say {', '.join(holding)}: {text[:80]}"
            raise RefusedError(message, gate="run")
        return f'<cite of="{run.call.id}">{found}</cite>'

    def cite_exactly(self, quote: str) -> str:
        """Return a mark with a quote of the last result; refuses the example if it is none."""
        run = self._runs[-1]
        if run.result is None or quote not in run.result.text:
            message = f"{run.call.tool} does not say {quote[:60]!r}"
            raise RefusedError(message, gate="run")
        return f'<cite of="{run.call.id}">{quote}</cite>'

    def code(self, source: str, drawing: Drawing | None = None) -> CodeRun:
        """Run a block of Python that must succeed.

        Parameters
        ----------
        source : str
            The block.
        drawing : Drawing, optional
            What it must draw.

        Raises
        ------
        RefusedError
            If it fails.
        """
        run = self.stage.executor.run(source, self.desk.folder)
        if run.error:
            message = f"a block failed: {run.error}"
            raise RefusedError(message, gate="run")
        self._codes.append(run)
        if drawing is not None:
            self._drawings.append(drawing)
        return run

    def say(self, text: str) -> None:
        """Let the assistant say something."""
        self._messages.append(Message("assistant", _BEFORE_CITE.sub("<cite", text)))

    def finish(self, category: Category, subjects: Sequence[Subject]) -> Example:
        """Return the example."""
        used = list(dict.fromkeys(run.call.tool for run in self._runs))
        others = sorted(set(self.stage.specs) - set(used))
        beside = self.draw.sample(others, min(_BESIDE, len(others)))
        offered = [self.stage.specs[name] for name in sorted([*used, *beside])]
        told = instructions(self._nonce, Asked("")) + "\n" + tool_lines(offered)
        return Example(
            category,
            self.template,
            tuple(dict.fromkeys(one.key for one in subjects)),
            self.part,
            (Message("system", told), *self._messages),
            tuple(self._runs),
            tuple(self._codes),
            tuple(self._drawings),
        )

    @property
    def _nonce(self) -> str:
        return (
            f"{random.Random(f'{self.template} {self._messages[0].content}').getrandbits(32):08x}"  # noqa: S311
        )

    def _run(self, tool: str, arguments: dict[str, Any]) -> ToolRun:
        number = 1 + sum(run.call.id.startswith(f"t{self._questions}-") for run in self._runs)
        call = ToolCall(id=f"t{self._questions}-{number}", tool=tool, arguments=arguments)
        if tool not in self.stage.specs:
            message = f"the tool {tool} is not installed"
            raise RefusedError(message, gate="run")
        run = _shortened(running.run(call, self.desk), self.stage.addresses)
        if run.error.startswith(f"The tool {tool} failed:"):  # by a fault of its own
            raise RefusedError(run.error, gate="run")
        self._runs.append(run)
        self._messages.append(Message("assistant", call_text(tool, arguments)))
        self._messages.append(Message("tool", as_data(run, self._nonce)))
        return run


def _shortened(run: ToolRun, addresses: Mapping[str, str]) -> ToolRun:
    """Return a run with fewer values, as many as an example has room for.

    Its text stays but for what only a sandbox says: that it is one, where, and when it was asked.
    """
    if run.result is None:
        error = run.error
        for here, there in addresses.items():
            error = error.replace(here, there)
        return run.model_copy(update={"error": error})
    data = _short(dict(run.result.data))
    text = _OF_THE_SANDBOX.sub("", run.result.text)
    warnings = tuple(_AGE.sub("old", one) for one in run.result.warnings)
    update = {"text": text, "data": data, "warnings": warnings}
    return run.model_copy(update={"result": run.result.model_copy(update=update)})


def _short(value: Any) -> Any:
    if isinstance(value, dict):
        shown = {name: one for name, one in value.items() if one not in _NOTHING}
        if all(isinstance(one, int) for one in shown.values()):
            shown = dict(sorted(shown.items()))  # counts come in any order
        return {name: _short(one) for name, one in shown.items() if name not in _PLACES}
    if isinstance(value, list):
        return [_short(one) for one in value[:_MOST_ENTRIES]]
    return value[:_MOST_VALUE] if isinstance(value, str) else value


def _sentences(text: str) -> list[str]:
    return [one for one in _SENTENCE.split(text) if one.strip()]
