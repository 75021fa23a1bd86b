"""Judge the rules: whether questions lead to the right tools with the right arguments."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

from skywright.assistant.engine.model import Asked
from skywright.assistant.knowledge.embedding import Embedder
from skywright.assistant.rules.plan import Plan
from skywright.assistant.rules.planning import planned
from skywright.assistant.rules.routing import UNCLEAR, Router, intents
from skywright.assistant.rules.understanding import understood
from skywright.errors import InputError
from skywright.settings import Settings, get_settings

SETS = ("dev", "held", "blind")
"""Questions that come with us: the rules were made with the first, and judged on the second, whose
errors were mended then. The third was written by somebody who had not seen the rules."""

TODAY = date(2026, 11, 21)
"""What "last year" is counted from, so that two runs can be compared."""

_Z_95 = 1.959964
_CLOSE = 1e-5


@dataclass(frozen=True, slots=True)
class Question:
    """A question with what it should lead to."""

    question: str
    intent: str = ""
    tool: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    """Those that must be among the arguments of the calls; others are free."""
    tables: tuple[str, ...] = ()
    """Tables of the conversation it is asked in."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of one question."""

    question: str
    expected: str
    intent: str
    is_right: bool
    tools: tuple[str, ...]
    arguments: dict[str, Any]
    """Of all calls, the later ones over the earlier."""
    wrong_arguments: tuple[str, ...]
    is_asked_back: bool

    @property
    def is_wrong_call(self) -> bool:
        """Whether tools would run that were not asked for, or with other arguments."""
        return bool(self.tools) and (not self.is_right or bool(self.wrong_arguments))


@dataclass(frozen=True, slots=True)
class Report:
    """All questions of one set."""

    judged: tuple[Judged, ...]
    by_meaning: bool

    def to_dict(self) -> dict[str, Any]:
        """Return accuracy with its interval, confusions, and every question."""
        n = len(self.judged)
        right = sum(one.is_right for one in self.judged)
        wrong_calls = [one for one in self.judged if one.is_wrong_call]
        confused = Counter((one.expected, one.intent) for one in self.judged if not one.is_right)
        return {
            "questions": n,
            "right": right,
            "accuracy": round(right / n, 4),
            "interval_95": [round(one, 4) for one in wilson(right, n)],
            "wrong_calls": len(wrong_calls),
            "with_arguments": sum(bool(one.arguments) for one in self.judged),
            "asked_back": sum(one.is_asked_back for one in self.judged),
            "by_meaning": self.by_meaning,
            "confusions": [
                {"expected": expected, "got": got, "count": count}
                for (expected, got), count in confused.most_common()
            ],
            "per_question": [
                asdict(one) | {"is_wrong_call": one.is_wrong_call} for one in self.judged
            ],
        }


def wilson(right: int, n: int) -> tuple[float, float]:
    """Return the interval of a share at 95 % (Wilson 1927, J. Am. Stat. Assoc. 22, 209)."""
    share, z2 = right / n, _Z_95**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z_95 / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def evaluate_tools(
    questions: Sequence[Question],
    embedder: Embedder | None = None,
    settings: Settings | None = None,
) -> Report:
    """Judge every question by itself, without running a tool.

    Parameters
    ----------
    questions : sequence of Question
        One or more.
    embedder : Embedder, optional
        Compares with the example questions too, as the assistant does where it is installed.
    settings : Settings, optional
        Tell where installed catalogues lie.
    """
    router, chosen = Router(embedder), settings or get_settings()
    judged = tuple(_judged(one, router, chosen) for one in questions)
    return Report(judged, embedder is not None)


def questions_of(source: Path | str) -> list[Question]:
    """Read questions: lines of JSON with ``question``, and ``intent`` or ``tool``.

    Parameters
    ----------
    source : Path or str
        A file, or the name of a set that comes with us.

    Raises
    ------
    InputError
        If the file cannot be read, a line is no such object, or it holds no question.
    """
    if isinstance(source, str):
        if source not in SETS:
            message = f"There is no set of questions {source!r}; there are {', '.join(SETS)}."
            raise InputError(message)
        folder = files("skywright.assistant.rules") / "questions"
        text = (folder / f"{source}.jsonl").read_text(encoding="utf-8")
    else:
        text = _text(source)
    rows = [(k, line) for k, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not rows:
        message = f"{source} holds no question."
        raise InputError(message, hint="It takes lines of JSON with question and intent.")
    return [_question(line, k) for k, line in rows]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"The questions {path} cannot be read: {error}."
        raise InputError(message) from error


def _question(line: str, number: int) -> Question:
    try:
        row = json.loads(line)
        one = Question(
            str(row["question"]),
            str(row.get("intent", "")).replace("_", "-"),
            str(row.get("tool", "")).replace("_", "-"),
            dict(row.get("arguments") or {}),
            tuple(row.get("tables") or ()),
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        message = f"Line {number} of the questions is no object with a question: {line[:80]!r}."
        raise InputError(message, hint="Each needs question, and intent or tool.") from error
    known = [*intents(), UNCLEAR]
    if not (one.tool or one.intent in known):
        message = f"Line {number} of the questions has the intent {one.intent!r}."
        raise InputError(message, hint=f"There are {', '.join(known)}.")
    return one


def _judged(one: Question, router: Router, settings: Settings) -> Judged:
    wish = understood([Asked(one.question, tables=one.tables)], router, TODAY)
    plan = planned(wish, settings)
    tools = tuple(step.tool for step in plan.steps)
    arguments = _arguments(plan)
    is_right = one.tool in tools if one.tool else wish.intent == one.intent
    wrong = tuple(
        name for name, value in one.arguments.items() if not _same(arguments.get(name), value)
    )
    return Judged(
        question=one.question,
        expected=one.intent or one.tool,
        intent=wish.intent,
        is_right=is_right,
        tools=tools,
        arguments=arguments,
        wrong_arguments=wrong,
        is_asked_back=bool(plan.missing),
    )


def _arguments(plan: Plan) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for step in plan.steps:
        given |= step.arguments(())
    return given


def _same(got: Any, wanted: Any) -> bool:
    if isinstance(wanted, Mapping):
        return isinstance(got, Mapping) and all(_same(got.get(k), v) for k, v in wanted.items())
    if isinstance(wanted, bool) or not isinstance(wanted, int | float):
        return bool(_folded(got) == _folded(wanted))
    return isinstance(got, int | float) and math.isclose(got, wanted, abs_tol=_CLOSE)


def _folded(value: Any) -> Any:
    """Return a text without case, quotes and its article, which are a matter of taste."""
    if not isinstance(value, str):
        return value
    return " ".join(value.lower().replace('"', "").split()).removeprefix("the ")
