"""Small requests that arrive while a prediction runs are answered together by the next one.

No timer and no added wait: an idle server answers at once, a busy one does the fixed work of a call
once for all who wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

Rows = list[dict[str, Any]]
_MOST_ROWS = 1000


class Batcher:
    """Collects calls of one function from a list of rows to a list of answers."""

    def __init__(self, run: Callable[[Rows], Awaitable[Rows]]) -> None:
        self._run = run
        self._waiting: list[tuple[Rows, asyncio.Future[Rows]]] = []
        self._busy: asyncio.Task[None] | None = None

    async def __call__(self, rows: Rows) -> Rows:
        """Return the answers to ``rows``; an error in them is raised for this caller only."""
        future: asyncio.Future[Rows] = asyncio.get_running_loop().create_future()
        self._waiting.append((rows, future))
        if self._busy is None or self._busy.done():
            self._busy = asyncio.ensure_future(self._drain())
        return await future

    async def _drain(self) -> None:
        while self._waiting:
            batch = self._take()
            try:
                answers = await self._run([row for rows, _ in batch for row in rows])
            except Exception as error:
                await self._one_by_one(batch, error)
                continue
            first = 0
            for rows, future in batch:
                if not future.done():
                    future.set_result(answers[first : first + len(rows)])
                first += len(rows)

    def _take(self) -> list[tuple[Rows, asyncio.Future[Rows]]]:
        """Take waiting calls up to a number of rows, at least one."""
        total = count = 0
        for rows, _ in self._waiting:
            if count and total + len(rows) > _MOST_ROWS:
                break
            total += len(rows)
            count += 1
        batch, self._waiting = self._waiting[:count], self._waiting[count:]
        return batch

    async def _one_by_one(
        self, batch: list[tuple[Rows, asyncio.Future[Rows]]], error: Exception
    ) -> None:
        """Find out whose rows were at fault, so that the others get their answers."""
        for rows, future in batch:
            try:
                if len(batch) == 1:
                    raise error
                result = await self._run(rows)
            except Exception as own:
                if not future.done():
                    future.set_exception(own)
            else:
                if not future.done():
                    future.set_result(result)
