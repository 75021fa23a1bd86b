"""Rounds: a patrol at every model in use whose recipe asks for one."""

from __future__ import annotations

import threading
from typing import Any

from skywright.errors import SkywrightError
from skywright.foundry.watch.patrol import Watcher, patrol
from skywright.logs import get_logger

_log = get_logger("skywright.watch")


def go_round(watcher: Watcher) -> list[dict[str, Any]]:
    """Patrol every model trained here that is in use and has a ``[watch]`` of its own.

    Returns
    -------
    list of dict
        The reports by name. A model that cannot be looked at is told as ``name`` and ``error``, and
        keeps nobody from looking at the next.
    """
    found = []
    for name in watcher.registry.names():
        if watcher.registry.version(name) is None:
            continue
        try:
            if _asks(watcher, name):
                found.append(patrol(watcher, name))
        except SkywrightError as error:
            _log.warning("a model could not be looked at", model=name, error=str(error))
            found.append({"name": name, "error": str(error)})
    return found


def _asks(watcher: Watcher, name: str) -> bool:
    facts = watcher.registry.facts(name) or {}
    rules = (facts.get("recipe") or {}).get("watch") or {}
    return bool(rules.get("drift") or rules.get("retrain"))


def keep_watch(watcher: Watcher, stop: threading.Event, every_s: float) -> None:
    """Go round again and again until told to stop."""
    while not stop.wait(every_s):
        for report in go_round(watcher):
            if report.get("alarm"):
                _log.warning("drift", model=report["name"], job=report["job_id"])
