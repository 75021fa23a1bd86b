"""The loop of every answer: ask the model for the next step, run what it wants, check its quotes.

It is the same for our rules and for every language model. What tools and documents say is handed
to the model as data; the model can ask for tools that are offered, with arguments that are
checked, and for nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from skywright.assistant.engine.apart import made_apart
from skywright.assistant.engine.calling import Calling
from skywright.assistant.engine.checking import Evidence
from skywright.assistant.engine.draft import Draft
from skywright.assistant.engine.model import (
    Asked,
    ContextTooLongError,
    Model,
    ModelError,
    Piece,
    Replied,
    Returned,
    Turn,
)
from skywright.assistant.knowledge.searching import Searcher
from skywright.assistant.messages import (
    CallStarted,
    Done,
    Event,
    Failed,
    Status,
    ToolCall,
    ToolRun,
)
from skywright.assistant.tools.desk import Desk
from skywright.assistant.tools.running import ToolSpec
from skywright.errors import InputError, SkywrightError

LONGEST_QUESTION = 20_000
_SHORTEST_RESULT = 1_000


class Tools(Protocol):
    """What can be called; `skywright.assistant.engine.offered` has all that is installed."""

    def names(self) -> Sequence[str]:
        """Return the names of what may run."""

    def specs(self) -> Sequence[ToolSpec]:
        """Return what a model is told of."""

    def run(self, call: ToolCall, desk: Desk) -> ToolRun:
        """Run a call; what goes wrong is a sentence in the run."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one answer may take."""

    rounds: int = 8
    """Times that the model may ask for tools."""
    calls: int = 16
    """Calls in all."""
    old_turns: int = 60
    """Questions and answers before this one that the model is told."""


class Engine:
    """Answers questions with a model and tools.

    Parameters
    ----------
    model : Model
        Decides what is said or run next.
    searcher : Searcher
        Knows the chunks that citations are checked against.
    tools : Tools
        What runs here.
    limits : Limits, optional
        What one answer may take.
    elsewhere : sequence of ToolSpec
        Tools that whoever asks runs. A step that wants one ends the answer with the start of its
        calls; of two tools of one name theirs is offered.
    """

    def __init__(
        self,
        model: Model,
        searcher: Searcher,
        tools: Tools,
        limits: Limits | None = None,
        elsewhere: Sequence[ToolSpec] = (),
    ) -> None:
        self.model = model
        self.searcher = searcher
        self.tools = tools
        self.limits = limits or Limits()
        self.elsewhere = tuple(elsewhere)

    def run(
        self, question: str, history: Sequence[Turn], desk: Desk, since: Sequence[Turn] = ()
    ) -> Iterator[Event]:
        """Answer a question, event by event; the last is `Done` or `Failed`.

        A generator that is closed early stops the tool at work as ``desk.stop`` does.

        Parameters
        ----------
        question : str
            As the user wrote it.
        history : sequence of Turn
            `Asked` and `Replied` of the conversation so far.
        desk : Desk
            Tables, target and folder of the conversation; set its ``stop`` to stop the answer.
        since : sequence of Turn
            What was called elsewhere for this question, and what came of it.
        """
        yield Status(text="Reading the question")
        try:
            yield from self._answer(_checked(question), history, desk, since)
        except SkywrightError as error:
            yield Failed(code=error.code, message=error.message, hint=error.hint)
        except BaseException:  # closed early, or Ctrl-C: nobody waits for the tool any more
            desk.stop.set()
            raise

    def _answer(
        self, question: str, history: Sequence[Turn], desk: Desk, since: Sequence[Turn]
    ) -> Iterator[Event]:
        asked = Asked(question, desk.target, tuple(desk.tables))
        old = _from_a_beginning(history[-self.limits.old_turns :])
        turns = _Turns([*old, asked, *since])
        draft = Draft(Evidence(self.searcher.store, _runs_of([*history, *since])))
        specs, calling = self._offered(history)
        for number in range(self.limits.rounds + 1):
            offered = specs if number < self.limits.rounds and calling.are_left else ()
            said = draft.text
            yield from self._step(turns, draft, offered, desk)
            calls = draft.take_calls()
            theirs = [call for call in calls if call.tool in self._theirs]
            if theirs and offered:
                yield from (CallStarted(call=call) for call in theirs)
                yield Done(answer=draft.answer(self.model.name))
                return
            if not calls or not offered:
                break
            runs: list[ToolRun] = []
            yield from calling.run(calls, desk, runs)
            draft.took(runs, draft.text[len(said) :])
            turns.extend(draft.turns[-2:])
        if not draft.text:
            message = f"The model {self.model.name} gave no answer."
            raise ModelError(message, hint="Ask again, ask for less at once, or use another model.")
        yield Done(answer=draft.answer(self.model.name))

    @property
    def _theirs(self) -> frozenset[str]:
        return frozenset(one.name for one in self.elsewhere)

    def _offered(self, history: Sequence[Turn]) -> tuple[Sequence[ToolSpec], Calling]:
        """Return what a model is told of, and what runs the calls of ours."""
        ours = frozenset(self.tools.names()) - self._theirs
        calling = Calling(self.tools.run, ours, self.limits.calls, history)
        specs = self.tools.specs()
        if self.elsewhere:
            specs = (*(one for one in specs if one.name in ours), *self.elsewhere)
        return specs, calling

    def _step(
        self, turns: _Turns, draft: Draft, offered: Sequence[ToolSpec], desk: Desk
    ) -> Iterator[Event]:
        """Ask the model once; again where it said nothing, or where the turns were too long."""
        asked_again = False
        while True:
            before = len(draft.text)
            try:
                yield from self._asked(turns, draft, offered, desk)
            except ContextTooLongError:
                if len(draft.text) > before or not turns.shorten():
                    raise
                yield Status(text="Too long for the model: the oldest turns are left out")
                continue
            if draft.wanted or len(draft.text) > before or asked_again:
                return
            asked_again = True
            yield Status(text="The model said nothing; asking it once more")

    def _asked(
        self, turns: _Turns, draft: Draft, offered: Sequence[ToolSpec], desk: Desk
    ) -> Iterator[Event]:
        def respond(hand_over: Callable[[Piece], None]) -> None:
            for piece in self.model.respond(tuple(turns.all), offered):
                hand_over(piece)

        for piece in made_apart(respond, desk.stop):
            yield from draft.take(piece)


class _Turns:
    """What the model is told, shortened from its old end where it must be."""

    def __init__(self, turns: list[Turn]) -> None:
        self.all = turns

    def extend(self, turns: Sequence[Turn]) -> None:
        self.all += turns

    def shorten(self) -> bool:
        """Drop the older half of what was before the question, then halve long results."""
        asked = max(k for k, turn in enumerate(self.all) if isinstance(turn, Asked))
        if asked:
            self.all = _from_a_beginning(self.all[max(1, asked // 2) :])
            return True
        longest = max((len(run.result.text) for run in _runs_of(self.all) if run.result), default=0)
        if longest <= _SHORTEST_RESULT:
            return False
        self.all = [_cut(turn, longest // 2) for turn in self.all]
        return True


def _from_a_beginning(turns: Sequence[Turn]) -> list[Turn]:
    """Leave out results at the start: services refuse them where their calls are cut off."""
    first = next((k for k, turn in enumerate(turns) if not isinstance(turn, Returned)), len(turns))
    return list(turns[first:])


def _cut(turn: Turn, most: int) -> Turn:
    """Cut results that the model is told; what was stored, and is cited, stays whole."""
    if not isinstance(turn, Returned):
        return turn
    runs = [
        run.model_copy(
            update={"result": run.result.model_copy(update={"text": run.result.text[:most]})}
        )
        if run.result and len(run.result.text) > most
        else run
        for run in turn.runs
    ]
    return replace(turn, runs=tuple(runs))


def _runs_of(turns: Sequence[Turn]) -> list[ToolRun]:
    runs: list[ToolRun] = []
    for turn in turns:
        if isinstance(turn, Replied):
            runs += turn.answer.tool_runs
        elif isinstance(turn, Returned):
            runs += turn.runs
    return runs


def _checked(question: str) -> str:
    question = question.strip()
    if not question:
        message = "The question is blank; ask something."
        raise InputError(message)
    if len(question) > LONGEST_QUESTION:
        message = f"The question has {len(question)} characters; {LONGEST_QUESTION} are read."
        raise InputError(message, hint="Add long texts to the knowledge base instead.")
    return question
