"""Which version answers a request, and what its endpoint does besides."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from skywright.errors import SkywrightError
from skywright.foundry.serve.cache import ResultCache
from skywright.foundry.serve.deployment import Deployment, Flags, recipe_flags
from skywright.foundry.serve.endpoint import Endpoints, View
from skywright.foundry.serve.opened import Opened
from skywright.foundry.serve.reference import Reference
from skywright.foundry.serve.routing import CHALLENGER, CHAMPION, PINNED, Router
from skywright.foundry.signature import Signature
from skywright.logs import get_logger

_T = TypeVar("_T")
_LONG_AGED_S = 1.0
_log = get_logger("skywright.serve")


class Call(Protocol):
    """Runs a function in a thread of a pool."""

    def __call__(self, function: Callable[..., _T], /, *args: Any) -> Awaitable[_T]:
        """Return what the function returns."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Who asks whom."""

    reference: Reference
    """The model."""
    caller: str
    """Who asks."""
    key: str | None = None
    """Requests of the same key are answered by the same side of a trial."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The version that answers, and what the endpoint does besides."""

    opened: Opened
    """The version."""
    variant: str
    """``champion``, ``challenger``, ``shadow`` or ``pinned``."""
    flags: Flags
    """Of the endpoint."""
    cache: ResultCache = field(default_factory=lambda: ResultCache(0))
    """Answers given before."""
    view: View | None = None
    """The endpoint; None if the request named a version."""
    shadowed: bool = False
    """Whether the challenger is shown the request as well."""
    lost: bool = False
    """Whether the challenger should have answered and could not be opened."""

    @property
    def trial(self) -> Deployment | None:
        """Return the deployment if there is a trial."""
        if self.view is None or not self.view.deployment.on_trial:
            return None
        return self.view.deployment

    @property
    def signature(self) -> Signature:
        """Return what rows must fit: the champion's signature, whoever answers."""
        return (self.opened if self.view is None else self.view.champion).signature


class Chooser:
    """Finds the version for a request without blocking the event loop.

    Parameters
    ----------
    endpoints : Endpoints
        The views.
    quick, slow : Call
        Pools for what takes milliseconds, and for opening models.
    """

    def __init__(self, endpoints: Endpoints, quick: Call, slow: Call) -> None:
        self._endpoints = endpoints
        self._quick = quick
        self._slow = slow
        self._router = Router()
        self._reading: dict[str, asyncio.Task[View]] = {}

    async def choose(self, ask: Ask) -> Chosen:
        """Return the version that answers.

        Raises
        ------
        NotFoundError
            If there is no such model or version.
        NoContractError
            If its kind does not answer rows.
        """
        if ask.reference.which is not None:
            return await self._pinned(ask.reference)
        view = await self.view(ask.reference.name)
        now, lost = view.deployment, False
        if self._router.side(now, ask.key) == CHALLENGER:
            if view.challenger is not None:
                return Chosen(view.challenger, CHALLENGER, now.flags, view.cache, view)
            lost = True
        shadowed = view.challenger is not None and self._router.shadowed(now, ask.key)
        return Chosen(view.champion, CHAMPION, now.flags, view.cache, view, shadowed, lost)

    async def view(self, name: str) -> View:
        """Return the endpoint of a name; an aged view answers while it is read again."""
        known = self._endpoints.known(name)
        if known is not None and known.fresh:
            return known
        reading = self._reading.get(name)
        if reading is None:
            reading = asyncio.ensure_future(self._slow(self._endpoints.read, name))
            self._reading[name] = reading
            reading.add_done_callback(lambda done: self._was_read(name, done))
        if known is not None and time.monotonic() - known.until < _LONG_AGED_S:
            return known
        return await asyncio.shield(reading)

    async def _pinned(self, reference: Reference) -> Chosen:
        """Return a named version, under the flags of its endpoint: a name is no way around them."""
        opened = await self._quick(self._endpoints.pinned, reference)
        try:
            flags = (await self.view(reference.name)).deployment.flags
        except SkywrightError:  # the name has no champion yet, or one that answers no rows
            flags = recipe_flags(opened.deploy)
        return Chosen(opened, PINNED, flags)

    def _was_read(self, name: str, done: asyncio.Task[View]) -> None:
        self._reading.pop(name, None)
        if not done.cancelled() and (error := done.exception()) is not None:
            _log.debug("endpoint cannot be read", model=name, error=str(error))
