"""Services of language models on loopback: they speak the dialects and say what a test wrote.

OpenAI's chat completions (Ollama's too, with its habits), Anthropic's messages, Bedrock's
Converse and ConverseStream. One step of a script is one answer, whatever the dialect.
"""

import json
import re
import struct
import threading
import zlib
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Step:
    """What the service does when it is asked the next time."""

    text: tuple[str, ...] = ()
    calls: tuple[tuple[str, dict | str], ...] = ()
    status: int = 200
    error: str = ""
    headers: dict = field(default_factory=dict)
    is_cut: bool = False
    waits: threading.Event | None = None
    reason: str = ""
    habit: str = ""
    """How a server of OpenAI's dialect departs from it; see `_shaped`."""


class Service:
    """What was asked, and what is said next."""

    def __init__(self, dialect: str, steps):
        self.dialect = dialect
        self.steps = list(steps)
        self.asked: list[dict] = []
        self.paths: list[str] = []
        self.headers: list[dict] = []
        self.url = ""

    def next_step(self) -> Step:
        return self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]


@contextmanager
def speaking(dialect: str, *steps: Step):
    """Run a service for the time of the block; the last step is repeated."""
    service = Service(dialect, steps)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # headers and content go apart: no wait between them

        def log_message(self, *parts):
            pass

        def do_POST(self):
            length = int(self.headers["Content-Length"])
            service.asked.append(json.loads(self.rfile.read(length)))
            service.paths.append(self.path)
            service.headers.append({name.lower(): one for name, one in self.headers.items()})
            _answer(self, service)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    service.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _answer(handler, service):
    step = service.next_step()
    if step.status != 200:
        body = json.dumps(_ERRORS[service.dialect](step)).encode()
        if step.habit == "a page":
            body = b"<html>Not here</html>"
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        if service.dialect == "bedrock":
            headers["x-amzn-ErrorType"] = step.headers.get("error-type", "ValidationException")
        _send(handler, step.status, headers | step.headers, [body])
        return
    is_whole = service.paths[-1].endswith("/converse")
    if is_whole:
        kind, frames = "application/json", [json.dumps(_whole_bedrock(step)).encode()]
    elif service.dialect in _OF_OPENAI and not service.asked[-1].get("stream"):
        kind, frames = _whole_openai(step)
    else:
        kind, frames = _DIALECTS[service.dialect](step)
    handler.close_connection = True
    _send(handler, 200, {"Content-Type": kind, "Connection": "close"}, frames, step)


def _send(handler, status, headers, frames, step=Step()):
    handler.send_response(status)
    chunked = "Content-Length" not in headers
    for name, value in headers.items():
        handler.send_header(name, value)
    if chunked:
        handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    frames = frames[: max(2, len(frames) // 2)] if step.is_cut else frames
    try:
        for number, frame in enumerate(frames):
            if number == 2 and step.waits:
                step.waits.wait(10)
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(frame), frame) if chunked else frame)
            handler.wfile.flush()
        if chunked and not step.is_cut:
            handler.wfile.write(b"0\r\n\r\n")
    except (BrokenPipeError, ConnectionResetError):
        pass


def _arguments(given) -> str:
    return given if isinstance(given, str) else json.dumps(given)


def _openai(step: Step):
    deltas = [{"role": "assistant", "content": ""}, *({"content": one} for one in step.text)]
    for index, (name, given) in enumerate(step.calls):
        text = _arguments(given)
        size = 3 if step.habit == "fragments" else len(text) // 2 or 1
        parts = [text[k : k + size] for k in range(0, len(text), size)] or [""]
        call = {"index": index, "id": f"call_{index}", "type": "function",
                "function": {"name": name, "arguments": parts[0]}}  # fmt: skip
        deltas.append({"tool_calls": [call]})
        deltas += [
            {"tool_calls": [{"index": index, "function": {"arguments": part}}]}
            for part in parts[1:]
        ]
    if step.habit == "whole":
        return _whole_openai(step)
    return _shaped(step, *_completions(deltas, _reason(step)))


def _reason(step: Step) -> str:
    return step.reason or ("tool_calls" if step.calls else "stop")


def _whole_openai(step: Step):
    """Answer as a server does that takes no notice of the wish for a stream."""
    message = {"role": "assistant", "content": "".join(step.text) or None}
    if step.calls:
        message["tool_calls"] = [
            {"id": f"call_{index}", "type": "function",
             "function": {"name": name, "arguments": _arguments(given)}}
            for index, (name, given) in enumerate(step.calls)
        ]  # fmt: skip
    usage = {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16}
    choice = {"index": 0, "message": message, "finish_reason": _reason(step)}
    body = {"id": "c1", "object": "chat.completion", "created": 1, "model": "m",
            "choices": [choice], "usage": usage}  # fmt: skip
    return "application/json", [json.dumps(body).encode()]


def _shaped(step: Step, kind: str, frames: list[bytes]):
    """Depart from the dialect in one of the ways that servers do."""
    if step.habit == "no ids":
        frames = [one.replace(b'"id": "call_', b'"no": "call_') for one in frames]
    elif step.habit == "one number":
        frames = [re.sub(rb'("tool_calls": \[\{"index": )\d+', rb"\g<1>0", one) for one in frames]
    elif step.habit == "no numbers":
        frames = [one.replace(b'"tool_calls": [{"index": ', b'"tool_calls": [{"at": ')
                  for one in frames]  # fmt: skip
    elif step.habit == "comments":
        frames = [b": still here\n\n" + one.replace(b"\n", b"\r\n") for one in frames]
    elif step.habit == "split bytes":
        whole = b"".join(frames)
        frames = [whole[k : k + 7] for k in range(0, len(whole), 7)]
    elif step.habit == "no usage":
        frames = [one for one in frames if b'"usage"' not in one]
    elif step.habit == "no done":
        frames = frames[:-1]
    elif step.habit == "no last word":
        frames = frames[:-3]
    elif step.habit == "error inside":
        frames = [*frames[:2], b'data: {"error": {"message": "%s"}}\n\n' % step.error.encode()]
    elif step.habit == "a page":
        return "text/html", [b"<!doctype html><p>Sign in</p>"]
    return kind, frames


def _ollama(step: Step):
    """As Ollama does: a call comes whole, in a chunk that has an empty content beside it."""
    deltas = [{"role": "assistant", "content": one} for one in ("", *step.text)]
    for index, (name, given) in enumerate(step.calls):
        call = {"index": index, "id": f"call_{index}x", "type": "function",
                "function": {"name": name, "arguments": _arguments(given)}}  # fmt: skip
        deltas.append({"role": "assistant", "content": "", "tool_calls": [call]})
    return _shaped(step, *_completions(deltas, _reason(step)))


def _completions(deltas, reason):
    head = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    chunks = [{"choices": [{"index": 0, "delta": one, "finish_reason": None}]} for one in deltas]
    chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
    usage = {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16}
    chunks.append({"choices": [], "usage": usage})
    told = [json.dumps(head | one, ensure_ascii=False) for one in chunks]
    frames = [f"data: {one}\n\n".encode() for one in told]
    return "text/event-stream", [*frames, b"data: [DONE]\n\n"]


def _anthropic(step: Step):
    usage = {"input_tokens": 11, "output_tokens": 1}
    message = {"id": "m1", "type": "message", "role": "assistant", "model": "m", "content": [],
               "stop_reason": None, "stop_sequence": None, "usage": usage}  # fmt: skip
    events = [{"type": "message_start", "message": message}]
    blocks = [({"type": "text", "text": ""},
               [{"type": "text_delta", "text": one} for one in step.text])]  # fmt: skip
    for number, (name, given) in enumerate(step.calls):
        start = {"type": "tool_use", "id": f"toolu_{number}", "name": name, "input": {}}
        blocks.append((start, [{"type": "input_json_delta", "partial_json": _arguments(given)}]))
    for index, (start, deltas) in enumerate(blocks):
        events.append({"type": "content_block_start", "index": index, "content_block": start})
        events += [{"type": "content_block_delta", "index": index, "delta": d} for d in deltas]
        events.append({"type": "content_block_stop", "index": index})
    reason = "tool_use" if step.calls else "end_turn"
    events.append({"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None},
                   "usage": {"output_tokens": 5}})  # fmt: skip
    events.append({"type": "message_stop"})
    frames = [f"event: {e['type']}\ndata: {json.dumps(e)}\n\n".encode() for e in events]
    return "text/event-stream", frames


def _bedrock(step: Step):
    events = [("messageStart", {"role": "assistant"})]
    deltas = [{"delta": {"text": one}, "contentBlockIndex": 0} for one in step.text]
    events += [("contentBlockDelta", one) for one in deltas]
    if step.text:
        events.append(("contentBlockStop", {"contentBlockIndex": 0}))
    for index, (name, given) in enumerate(step.calls, start=1):
        start = {"toolUse": {"toolUseId": f"tooluse_{index}", "name": name}}
        delta = {"toolUse": {"input": _arguments(given)}}
        events += [
            ("contentBlockStart", {"start": start, "contentBlockIndex": index}),
            ("contentBlockDelta", {"delta": delta, "contentBlockIndex": index}),
            ("contentBlockStop", {"contentBlockIndex": index}),
        ]
    events.append(("messageStop", {"stopReason": "tool_use" if step.calls else "end_turn"}))
    usage = {"inputTokens": 11, "outputTokens": 5, "totalTokens": 16}
    events.append(("metadata", {"usage": usage, "metrics": {"latencyMs": 1}}))
    frames = [_event_frame(kind, json.dumps(value).encode()) for kind, value in events]
    return "application/vnd.amazon.eventstream", frames


def _whole_bedrock(step: Step):
    content = [{"text": one} for one in step.text]
    for index, (name, given) in enumerate(step.calls):
        content.append({"toolUse": {"toolUseId": f"t{index}", "name": name, "input": given}})
    return {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": "tool_use" if step.calls else "end_turn",
        "usage": {"inputTokens": 11, "outputTokens": 5, "totalTokens": 16},
        "metrics": {"latencyMs": 1},
    }


def _event_frame(kind: str, payload: bytes) -> bytes:
    """Encode one message of ``application/vnd.amazon.eventstream``."""
    headers = b""
    told = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    for name, value in told.items():
        headers += struct.pack("!B", len(name)) + name.encode()
        headers += struct.pack("!BH", 7, len(value)) + value.encode()
    prelude = struct.pack("!II", 16 + len(headers) + len(payload), len(headers))
    frame = prelude + struct.pack("!I", zlib.crc32(prelude)) + headers + payload
    return frame + struct.pack("!I", zlib.crc32(frame))


_DIALECTS: dict[str, Callable] = {
    "openai-compatible": _openai,
    "openai-http": _openai,
    "local": _openai,
    "ollama": _ollama,
    "anthropic": _anthropic,
    "bedrock": _bedrock,
}
_OPENAI_ERROR = lambda step: {"error": {"message": step.error, "type": "x", "code": step.status}}  # noqa: E731
_ERRORS: dict[str, Callable] = {
    "openai-compatible": _OPENAI_ERROR,
    "openai-http": _OPENAI_ERROR,
    "local": _OPENAI_ERROR,
    "ollama": _OPENAI_ERROR,
    "anthropic": lambda step: {
        "type": "error",
        "error": {"type": "invalid_request_error", "message": step.error},
    },
    "bedrock": lambda step: {"message": step.error},
}
_OF_OPENAI = frozenset(one for one, told in _ERRORS.items() if told is _OPENAI_ERROR)
