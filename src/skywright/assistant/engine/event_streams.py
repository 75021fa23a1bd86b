"""Answers over HTTP that arrive as server-sent events, or whole where a server sends no events."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx

_BEGINNINGS = (b"data:", b"event:", b":")


async def values_of(reply: httpx.Response) -> AsyncIterator[bytes]:
    """Yield the data of each event as it comes, or the whole body if it holds no events."""
    events = EventReader()
    is_stream = "event-stream" in reply.headers.get("content-type", "")
    whole = bytearray()
    async for part in reply.aiter_bytes():
        is_stream = is_stream or (not whole and part.lstrip().startswith(_BEGINNINGS))
        if not is_stream:
            whole += part
            continue
        for one in events.feed(part):
            yield one
    for one in events.feed(b"\n\n"):
        yield one
    if whole:
        yield bytes(whole)


class EventReader:
    """Reads server-sent events; lines end where the protocol says, and nowhere within a text."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[bytes] = []

    def feed(self, part: bytes) -> Iterator[bytes]:
        """Read some more and yield the data of the events that are complete."""
        *lines, self._rest = (self._rest + part).split(b"\n")
        for line in lines:
            words = line.removesuffix(b"\r")
            if words.startswith(b"data:"):
                self._data.append(words[5:].removeprefix(b" "))
            elif not words and self._data:
                yield b"\n".join(self._data)
                self._data = []
