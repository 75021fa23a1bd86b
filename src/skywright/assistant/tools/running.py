"""Run a tool by its name: check the arguments, bound time and size, say in a sentence what failed.

The tools are those of the entry points ``skywright.tools``: ours that take a `Desk`, and plain
functions of any package, whose results are put into words here.
"""

from __future__ import annotations

import contextvars
import difflib
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from skywright.assistant.messages import ToolCall, ToolResult, ToolRun
from skywright.assistant.tools.bounding import bounded
from skywright.assistant.tools.desk import Desk, StoppedError
from skywright.assistant.tools.signatures import Signature, signature_of
from skywright.assistant.tools.wrapping import target_of, wrapped
from skywright.errors import InputError, NotFoundError, SkywrightError
from skywright.foundry.tool import Tool, tool_named, tool_names
from skywright.logs import get_logger

MOST_S = 120.0
"""Longest time that a tool may take [s]."""

_GRACE_S = 2.0  # for a tool that was told to stop, to end by itself
_LOOK_EVERY_S = 0.05
_log = get_logger("skywright.tools")


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """What a caller must know of a tool."""

    name: str
    """Name of the entry point."""
    title: str
    """What it does, in one line."""
    description: str
    """What it does, in full."""
    parameters: Mapping[str, Any]
    """JSON schema of the arguments, an object."""


def spec_named(name: str) -> ToolSpec:
    """Describe one tool; raises NotFoundError with the nearest names, InputError if it is none."""
    tool, signature = _found(name)
    return ToolSpec(name, tool.title, signature.description, signature.schema())


def specs() -> list[ToolSpec]:
    """Describe every installed tool, by name; one that cannot be read is left out and logged."""
    described = []
    for name in tool_names():
        try:
            described.append(spec_named(name))
        except (SkywrightError, ImportError, AttributeError) as error:
            _log.warning("tool_left_out", tool=name, reason=str(error))
    return described


def run(call: ToolCall, desk: Desk, *, most_s: float = MOST_S) -> ToolRun:
    """Run a tool; whatever happens, it is told in the answer and never raised.

    Parameters
    ----------
    call : ToolCall
        The tool and its arguments.
    desk : Desk
        Where it works. Tables and the target change only if the tool succeeds.
    most_s : float
        Longest time [s]; the tool is then told to stop, and left alone if it does not.
    """
    started = time.perf_counter()
    result, error, code = None, "", ""
    try:
        tool, signature = _found(call.tool)
        arguments = checked(call.tool, signature, call.arguments)
        result = _run(tool, signature, arguments, desk, most_s)
    except SkywrightError as failure:
        error, code = str(failure), failure.code
    except Exception as failure:  # a fault of the tool must not end the conversation
        _log.exception("tool_failed", tool=call.tool)
        error = f"The tool {call.tool} failed: {type(failure).__name__}: {failure}."
        code = "failed"
    seconds = round(time.perf_counter() - started, 3)
    return ToolRun(call=call, result=result, error=error, error_code=code, seconds=seconds)


def checked(name: str, signature: Signature, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments in the types of the function.

    Raises
    ------
    InputError
        If one is missing, unknown or out of range; names all that are wrong.
    """
    model = signature.arguments
    fields = model.model_fields
    # Language models write null for what they leave open.
    given = {
        key: value
        for key, value in arguments.items()
        if not (value is None and key in fields and not fields[key].is_required())
    }
    try:
        valid = model.model_validate(given)
    except ValidationError as error:
        told = [_said(name, one, list(fields)) for one in error.errors()[:3]]
        raise InputError(" ".join(told)) from error
    return {key: getattr(valid, key) for key in fields}


def _found(name: str) -> tuple[Tool, Signature]:
    names = tool_names()
    if name not in names:
        near = difflib.get_close_matches(name.replace("_", "-"), names, n=3, cutoff=0.5)
        message = f"There is no tool {name!r}."
        hint = f"Near it: {', '.join(near)}." if near else f"There are {', '.join(names)}."
        raise NotFoundError(message, hint=hint)
    tool = tool_named(name)
    return tool, signature_of(tool.call)


def _said(name: str, error: Mapping[str, Any], fields: list[str]) -> str:
    where = ".".join(map(str, error["loc"])) or "arguments"
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(where, fields, n=1)
        hint = f"did you mean {near[0]}?" if near else f"it takes {', '.join(fields) or 'none'}."
        return f"{name} has no argument {where!r}; {hint}"
    if error["type"] == "missing":
        return f"{name} needs the argument {where!r}."
    value = str(error.get("input"))[:60]
    words = str(error["msg"]).removeprefix("Value error, ").rstrip(".")
    return f"{where} = {value!r} of {name} is not allowed: {words}."


@dataclass(slots=True)
class _Outcome:
    value: Any = None
    error: BaseException | None = None
    done: threading.Event = field(default_factory=threading.Event)


def _run(
    tool: Tool, signature: Signature, arguments: dict[str, Any], desk: Desk, most_s: float
) -> ToolResult:
    """Run the function in a thread of its own, so that one which hangs can be left behind."""
    desk.check_stop()
    # Its own tables and stop: what is left behind can change nothing of the conversation any more.
    own = replace(desk, tables=dict(desk.tables), stop=threading.Event())
    filled = {name: _filler(name, own) for name in signature.filled}
    outcome = _Outcome()
    context = contextvars.copy_context()

    def work() -> None:
        try:
            value = context.run(tool.call, **arguments, **filled)
            own.target = target_of(value) or own.target
            outcome.value = bounded(wrapped(tool, value))
        except BaseException as error:  # raised again below, in the thread of the caller
            outcome.error = error
        finally:
            outcome.done.set()

    threading.Thread(target=work, name=f"tool-{tool.name}", daemon=True).start()
    _wait(tool.name, outcome, desk, own, most_s)
    if outcome.error is not None:
        raise outcome.error
    _hand_over(own, desk)
    result: ToolResult = outcome.value
    return result


def _hand_over(own: Desk, desk: Desk) -> None:
    for name, table in own.tables.items():
        if desk.tables.get(name) is not table:
            desk.tables.pop(name, None)  # so that the newest stands last
            desk.tables[name] = table
    desk.target = own.target


def _wait(name: str, outcome: _Outcome, desk: Desk, own: Desk, most_s: float) -> None:
    limit = time.monotonic() + most_s
    while not outcome.done.wait(_LOOK_EVERY_S):
        if desk.stop.is_set():
            _end(outcome, own)
            desk.check_stop()
        if time.monotonic() > limit:
            _end(outcome, own)
            message = f"The tool {name} was stopped after {most_s:g} s."
            raise StoppedError(message, hint="Ask for less: a smaller radius, fewer rows.")
    desk.check_stop()


def _end(outcome: _Outcome, own: Desk) -> None:
    own.stop.set()
    outcome.done.wait(_GRACE_S)


def _filler(name: str, desk: Desk) -> Any:
    fillers: dict[str, Callable[..., Any]] = {
        "progress": lambda what, done=0, of=0: desk.progress(f"{what} {done} of {of}"),
        "cancelled": desk.stop.is_set,
    }
    return fillers.get(name, desk)
