"""Questions asked and answered: model, tools, knowledge base and memory put together.

Every face asks through here. An answer is on the disk before its last event is seen.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from skywright.assistant.engine.choosing import RULES, model_of
from skywright.assistant.engine.loop import Engine, Tools
from skywright.assistant.engine.model import Asked, Model, Replied, Turn
from skywright.assistant.engine.offered import InstalledTools
from skywright.assistant.knowledge.opened import searcher_of
from skywright.assistant.mcp_allowed import added_servers
from skywright.assistant.memory.facts import facts
from skywright.assistant.memory.memory import Memory
from skywright.assistant.memory.records import Conversation
from skywright.assistant.memory.shelf import keep_tables, open_desk
from skywright.assistant.messages import Answer, CallEnded, Done, Event, Failed, Status, Token
from skywright.assistant.tools.desk import Desk
from skywright.assistant.tools.running import ToolSpec
from skywright.errors import ConflictError, InputError, NotFoundError, SkywrightError
from skywright.settings import Settings, get_settings

if TYPE_CHECKING:
    import polars as pl

_STOPPED = "The answer was stopped."


class AnswerError(SkywrightError):
    """A question could not be answered; the message says why."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(failed.message, hint=failed.hint)
        self.code = failed.code


@dataclass(frozen=True, slots=True)
class Brought:
    """What another program brings with a question."""

    tools: tuple[ToolSpec, ...] = ()
    """Tools that it runs itself; an answer that needs one ends with the start of its calls."""
    since: tuple[Turn, ...] = ()
    """Calls that it has run for this question, and what came of them."""
    told: tuple[str, ...] = ()
    """What the language model is told beside its task."""


@dataclass(frozen=True, slots=True)
class Aside:
    """An answer that is not kept, and how it is stopped."""

    events: Iterator[Event]
    stop: threading.Event


class Session:
    """Conversations of one owner, answered by one model.

    Parameters
    ----------
    settings : Settings, optional
        Where everything lies, and which language model answers.
    owner : str
        Whose conversations; empty on one's own machine.
    model : str
        Instead of the one in the settings: ``rules``, or ``provider:name``.

    Raises
    ------
    InputError
        If the model names none.
    """

    def __init__(
        self, settings: Settings | None = None, *, owner: str = "", model: str = ""
    ) -> None:
        self.settings = settings or get_settings()
        self.memory = Memory.of(self.settings, owner)
        self.model = model
        self.searcher = searcher_of(self.settings)
        self._model()
        self.tools()

    def answer(
        self, question: str, *, conversation: str | None = None, desk: Desk | None = None
    ) -> Answer:
        """Answer a question; see `stream`.

        Raises
        ------
        AnswerError
            If there is no answer; a question that nothing answers has one that says so.
        """
        last: Event | None = None
        for event in self.stream(question, conversation=conversation, desk=desk):
            last = event
        if isinstance(last, Done):
            return last.answer
        assert isinstance(last, Failed)  # noqa: S101  (the loop ends with one of the two)
        raise AnswerError(last)

    def stream(
        self,
        question: str,
        *,
        conversation: str | None = None,
        desk: Desk | None = None,
        stop: threading.Event | None = None,
    ) -> Iterator[Event]:
        """Answer a question, event by event.

        Parameters
        ----------
        question : str
            As the user wrote it.
        conversation : str, optional
            Its id; without one a new conversation begins, unless a desk is given.
        desk : Desk, optional
            Instead of the desk of a conversation: nothing is remembered then.
        stop : threading.Event, optional
            Ends this answer when it is set, and no other of the conversation, as `Session.stop`
            would.

        Raises
        ------
        NotFoundError
            If the owner has no such conversation.
        ConflictError
            If a question is being answered in it.
        """
        question = question.encode("utf-8", "replace").decode()  # a terminal may give half a sign
        if conversation is None and desk is not None:
            yield from self._engine(desk.stop).run(question, (), desk)
            return
        yield Status(text="Opening the conversation")  # seen before the disk has been waited for
        id_ = conversation or self.begin(question).id
        with _Busy(self.memory, id_, stop) as held:
            yield from self._kept(question, id_, held)

    def begin(self, question: str, title: str = "") -> Conversation:
        """Begin a conversation for a question; raises InputError if that is blank."""
        if not question.strip():
            message = "The question is blank; ask something."
            raise InputError(message)
        return self.memory.begin(title)

    @property
    def has_language_model(self) -> bool:
        """Whether a language model writes the answers, not the rules."""
        return (self.model or self.settings.language_model) not in {"", RULES}

    def aside(
        self, question: str, history: Sequence[Turn] = (), brought: Brought | None = None
    ) -> Aside:
        """Answer a question that belongs to no conversation: nothing of it is remembered.

        Files that tools make are gone with the last event.
        """
        stop = threading.Event()
        return Aside(self._aside(question, history, stop, brought or Brought()), stop)

    def _aside(
        self, question: str, history: Sequence[Turn], stop: threading.Event, brought: Brought
    ) -> Iterator[Event]:
        with tempfile.TemporaryDirectory(prefix="skywright-") as folder:
            desk = Desk(Path(folder), self.settings, stop=stop)
            yield from self._engine(stop, brought).run(question, history, desk, brought.since)

    def stop(self, conversation: str) -> bool:
        """Stop the answer that is being given in a conversation, and the tool at work."""
        self.memory.get(conversation)
        return _Busy.stop(self.memory, conversation)

    def _kept(self, question: str, id_: str, stop: threading.Event) -> Iterator[Event]:
        desk = open_desk(self.memory, id_, self.settings)
        desk.stop = stop
        before = dict(desk.tables)
        history = [one.turn for one in self.memory.messages(id_)]
        kept = _Kept(self._engine(stop))
        if question.strip():
            self.memory.add(id_, Asked(question.strip(), desk.target, tuple(desk.tables)))
        try:
            for event in kept.engine.run(question, history, desk):
                kept.take(event)
                if not isinstance(event, Done | Failed):
                    yield event
        finally:
            if question.strip():
                self._keep(id_, desk, before, kept.answer())
        if kept.last:
            yield kept.last

    def _keep(self, id_: str, desk: Desk, before: dict[str, pl.DataFrame], answer: Answer) -> None:
        try:
            keep_tables(self.memory, id_, desk, before)
            self.memory.add(id_, Replied(answer), target=desk.target)
        except NotFoundError:  # its owner has deleted it meanwhile
            shutil.rmtree(self.memory.files(id_), ignore_errors=True)

    def _engine(self, stop: threading.Event, brought: Brought | None = None) -> Engine:
        brought = brought or Brought()
        model = self._model(stop, brought.told)
        return Engine(model, self.searcher, self.tools(), elsewhere=brought.tools)

    def tools(self) -> Tools:
        """Return what may be called: ours, and what the user allowed of added servers.

        Raises
        ------
        InputError
            If the list of servers is not of its form.
        """
        servers = added_servers(self.settings)
        if not any(one.allow for one in servers.values()):
            return InstalledTools()
        from skywright.assistant.mcp_tools import AddedTools

        return AddedTools(servers)

    def _model(self, stop: threading.Event | None = None, beside: Sequence[str] = ()) -> Model:
        told = [*(f"{one.name}: {one.value}" for one in facts(self.memory)), *beside]
        return model_of(self.settings, self.searcher, name=self.model, facts=told, stop=stop)


def answer(
    question: str,
    *,
    settings: Settings | None = None,
    conversation: str | None = None,
    desk: Desk | None = None,
) -> Answer:
    """Answer a question; see `Session.answer`."""
    return Session(settings).answer(question, conversation=conversation, desk=desk)


def stream(
    question: str,
    *,
    settings: Settings | None = None,
    conversation: str | None = None,
    desk: Desk | None = None,
) -> Iterator[Event]:
    """Answer a question, event by event; see `Session.stream`."""
    return Session(settings).stream(question, conversation=conversation, desk=desk)


class _Kept:
    """What an answer was, also where it did not come to its end."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.last: Done | Failed | None = None
        self._text: list[str] = []
        self._runs: list[CallEnded] = []

    def take(self, event: Event) -> None:
        match event:
            case Token(text=text):
                self._text.append(text)
            case CallEnded():
                self._runs.append(event)
            case Done() | Failed():
                self.last = event

    def answer(self) -> Answer:
        if isinstance(self.last, Done):
            return self.last.answer
        reason = self.last.message if self.last else _STOPPED
        runs = tuple(one.run for one in self._runs)
        return Answer(
            text="".join(self._text).strip() or reason,
            tool_runs=runs,
            artifacts=tuple(a for run in runs if run.result for a in run.result.artifacts),
            warnings=(reason,),
            is_found=False,
            engine=self.engine.model.name,
        )


class _Busy:
    """A conversation while a question is answered in it: one at a time, in this process."""

    _running: dict[tuple[Path, str], threading.Event] = {}  # noqa: RUF012  (shared on purpose)
    _lock = threading.Lock()

    def __init__(self, memory: Memory, id_: str, stop: threading.Event | None = None) -> None:
        self._key = (memory.file.path, memory.get(id_).id)
        self._stop = stop or threading.Event()

    def __enter__(self) -> threading.Event:
        with self._lock:
            if self._running.setdefault(self._key, self._stop) is not self._stop:
                message = f"A question is being answered in the conversation {self._key[1]}."
                raise ConflictError(message, hint="Wait for its end, or stop it.")
        return self._stop

    def __exit__(self, *raised: object) -> None:
        with self._lock:
            del self._running[self._key]

    @classmethod
    def stop(cls, memory: Memory, id_: str) -> bool:
        with cls._lock:
            stop = cls._running.get((memory.file.path, id_))
        if stop:
            stop.set()
        return stop is not None
