"""The models in use and their cards."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any


def models_in_use() -> list[dict[str, Any]]:
    """Return name and card of every model that ships or was promoted here, by name."""
    folder = files("skywright.pretrained")
    cards = [entry / "card.json" for entry in folder.iterdir() if entry.is_dir()]
    found = [json.loads(card.read_text(encoding="utf-8")) for card in cards if card.is_file()]
    return sorted(
        ({"name": str(card.get("name", "")), "card": card} for card in found),
        key=lambda model: str(model["name"]),
    )
