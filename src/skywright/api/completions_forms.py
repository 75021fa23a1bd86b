"""The two forms of a completion: one object, or chunks as server-sent events."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

from fastapi import Response

from skywright.api.answers import answer, error_body, json_bytes
from skywright.api.chat_events import Say

_DELTAS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "text": lambda words: {"content": words},
    "calls": lambda made: {"tool_calls": [{"index": k, **one} for k, one in enumerate(made)]},
}


async def whole(head: dict[str, Any], said: AsyncGenerator[Say, None]) -> Response:
    """Return a completion as one object, or what went wrong."""
    text, calls, usage, reason = "", [], [0, 0], "stop"
    async with aclosing(said) as every:
        async for kind, data in every:
            if kind == "text":
                text += data
            elif kind == "calls":
                calls, reason = data, "tool_calls"
            elif kind == "usage":
                usage = [usage[0] + data["input_tokens"], usage[1] + data["output_tokens"]]
            elif kind == "ended":
                reason = data
            elif kind == "error":
                status = 422 if data["code"] == "invalid_input" else 502
                return answer(error_body(data["code"], data["message"], data["hint"]), status)
    message: dict[str, Any] = {"role": "assistant", "content": text or None, "refusal": None}
    if calls:
        message["tool_calls"] = calls
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reason}
    body = {"object": "chat.completion", **head, "choices": [choice], "usage": _usage(usage)}
    return answer(body)


async def chunks(
    head: dict[str, Any], said: AsyncGenerator[Say, None], *, with_usage: bool
) -> AsyncIterator[bytes]:
    """Yield a completion as it is made; the last chunk has the usage where it is wanted."""
    usage, reason = [0, 0], "stop"
    head = {"object": "chat.completion.chunk", **head, **({"usage": None} if with_usage else {})}
    yield _chunk(head, {"role": "assistant", "content": ""})
    async with aclosing(said) as every:
        async for kind, data in every:
            if kind == "error":
                yield b"data: " + json_bytes(error_body(**data)) + b"\n\n"
                return
            if kind == "usage":
                usage = [usage[0] + data["input_tokens"], usage[1] + data["output_tokens"]]
            elif kind in {"calls", "ended"}:
                reason = "tool_calls" if kind == "calls" else data
            if not kind:
                yield b": still here\n\n"
            elif kind in _DELTAS:
                yield _chunk(head, _DELTAS[kind](data))
    yield _chunk(head, {}, reason)
    if with_usage:
        last = {**head, "choices": [], "usage": _usage(usage)}
        yield b"data: " + json_bytes(last) + b"\n\n"
    yield b"data: [DONE]\n\n"


def _chunk(head: dict[str, Any], delta: dict[str, Any], reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
    value = {**head, "choices": [choice]}
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"


def _usage(counted: list[int]) -> dict[str, int]:
    put_in, put_out = counted
    return {
        "prompt_tokens": put_in,
        "completion_tokens": put_out,
        "total_tokens": put_in + put_out,
    }
