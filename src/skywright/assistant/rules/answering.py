"""Answers from what tools returned: their words, quoted, with source, time and query."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from skywright.assistant.engine.checking import LEAST_CHARACTERS
from skywright.assistant.engine.model import Piece, Quote, Stated, Verdict
from skywright.assistant.messages import Citation, Origin, ToolResult, ToolRun
from skywright.assistant.rules.plan import Plan

_MOST_LINES = 40
_NEAREST = 3

GREETING = (
    "I answer questions on the sky and on spaceflight with tools and with the documents of your "
    "knowledge base, and cite what I say. Ask for example: What are the coordinates of M31? "
    "Find Gaia sources within 5' of M13. Create a CMD for NGC 6397. Papers on JWST exoplanet "
    "atmospheres since 2023. Is Apophis dangerous? Falcon 9 launches in 2020."
)
UNCLEAR = (
    "I do not understand what you want to know. Name an object, a place, a subject or a mission, "
    "and what about it; `help` shows examples."
)


def told(plan: Plan, runs: Sequence[ToolRun]) -> Iterator[Piece]:
    """Tell what came of the calls of a plan: the last, which answers, before those it needed."""
    failure = next((run for run in runs if run.result is None), None)
    if failure:
        yield from failed(failure)
        return
    remarks = " ".join(plan.remarks)
    for run in reversed(runs):  # what was asked for first, then what it took
        if run.result:
            yield _stated(run, run.result, remarks)
            remarks = ""
    if runs and runs[-1].result and found_nothing(runs[-1].result):
        yield Verdict(is_found=False)


def failed(run: ToolRun) -> Iterator[Piece]:
    """Tell that a call failed: nothing is said in its place."""
    yield Stated(f"{run.error} ")
    yield Verdict(is_found=False)


def not_installed(tool: str) -> Iterator[Piece]:
    """Tell that a tool that is needed is not there."""
    yield Stated(f"The tool {tool}, which answers this, is not installed. ")
    yield Verdict(is_found=False)


def explained(quotes: Sequence[Citation], *, is_answer: bool) -> Iterator[Piece]:
    """Tell what the knowledge base holds, in its own words; or that it does not."""
    if is_answer:
        for one in quotes:
            text = f"{_joined(one.quote)} ({one.title})\n\n"
            yield Stated(text, (Quote(one.quote, "chunk", one.id),))
        return
    yield Stated("The knowledge base holds no answer to this. ")
    nearest = {one.title: one for one in quotes[:_NEAREST]}
    if nearest:
        named = "; ".join(f"{title} ({one.source})" for title, one in nearest.items())
        backing = tuple(Quote(one.quote, "chunk", one.id) for one in nearest.values())
        yield Stated(f"Nearest to it: {named}.", backing)
    yield Verdict(is_found=False)


def _stated(run: ToolRun, result: ToolResult, remarks: str) -> Stated:
    lines = [line.rstrip() for line in result.text.splitlines() if line.strip()]
    quotes = tuple(
        Quote(line.strip(), "tool", run.call.id)
        for line in lines[:_MOST_LINES]
        if len(line.strip()) >= LEAST_CHARACTERS
    )
    said = [*lines[:_MOST_LINES]]
    if len(lines) > _MOST_LINES:
        said.append(f"{len(lines) - _MOST_LINES} more lines are in the result.")
    said += [remarks] if remarks else []
    said += [f"Note: {one}" for one in result.warnings if one not in result.text]
    said += [_source(one) for one in result.origins]
    return Stated("\n".join(said) + "\n\n", quotes)


def _source(origin: Origin) -> str:
    told = f"Source: {origin.title}"
    if origin.state not in {"", "live"}:
        told += f" ({origin.state})"
    if origin.retrieved_utc:
        told += f", {origin.retrieved_utc}"
    if origin.rows is not None:
        told += f", {origin.rows:,} row{'' if origin.rows == 1 else 's'}"
    told += "."
    return f"{told}\nQuery: {_joined(origin.query)}" if origin.query else told


def _joined(text: str) -> str:
    return " ".join(text.split())


def found_nothing(result: ToolResult) -> bool:
    """Tell whether a search came back without a row."""
    counts = [one.rows for one in result.origins if one.rows is not None]
    return bool(counts) and counts[0] == 0
