"""Our own engine in the form of a completion: its words, its sources, calls for the client."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from fastapi import Request

from skywright.api.chat_events import Say, told, watch
from skywright.api.chat_routes import session_of
from skywright.api.completions_schemas import CompletionMessage, CompletionRequest
from skywright.api.services import caller_of, services_of
from skywright.errors import InputError
from skywright.security.permissions import Permission

if TYPE_CHECKING:
    from skywright.assistant.engine.model import Turn
    from skywright.assistant.session import Aside, Session

_LONGEST_QUOTE = 300


async def engine_says(request: Request, asked: CompletionRequest) -> AsyncGenerator[Say, None]:
    """Return the words of our engine, with its sources at their end, or calls for the client.

    Raises
    ------
    InputError
        If the messages make no question, or results come where no language model reads them.
    """
    services = services_of(request)
    caller = caller_of(request, Permission.PREDICT)
    session = await services.work.call_long(session_of, services, caller)
    asking = _asking(session, asked)

    def make() -> Iterator[Say]:
        for event in asking.events:
            yield event.kind, event.model_dump(mode="json", exclude={"kind"})

    events = told(make, asking.stop.set)
    heard = events if asked.stream else _while_heard(request, events, asking)
    return _in_words(heard, asked)


def _asking(session: Session, asked: CompletionRequest) -> Aside:
    from skywright.assistant.engine.model import Asked
    from skywright.assistant.session import Brought
    from skywright.assistant.tools.running import ToolSpec

    turns = _turns(asked.messages)
    place = max((k for k, one in enumerate(turns) if isinstance(one, Asked)), default=None)
    last = asked.messages[-1]
    if place is None or not (last.role == "tool" or (last.role == "user" and last.text.strip())):
        message = "messages must end with a question of the role user, or with results of tools."
        raise InputError(message)
    question, since = turns[place], tuple(turns[place + 1 :])
    if since and not session.has_language_model:
        message = "messages must end with a question: the rules read no results of other tools."
        raise InputError(message, hint="Set SKYWRIGHT_LANGUAGE_MODEL to a language model.")
    tools = tuple(
        ToolSpec(one["name"], one["name"], one.get("description") or "", _schema(one))
        for one in asked.functions
    )
    system = (one.text for one in asked.messages if one.role in {"system", "developer"})
    brought = Brought(
        tools if session.has_language_model else (), since, tuple(one for one in system if one)
    )
    assert isinstance(question, Asked)  # noqa: S101  (so it was found)
    return session.aside(question.text, turns[:place], brought)


def _schema(function: dict[str, Any]) -> dict[str, Any]:
    return function.get("parameters") or {"type": "object", "properties": {}}


def _turns(messages: Sequence[CompletionMessage]) -> list[Turn]:
    """Return a conversation as our turns; each result has to belong to a call right before it."""
    from skywright.assistant.engine.model import Asked, Called, Replied, Returned
    from skywright.assistant.messages import Answer

    turns: list[Turn] = []
    for number, one in enumerate(messages):
        before = turns[-1] if turns else None
        if one.role == "user" and one.text.strip():
            turns.append(Asked(one.text))
        elif one.role == "assistant" and one.tool_calls:
            turns.append(Called(tuple(_call(number, call) for call in one.tool_calls), one.text))
        elif one.role == "assistant" and one.text:
            turns.append(Replied(Answer(text=one.text)))
        elif one.role == "tool":
            runs = before.runs if isinstance(before, Returned) else ()
            called = turns[-2] if runs else before
            run = _run(number, one, called.calls if isinstance(called, Called) else ())
            turns[len(turns) - bool(runs) :] = [Returned((*runs, run))]
    _check_results(turns)
    return turns


def _check_results(turns: Sequence[Turn]) -> None:
    from skywright.assistant.engine.model import Called, Returned

    for turn, after in pairwise([*turns, None]):
        calls = turn.calls if isinstance(turn, Called) else ()
        told = {run.call.id for run in after.runs} if isinstance(after, Returned) else set()
        missing = next((one.id for one in calls if one.id not in told), None)
        if missing is not None:
            message = f"messages has no result of the call {missing!r}."
            raise InputError(message, hint="Send a message of the role tool for each call.")


def _call(number: int, given: dict[str, Any]) -> Any:
    from skywright.assistant.engine.written_calls import arguments_of
    from skywright.assistant.messages import ToolCall

    function = given.get("function")
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        message = f"messages[{number}].tool_calls has a call without function.name."
        raise InputError(message)
    arguments = arguments_of(function.get("arguments"))
    return ToolCall(id=str(given.get("id") or ""), tool=function["name"], arguments=arguments)


def _run(number: int, told: CompletionMessage, calls: Sequence[Any]) -> Any:
    from skywright.assistant.messages import ToolResult, ToolRun
    from skywright.assistant.tools.bounding import bounded

    call = next((one for one in calls if one.id == told.tool_call_id), None)
    if call is None:
        message = (
            f"messages[{number}].tool_call_id = {str(told.tool_call_id)[:80]!r} belongs to no call "
            "of the message of the assistant before it."
        )
        raise InputError(message)
    return ToolRun(call=call, result=bounded(ToolResult(text=told.text or "Nothing.")))


async def _while_heard(
    request: Request, events: AsyncGenerator[Say, None], asking: Aside
) -> AsyncGenerator[Say, None]:
    """Stop the answer where the client of a whole one is gone."""
    gone = asyncio.ensure_future(watch(request, asking.stop.set))
    try:
        async with aclosing(events) as every:
            async for say in every:
                yield say
    finally:
        gone.cancel()


async def _in_words(
    events: AsyncGenerator[Say, None], asked: CompletionRequest
) -> AsyncGenerator[Say, None]:
    """Reduce events to text, calls, usage, and an error; sources are numbered at the end."""
    theirs = {one["name"] for one in asked.functions}
    calls: list[dict[str, Any]] = []
    async with aclosing(events) as every:
        async for kind, data in every:
            if kind == "token":
                yield "text", data["text"]
            elif kind == "tool_call" and data["call"]["tool"] in theirs:
                calls.append(_told_call(data["call"]))
            elif kind in {"usage", "error", ""}:
                yield kind, data
            elif kind == "done" and data["answer"]["citations"]:
                yield "text", "\n\nSources:\n" + "\n".join(_sources(data["answer"]["citations"]))
    if calls:
        yield "calls", calls[:1] if asked.parallel_tool_calls is False else calls


def _told_call(call: dict[str, Any]) -> dict[str, Any]:
    arguments = json.dumps(call["arguments"], ensure_ascii=False)
    function = {"name": call["tool"], "arguments": arguments}
    return {"id": f"call_{secrets.token_hex(8)}", "type": "function", "function": function}


def _sources(citations: list[dict[str, Any]]) -> Iterator[str]:
    for number, one in enumerate(citations, start=1):
        quote = " ".join(one["quote"].split())
        yield f'[{number}] {one["title"]}: "{quote[:_LONGEST_QUOTE]}"'
