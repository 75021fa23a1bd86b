"""Calls that a model wished for, run one after the other; what may not run is told why."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator, Sequence

from skywright.assistant.engine.apart import made_apart
from skywright.assistant.engine.model import Asked, Turn
from skywright.assistant.messages import CallEnded, CallStarted, Event, Made, Status, ToolCall
from skywright.assistant.messages import ToolRun as Run
from skywright.assistant.tools.desk import Desk, StoppedError

_GRACE_S = 3.0
"""For a tool to notice a stop and leave nothing half done."""


class Calling:
    """Runs the calls of one answer.

    Parameters
    ----------
    run : callable
        Runs one call.
    names : frozenset of str
        Tools that are offered; no other is run, whatever a model asks for.
    most : int
        Calls in all.
    history : sequence of Turn
        Of the conversation, for ids that are unique within it.
    """

    def __init__(
        self,
        run: Callable[[ToolCall, Desk], Run],
        names: frozenset[str],
        most: int,
        history: Sequence[Turn] = (),
    ) -> None:
        self._run = run
        self._names = names
        self._most = most
        self._question = 1 + sum(isinstance(turn, Asked) for turn in history)
        self._seen: dict[str, str] = {}
        self._started = 0

    @property
    def are_left(self) -> bool:
        """Whether another call may be made."""
        return self._started < self._most

    def run(self, calls: Sequence[ToolCall], desk: Desk, runs: list[Run]) -> Iterator[Event]:
        """Run calls in their order and put what came of them into `runs`.

        Raises
        ------
        StoppedError
            If the answer was stopped; the tool at work was stopped too.
        """
        for wanted in calls:
            call = wanted.model_copy(update={"id": self._next_id()})
            yield CallStarted(call=call)
            refused = self._refused(call)
            if refused:
                run = Run(call=call, error=refused)
            else:
                run = yield from self._run_one(call, desk)
            runs.append(run)
            yield CallEnded(run=run)
            for artifact in run.result.artifacts if run.result else ():
                yield Made(artifact=artifact)
            desk.check_stop()

    def _next_id(self) -> str:
        self._started += 1
        return f"t{self._question}-{self._started}"

    def _refused(self, call: ToolCall) -> str:
        if call.tool not in self._names:
            return (
                f"There is no tool {call.tool[:80]!r}; there are {', '.join(sorted(self._names))}."
            )
        if self._started > self._most:
            return f"One answer may make {self._most} calls; answer with what there is."
        key = json.dumps([call.tool, call.arguments], sort_keys=True, default=str)
        first = self._seen.setdefault(key, call.id)
        if first != call.id:
            return f"This call was made before as {first}; its result stands there."
        return ""

    def _run_one(self, call: ToolCall, desk: Desk) -> Generator[Event, None, Run]:
        def work(hand_over: Callable[[Status | Run], None]) -> None:
            desk.progress = lambda text: hand_over(Status(text=text))
            hand_over(self._run(call, desk))

        before = desk.progress
        try:
            for one in made_apart(work, desk.stop, grace_s=_GRACE_S):
                if isinstance(one, Run):
                    return one
                yield one
        except StoppedError as error:
            return Run(call=call, error=error.message)
        finally:
            desk.progress = before
        return Run(call=call, error="The tool gave nothing back.")
