"""Where a completion ends before its writer has said all: at a text, or at a number of tokens."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from skywright.api.chat_events import Say

_CHARACTERS_A_TOKEN = 4  # what a token of English text has on average


class Ending:
    """Lets text pass up to its end.

    Parameters
    ----------
    stops : sequence of str
        Texts before which it ends.
    most_tokens : int, optional
        Longest text; a token counts as four characters, since the rules have none.
    """

    def __init__(self, stops: Sequence[str] = (), most_tokens: int | None = None) -> None:
        self.reason = ""
        """``stop`` or ``length`` once the end is reached."""
        self._stops = stops
        self._left = None if most_tokens is None else most_tokens * _CHARACTERS_A_TOKEN
        self._keep = max(map(len, stops), default=1) - 1
        self._held = ""

    def feed(self, text: str) -> str:
        """Return what of the text so far may be said; its last signs may begin a stop."""
        self._held += text
        places = [place for place in map(self._held.find, self._stops) if place >= 0]
        if places:
            ready, self._held, self.reason = self._held[: min(places)], "", "stop"
        else:
            split = max(0, len(self._held) - self._keep)
            ready, self._held = self._held[:split], self._held[split:]
        return self._cut(ready)

    def rest(self) -> str:
        """Return what was held back."""
        ready, self._held = self._held, ""
        return self._cut(ready)

    def _cut(self, ready: str) -> str:
        if self._left is None:
            return ready
        if len(ready) > self._left:
            ready, self._held, self.reason = ready[: self._left], "", "length"
        self._left -= len(ready)
        return ready


async def ended_early(said: AsyncGenerator[Say, None], ending: Ending) -> AsyncGenerator[Say, None]:
    """Pass on what is said up to its end, which stops whoever says it."""
    async with aclosing(said) as every:
        async for kind, data in every:
            if not kind:  # a pause
                yield kind, data
                continue
            ready = ending.feed(data) if kind == "text" else ending.rest()
            if ready:
                yield "text", ready
            if ending.reason:
                yield "ended", ending.reason
                return
            if kind != "text":
                yield kind, data
    if ready := ending.rest():
        yield "text", ready
    if ending.reason:
        yield "ended", ending.reason
