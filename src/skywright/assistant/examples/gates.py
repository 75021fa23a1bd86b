"""What an example must pass before it is written; each gate says why it refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from skywright.assistant.engine.checking import find_verbatim
from skywright.assistant.examples.example import (
    CALL,
    CITE,
    CODE,
    ENTRY,
    QUERY,
    CodeRun,
    Example,
    RefusedError,
    plain,
)
from skywright.assistant.examples.numbers import Known, unknown_numbers
from skywright.assistant.examples.reading_code import fault_in
from skywright.assistant.messages import ToolRun
from skywright.assistant.tools.running import ToolSpec
from skywright.sources.adql import check
from skywright.sources.adql_names import Known as Columns

MOST_CHARACTERS = 12_000
"""Longest example, its instructions included [characters]."""
MOST_ANSWER = 3_000
"""Longest answer [characters]."""

_LEAST_ANSWER = 20
_PNG = b"\x89PNG\r\n\x1a\n"
_FEW_WORDS = 12
_LEAST_PNG = 5_000  # bytes; an empty pair of axes of this size takes less
_WORDS = frozenset(
    {"a", "an", "the", "of", "is", "are", "was", "in", "on", "at", "it", "to", "and", "for", "with",
     "by", "as", "from", "has", "have", "that", "this", "not", "no", "there", "which", "one",
     "between", "within", "you", "i", "me", "my", "what", "how"}
)  # fmt: skip
_LEAST_WORDS = 0.10
_BLEMISHES = re.compile(
    r"\b(?:None|nan|null|NaN|undefined)\b|[{}]|  +\S|<<|>>|(?<!\.)\.\.(?=\s|$)|,,|\( "
)
_ENDS = (".", "?", "!", "```", ">", ":")


@dataclass(frozen=True, slots=True)
class Ground:
    """What the gates hold an example against."""

    specs: Mapping[str, ToolSpec]
    """Tools by name."""
    columns: Mapping[str, Columns]
    """Columns by table, by service."""
    execute: Callable[[str], CodeRun]
    """Runs a block of Python that no run is known of."""


def schema(example: Example, _ground: Ground) -> str:
    """Refuse turns out of order: instructions, question, calls with their results, answer."""
    roles = [one.role for one in example.messages]
    if roles[:2] != ["system", "user"] or roles[-1] != "assistant" or "system" in roles[1:]:
        return f"the roles are {', '.join(roles)}"
    if any(not one.content.strip() for one in example.messages):
        return "a message is empty"
    for before, after in zip(example.messages, example.messages[1:], strict=False):
        calls = before.role == "assistant" and bool(CALL.search(before.content))
        if calls != (after.role == "tool"):
            return f"a message of the role {before.role} is followed by one of {after.role}"
        if before.role == after.role:
            return f"two messages of the role {after.role} follow one another"
    wished = len(example.calls())
    if wished != len(example.runs):
        return f"{wished} calls were wished for and {len(example.runs)} were run"
    return ""


def length(example: Example, _ground: Ground) -> str:
    """Refuse what is too long to be learned whole, and answers that are hardly one."""
    whole = sum(len(one.content) for one in example.messages)
    if whole > MOST_CHARACTERS:
        return f"it has {whole} characters; {MOST_CHARACTERS} are allowed"
    for answer in example.said():
        if not _LEAST_ANSWER <= len(answer) <= MOST_ANSWER:
            return f"an answer has {len(answer)} characters"
    return ""


def language(example: Example, _ground: Ground) -> str:
    """Refuse what is not English prose: open slots, values that are missing, loose ends."""
    for text in map(plain, [*example.asked(), *example.said()]):
        if found := _BLEMISHES.search(text):
            return f"{found[0].strip()!r} stands in {text[:60]!r}"
        if not text.rstrip().endswith(_ENDS) and text not in example.asked():
            return f"an answer ends in {text[-20:]!r}"
    words = re.findall(r"[a-z']+", "\n".join(map(plain, example.said())).lower())
    if len(words) > _FEW_WORDS and _share(words) < _LEAST_WORDS:
        return "an answer has hardly an English word"
    return ""


def _share(words: list[str]) -> float:
    """Return how many words are such as every English text has."""
    return sum(word in _WORDS for word in words) / len(words)


def tools(example: Example, ground: Ground) -> str:
    """Refuse calls of tools that do not exist, or that are not those which were run."""
    for text, run in zip(example.calls(), example.runs, strict=True):
        try:
            call = json.loads(text)
            name, arguments = call["name"], call["arguments"]
        except (ValueError, KeyError, TypeError):
            return f"a call is not JSON with name and arguments: {text[:60]}"
        if name not in ground.specs:
            return f"there is no tool {name!r}"
        unknown = set(arguments) - set(ground.specs[name].parameters["properties"])
        if unknown:
            return f"{name} has no argument {', '.join(sorted(unknown))}"
        if (name, arguments) != (run.call.tool, run.call.arguments):
            return f"the call of {name} is not the one that was run"
    answers = [one.content for one in example.messages if one.role == "tool"]
    for run in example.runs:
        outcome = run.result.text if run.result else run.error
        if not any(outcome in answer for answer in answers):
            return f"the result of {run.call.tool} is not the one that came"
    return ""


def adql(example: Example, ground: Ground) -> str:
    """Refuse queries that do not parse, name what is not there, or failed."""
    refused: list[str] = []
    queries: set[str] = set()
    for run in example.runs:
        query = run.call.arguments.get("query")
        if run.call.tool != "run-adql" or not isinstance(query, str):
            continue
        service = str(run.call.arguments.get("service", "gaia"))
        fault = _query_fault(query, ground, service)
        if fault and (run.result is not None or run is example.runs[-1]):
            return fault
        if run.result is None:
            refused.append(f"the query failed: {run.error}")
        else:
            queries.add(query)
    # A query that failed is part of an example only where a right one, or another way, follows.
    if refused and not queries and example.runs[-1].result is None:
        return refused[0]
    shown = [query for answer in example.said() for query in QUERY.findall(answer)]
    return next((f"{one[:60]!r} was not run" for one in shown if one not in queries), "")


def _query_fault(query: str, ground: Ground, service: str) -> str:
    try:
        check(query, ground.columns.get(service))
    except ValueError as error:
        return str(error)
    return ""


def python(example: Example, ground: Ground) -> str:
    """Refuse blocks that are not Python, name what does not exist, fail, or print otherwise."""
    runs = {one.source: one for one in example.codes}
    everything = {name: of for one in ground.columns.values() for name, of in one.items()}
    for answer in example.said():
        for source in CODE.findall(answer):
            if fault := fault_in(source, everything):
                return fault
            run = runs.get(source) or ground.execute(source)
            if run.error:
                return f"a block failed: {run.error}"
            if not run.printed.strip() and not run.drawings:
                return "a block prints and draws nothing"
    return ""


def plots(example: Example, _ground: Ground) -> str:
    """Refuse plots without units, or that do not show what they should."""
    drawn = [one for code in example.codes for one in code.drawings]
    for one in drawn:
        if not one.x or not one.y:
            return "an axis of a plot has no label"
        if one.points == 0:
            return "a plot shows nothing"
    missing = [one for one in example.drawings if one not in drawn]
    if missing:
        return f"a plot shows {drawn or 'nothing'} where {missing[0]} is meant"
    return next(filter(None, map(_picture_fault, example.runs)), "")


def _picture_fault(run: ToolRun) -> str:
    result = run.result
    if result is None or not run.call.tool.startswith("plot-"):
        return ""
    pictures = [one for one in result.artifacts if one.media_type == "image/png"]
    if not pictures:
        return f"{run.call.tool} made no picture"
    content = Path(pictures[0].path).read_bytes()
    if not content.startswith(_PNG) or len(content) < _LEAST_PNG:
        return f"the picture of {run.call.tool} is empty"
    tables = [one for one in result.artifacts if one.media_type == "text/csv"]
    return "" if tables else f"{run.call.tool} left no table behind its picture"


def numbers(example: Example, _ground: Ground) -> str:
    """Refuse numbers in an answer that are neither of a run nor of a question."""
    results = [run.result for run in example.runs if run.result]
    texts = [*example.asked(), *(one.text for one in results), *(run.error for run in example.runs)]
    texts += [warning for one in results for warning in one.warnings]
    texts += [text for code in example.codes for text in (code.source, code.printed)]
    texts += [json.dumps(run.call.arguments) for run in example.runs]
    known = Known(texts, [one.data for one in results])
    for answer in example.said():
        if unknown := unknown_numbers(plain(answer), known):
            return f"no run gave the number {unknown[0]}"
    return ""


def citations(example: Example, _ground: Ground) -> str:
    """Refuse quotes that do not stand in the result they name, and answers that quote nothing."""
    runs = {run.call.id: run for run in example.runs}
    for answer in example.said():
        for id_, quote in CITE.findall(answer):
            run = runs.get(id_)
            if run is None or run.result is None:
                return f"{id_} is cited, which has no result"
            if find_verbatim(quote, run.result.text) is None:
                return f"{id_} does not say {quote[:60]!r}"
        for entry in ENTRY.findall(answer):
            is_said = any(run.result and entry in run.result.text for run in example.runs)
            if not is_said or not _is_whole(entry):
                return f"no result has the whole entry {entry[:40]!r}"
    is_backed = any(CITE.search(one) or CODE.search(one) for one in example.said())
    is_silent = any("<not-found/>" in one or "<ask-back/>" in one for one in example.said())
    succeeded = any(run.result for run in example.runs)
    if succeeded and not is_backed and not is_silent:
        return "nothing is cited"
    return ""


def _is_whole(entry: str) -> bool:
    """Tell whether an entry of BibTeX closes the brackets that it opens."""
    return entry.rstrip().endswith("}") and entry.count("{") == entry.count("}")


Gate = Callable[[Example, Ground], str]
GATES: Mapping[str, Gate] = {
    one.__name__: one
    for one in (schema, length, language, tools, adql, python, plots, numbers, citations)
}
"""By name, in the order in which they are asked."""


def pass_gates(example: Example, ground: Ground) -> None:
    """Raise RefusedError with the first gate that refuses an example, and why."""
    for name, gate in GATES.items():
        if reason := gate(example, ground):
            raise RefusedError(reason, gate=name)
