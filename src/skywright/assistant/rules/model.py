"""The rules as a model: the same loop, tools and citations as with a language model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime

from skywright.assistant.engine.model import (
    Asked,
    Piece,
    Returned,
    Stated,
    Turn,
    Verdict,
    Wanted,
)
from skywright.assistant.knowledge.evidence import find_evidence
from skywright.assistant.knowledge.searching import Searcher
from skywright.assistant.messages import Citation, ToolCall, ToolRun
from skywright.assistant.rules.answering import (
    GREETING,
    UNCLEAR,
    explained,
    failed,
    found_nothing,
    not_installed,
    told,
)
from skywright.assistant.rules.planning import planned
from skywright.assistant.rules.routing import KNOWLEDGE, Router
from skywright.assistant.rules.routing import UNCLEAR as _UNCLEAR
from skywright.assistant.rules.understanding import Wish, understood
from skywright.assistant.tools.running import ToolSpec
from skywright.foundry.tool import tool_names
from skywright.settings import Settings, get_settings


def _today_utc() -> date:
    return datetime.now(UTC).date()


class RulesModel:
    """Decides by patterns what is called, and answers in the words of what came back.

    It keeps nothing: all it knows of a conversation is the history that it is given.

    Parameters
    ----------
    searcher : Searcher
        Of the knowledge base; its embedder, where it has one, compares questions with examples.
    settings : Settings, optional
        Tell where installed catalogues lie.
    today : callable, optional
        Gives the day (UTC) that "last year" is counted from.
    """

    name = "rules"

    def __init__(
        self,
        searcher: Searcher,
        settings: Settings | None = None,
        *,
        today: Callable[[], date] = _today_utc,
    ) -> None:
        self._searcher = searcher
        self._settings = settings or get_settings()
        self._today = today
        self._router = Router(searcher.embedder)

    def respond(self, history: Sequence[Turn], tools: Sequence[ToolSpec]) -> Iterator[Piece]:
        """Give the next call of the plan, or the answer."""
        wish = understood(history, self._router, self._today())
        runs = _runs_since_asked(history)
        if wish.intent in {"greeting", _UNCLEAR}:
            yield Stated(GREETING if wish.intent == "greeting" else UNCLEAR)
            yield Verdict(is_found=wish.intent == "greeting", is_question=wish.intent == _UNCLEAR)
            return
        plan = planned(wish, self._settings)
        if plan.missing:
            yield Stated(plan.missing)
            yield Verdict(is_question=True)
            return
        is_broken = any(run.result is None or found_nothing(run.result) for run in runs)
        if len(runs) < len(plan.steps) and tools and not is_broken:
            step = plan.steps[len(runs)]
            if step.tool not in tool_names():
                yield from not_installed(step.tool)
                return
            call = ToolCall(id="", tool=step.tool, arguments=dict(step.arguments(runs)))
            yield Wanted(call)
        elif wish.intent == KNOWLEDGE and runs:
            yield from self._explained(wish, runs[-1])
        else:
            yield from told(plan, runs)

    def _explained(self, wish: Wish, run: ToolRun) -> Iterator[Piece]:
        if run.result is None:
            yield from failed(run)
        elif "quotes" in run.result.data:
            quotes = [Citation.model_validate(one) for one in run.result.data["quotes"]]
            yield from explained(quotes, is_answer=bool(run.result.data.get("is_answered")))
        else:  # a search of somebody else, which chooses no quotes
            found = find_evidence(self._searcher, wish.entities.text)
            yield from explained(found.citations, is_answer=found.is_answerable)


def _runs_since_asked(history: Sequence[Turn]) -> list[ToolRun]:
    last = max(k for k, turn in enumerate(history) if isinstance(turn, Asked))
    return [run for turn in history[last:] if isinstance(turn, Returned) for run in turn.runs]
