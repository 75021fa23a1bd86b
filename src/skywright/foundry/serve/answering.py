"""From a request to an answer: check, route, ask the model, look at the text, put it on record.

Models run in threads, so nothing here blocks the event loop; single requests that wait for the same
version share a call.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from skywright.foundry.serve.asking import Asking
from skywright.foundry.serve.batching import Rows
from skywright.foundry.serve.cache import ResultCache
from skywright.foundry.serve.choosing import Ask, Call, Chooser, Chosen
from skywright.foundry.serve.endpoint import Endpoints
from skywright.foundry.serve.filter import (
    FilteredError,
    judged_rows,
    screened,
    without_personal,
)
from skywright.foundry.serve.prediction_log import shadow_id
from skywright.foundry.serve.quotas import Quotas
from skywright.foundry.serve.recording import Recorder, Said
from skywright.foundry.serve.routing import CHALLENGER, CHAMPION, SHADOW
from skywright.foundry.serve.rows import Sorted, checked_row, refuse_too_many, sorted_rows
from skywright.logs import get_logger

_MOST_SHADOWS = 64
_log = get_logger("skywright.serve")


@dataclass(frozen=True, slots=True)
class Parts:
    """What answering works with."""

    endpoints: Endpoints
    """The views."""
    recorder: Recorder
    """Takes in what requests leave behind."""
    quotas: Quotas
    """Counts rows of callers."""
    most_rows: int
    """Most rows of one request."""


@dataclass(slots=True)
class _Given:
    """A request under way."""

    ask: Ask
    chosen: Chosen
    started: float
    outputs: Rows = field(default_factory=list)

    @property
    def ms(self) -> float:
        return (time.perf_counter() - self.started) * 1e3

    @property
    def head(self) -> dict[str, Any]:
        opened = self.chosen.opened
        return {"model": opened.name, "version": opened.version, "variant": self.chosen.variant}


class Answering:
    """Answers requests.

    Parameters
    ----------
    parts : Parts
        What it works with.
    quick, slow : Call
        Pools for answers of milliseconds and of seconds.
    """

    def __init__(self, parts: Parts, quick: Call, slow: Call) -> None:
        self._parts = parts
        self._quick = quick
        self._recorder = parts.recorder
        self._chooser = Chooser(parts.endpoints, quick, slow)
        self._asking = Asking(parts.recorder.figures, quick, slow)
        self._shadows: set[asyncio.Task[None]] = set()

    async def one(self, ask: Ask, row: Any) -> dict[str, Any]:
        """Answer one row.

        Raises
        ------
        InputError
            If the row does not fit the signature.
        NotFoundError, NoContractError
            If there is no such model, or it does not answer rows.
        FilteredError
            If the content filter refuses a text.
        QuotaError
            If the caller's rows of the day are used up.
        """
        given = _Given(ask, await self._chooser.choose(ask), time.perf_counter())
        fit = checked_row(given.chosen.signature, row)
        shown = await self._screened(given.chosen, [fit], "inputs")
        self._parts.quotas.take(ask.caller, 1)
        await self._answer(given, [fit])
        outputs = await self._screened(given.chosen, given.outputs, "the answer")
        said = Said(shown, outputs, given.ms)
        ids = self._recorder.answered(ask, given.chosen, said)
        if given.chosen.shadowed:
            self._begin_shadow(given, fit, shown, ids[0])
        told = {"prediction_id": ids[0], "output": outputs[0], "latency_ms": round(said.ms, 3)}
        return {**given.head, **told}

    async def many(self, ask: Ask, rows: Sequence[Any]) -> dict[str, Any]:
        """Answer many rows; those that do not fit are told by their place, the others answered.

        Raises like `one`, but for rows that do not fit, and TooManyRowsError.
        """
        refuse_too_many(len(rows), self._parts.most_rows)
        given = _Given(ask, await self._chooser.choose(ask), time.perf_counter())
        fit = await self._quick(sorted_rows, given.chosen.signature, list(rows))
        if given.chosen.flags.filter:
            fit = await self._quick(judged_rows, fit)
        self._parts.quotas.take(ask.caller, len(fit.rows))
        ids: list[str | None] = []
        if fit.rows:
            fit = await self._answer_batch(given, fit)
            shown = await self._screened(given.chosen, fit.rows, "rows")
            given.outputs = await self._screened(given.chosen, given.outputs, "an answer")
            ids = self._recorder.answered(ask, given.chosen, Said(shown, given.outputs, given.ms))
        placed: list[Any] = [None] * len(rows)
        named: list[Any] = [None] * len(rows)
        for place, output, one in zip(fit.places, given.outputs, ids, strict=True):
            placed[place], named[place] = output, one
        told = {"outputs": placed, "errors": fit.errors, "prediction_ids": named}
        return {**given.head, **told, "latency_ms": round(given.ms, 3)}

    async def shadows_done(self) -> None:
        """Wait for the answers of shadows that are under way."""
        if self._shadows:
            await asyncio.gather(*self._shadows, return_exceptions=True)

    async def _answer(self, given: _Given, rows: Rows) -> None:
        """Ask the chosen version, and the champion if the challenger fails."""
        chosen = given.chosen
        if chosen.lost:
            self._recorder.tried(given.ask, chosen, 0.0)
        try:
            given.outputs = await self._asking.ask(chosen, rows)
        except Exception as error:
            self._recorder.failed(given.ask, chosen, len(rows))
            if chosen.variant != CHALLENGER or chosen.view is None:
                raise
            _log.warning("the challenger failed", model=chosen.opened.id, error=repr(error))
            given.chosen = replace(chosen, opened=chosen.view.champion, variant=CHAMPION)
            given.outputs = await self._asking.ask(given.chosen, rows)
        else:
            if not chosen.lost:
                self._recorder.tried(given.ask, chosen, 1.0)

    async def _answer_batch(self, given: _Given, fit: Sorted) -> Sorted:
        """Answer a batch at once; if it fails, row by row."""
        try:
            await self._answer(given, fit.rows)
        except Exception:
            found = await self._asking.ask_each(given.chosen, fit)
            if found is None:
                raise
            given.outputs, fit = found
        return fit

    async def _screened(self, chosen: Chosen, rows: Rows, place: str) -> Rows:
        """Where the filter is on: refuse texts, and return the rows without personal data."""
        if not chosen.flags.filter:
            return rows
        try:
            return await self._quick(screened, rows, place)
        except FilteredError as error:
            for reason in error.reasons:
                self._recorder.figures.filtered.labels(chosen.opened.name, reason).inc()
            raise

    def _begin_shadow(
        self, given: _Given, row: dict[str, Any], shown: Rows, prediction_id: str | None
    ) -> None:
        if len(self._shadows) < _MOST_SHADOWS:
            one = None if prediction_id is None else shadow_id(prediction_id)
            task = asyncio.ensure_future(self._shadow(given, row, shown, one))
            self._shadows.add(task)
            task.add_done_callback(self._shadows.discard)

    async def _shadow(
        self, given: _Given, row: dict[str, Any], shown: Rows, one: str | None
    ) -> None:
        """Ask the challenger what it would have said, and put that on record."""
        chosen = given.chosen
        if chosen.view is None or chosen.view.challenger is None:
            return
        listener = replace(
            chosen, opened=chosen.view.challenger, variant=SHADOW, cache=ResultCache(0)
        )
        started = time.perf_counter()
        try:
            outputs = await self._asking.ask(listener, [row])
        except Exception as error:
            _log.warning("the shadow failed", model=listener.opened.id, error=repr(error))
            self._recorder.figures.errors.labels(
                listener.opened.name, listener.opened.version, SHADOW
            ).inc()
            self._recorder.observe(given.ask, chosen, champion=1.0, challenger=0.0)
            return
        self._recorder.observe(given.ask, chosen, champion=1.0, challenger=1.0)
        if chosen.flags.filter:
            outputs = [without_personal(output) for output in outputs]
        ms = (time.perf_counter() - started) * 1e3
        self._recorder.put(given.ask, listener, Said(shown, outputs, ms), [one])
