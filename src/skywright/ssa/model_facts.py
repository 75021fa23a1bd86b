"""Which version of a model answers, and what it learned from, for every answer that uses it."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from skywright.foundry.registry import MANIFEST, in_use


def facts_of(name: str) -> dict[str, Any]:
    """Return ``name``, ``version`` and ``trained_on`` (hash by file) of the model in use."""
    return facts_in(name, in_use(name))


def facts_in(name: str, folder: Path) -> dict[str, Any]:
    """Return the same of the model in a folder."""
    return dict(_read(name, folder))


@lru_cache(maxsize=64)
def _read(name: str, folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    told = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return {
        "name": name,
        "version": told.get("version", "shipped"),
        "trained_on": told.get("data", {}),
    }
