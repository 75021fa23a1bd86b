"""Endpoints: for each name the versions that answer now, followed within a second of a change.

Requests read a view; a view that has aged is read again while the old one goes on answering, and a
new champion is opened before it takes over. So nothing is dropped, and nobody waits for a model to
load but those who come first.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace

from skywright.errors import NotFoundError, SkywrightError
from skywright.foundry.registry import Registry
from skywright.foundry.serve.cache import ResultCache
from skywright.foundry.serve.deployment import Deployment, read_deployment
from skywright.foundry.serve.opened import Opened, Shelf
from skywright.foundry.serve.reference import Reference, version_of
from skywright.logs import get_logger

FRESH_S = 0.5
"""Age at which a view is read again [s]."""

_log = get_logger("skywright.serve")


@dataclass(frozen=True, slots=True)
class View:
    """One endpoint, ready to answer."""

    deployment: Deployment
    """What it does."""
    champion: Opened
    """The version that answers."""
    challenger: Opened | None
    """The version on trial; None if there is none or it cannot be opened."""
    cache: ResultCache
    """Answers given before."""
    until: float
    """When it must be read again, by the monotonic clock [s]."""
    trouble: str = ""
    """Why a version could not be opened."""

    @property
    def fresh(self) -> bool:
        """Whether it need not be read again yet."""
        return time.monotonic() < self.until


class Endpoints:
    """The views, by name.

    Parameters
    ----------
    registry : Registry
        Aliases and deployments.
    shelf : Shelf
        Open versions.
    """

    def __init__(self, registry: Registry, shelf: Shelf) -> None:
        self._registry = registry
        self._shelf = shelf
        self._views: dict[str, View] = {}
        self._reading: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def known(self, name: str) -> View | None:
        """Return the last view of a name, whatever its age, without waiting."""
        return self._views.get(name)

    def read(self, name: str) -> View:
        """Return a fresh view; waits for the disk, and for models to open.

        Raises
        ------
        NotFoundError
            If the model has no champion and does not ship.
        NoContractError
            If its kind does not answer rows.
        """
        with self._lock:
            turn = self._reading.setdefault(name, threading.Lock())
        with turn:
            old = self._views.get(name)
            if old is not None and old.fresh:
                return old
            try:
                view = self._made(name, old)
            except SkywrightError as error:
                if old is None or isinstance(error, NotFoundError):
                    self.forget(name)
                    raise
                _log.exception("the new champion cannot be opened", model=name)
                view = replace(old, until=time.monotonic() + FRESH_S, trouble=str(error))
            self._views[name] = view
            return view

    def pinned(self, reference: Reference) -> Opened:
        """Return the version that a request names; raises NotFoundError if there is none."""
        return self._shelf.open(reference.name, version_of(self._registry, reference))

    def expire(self, name: str) -> None:
        """Read a name again at its next request, which waits for that."""
        known = self._views.get(name)
        if known is not None:
            self._views[name] = replace(known, until=float("-inf"))

    def forget(self, name: str) -> None:
        """Know nothing of a name any more."""
        self._views.pop(name, None)

    def _made(self, name: str, old: View | None) -> View:
        now = read_deployment(self._registry, name)
        champion = self._shelf.open(name, now.champion)
        challenger, trouble = None, ""
        if now.on_trial and now.challenger is not None:
            try:
                challenger = self._shelf.open(name, now.challenger)
            except Exception as error:
                trouble = f"The challenger {now.challenger} cannot be opened: {error}"
                _log.exception("the challenger cannot be opened", model=name)
        same_size = old is not None and old.cache.size == now.flags.cache
        cache = old.cache if old is not None and same_size else ResultCache(now.flags.cache)
        return View(now, champion, challenger, cache, time.monotonic() + FRESH_S, trouble)
