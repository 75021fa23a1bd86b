"""Asking an open model: from the cache, in a call shared with others, or row by row."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from skywright.errors import InputError
from skywright.foundry.kind import Predict
from skywright.foundry.serve.batching import Batcher, Rows
from skywright.foundry.serve.cache import row_key
from skywright.foundry.serve.choosing import Call, Chosen
from skywright.foundry.serve.figures import Figures
from skywright.foundry.serve.opened import ONNX, Opened
from skywright.foundry.serve.rows import Sorted
from skywright.foundry.serve.watermark import marked

_MOST_BATCHERS = 256


class Asking:
    """Asks models in threads.

    Parameters
    ----------
    figures : Figures
        Told what came from the cache.
    quick, slow : Call
        Pools for answers of milliseconds and of seconds.
    """

    def __init__(self, figures: Figures, quick: Call, slow: Call) -> None:
        self._figures = figures
        self._quick = quick
        self._slow = slow
        self._batchers: dict[tuple[str, bool], tuple[Opened, Batcher]] = {}

    async def ask(self, chosen: Chosen, rows: Rows) -> Rows:
        """Return one answer a row; raises what the model raises."""
        if chosen.cache.size == 0:
            return await self._fresh(chosen, rows)
        keys = [row_key(chosen.opened.id, row) for row in rows]
        found = [chosen.cache.get(key) for key in keys]
        missing = [k for k, output in enumerate(found) if output is None]
        self._figures.cached.labels(chosen.opened.name).inc(len(rows) - len(missing))
        if missing:
            fresh = await self._fresh(chosen, [rows[k] for k in missing])
            for k, output in zip(missing, fresh, strict=True):
                found[k] = output
                chosen.cache.put(keys[k], output)
        return [dict(output) for output in found if output is not None]

    async def ask_each(self, chosen: Chosen, fit: Sorted) -> tuple[Rows, Sorted] | None:
        """Ask one row at a time, so that only bad rows are lost; None if all are."""
        return await self._pool(chosen.opened)(_each, _predict_of(chosen), fit)

    async def _fresh(self, chosen: Chosen, rows: Rows) -> Rows:
        if len(rows) == 1:
            return await self._batcher(chosen)(rows)
        return await self._pool(chosen.opened)(_predict_of(chosen), rows)

    def _batcher(self, chosen: Chosen) -> Batcher:
        key = (chosen.opened.id, chosen.flags.watermark)
        opened, batcher = self._batchers.get(key, (None, None))
        if batcher is None or opened is not chosen.opened:
            if len(self._batchers) >= _MOST_BATCHERS:
                self._batchers.clear()  # those at work finish what they hold
            batcher = Batcher(partial(self._pool(chosen.opened), _predict_of(chosen)))
            self._batchers[key] = (chosen.opened, batcher)
        return batcher

    def _pool(self, opened: Opened) -> Call:
        return self._quick if opened.engine == ONNX else self._slow


def _predict_of(chosen: Chosen) -> Predict:
    return marked(chosen.opened) if chosen.flags.watermark else chosen.opened.predict


def _each(predict: Callable[[Rows], Rows], fit: Sorted) -> tuple[Rows, Sorted] | None:
    outputs: Rows = []
    rows: list[dict[str, Any]] = []
    places: list[int] = []
    errors = list(fit.errors)
    for row, place in zip(fit.rows, fit.places, strict=True):
        try:
            outputs.append(predict([row])[0])
        except Exception as error:
            told = error.message if isinstance(error, InputError) else "The model failed on it."
            errors.append({"row": place, "message": told})
        else:
            rows.append(row)
            places.append(place)
    errors.sort(key=lambda one: int(one["row"]))
    return (outputs, Sorted(rows, places, errors)) if outputs else None
