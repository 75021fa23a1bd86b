"""The models in use and their cards."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from skywright.settings import Settings


def models_in_use(settings: Settings) -> list[dict[str, Any]]:
    """Return name, origin and card of every model that ships or was promoted here, by name."""
    from skywright.foundry.registry import Registry

    shipped = Path(str(files("skywright.pretrained")))
    trained = settings.data_dir.expanduser() / "models"
    registry = Registry(trained)
    found = []
    for name in sorted(_folders(shipped) | _folders(trained)):
        card = registry.facts(name)
        if card is not None:
            ours = registry.champion(name).is_relative_to(trained)
            found.append({"name": name, "trained_here": ours, "card": card})
    found += [
        {"name": _plain(file.stem), "trained_here": False, "card": _beside(file)}
        for file in shipped.glob("*.npz")
    ]
    return sorted(found, key=lambda model: str(model["name"]))


def _folders(root: Path) -> set[str]:
    if not root.is_dir():
        return set()
    return {_plain(p.name) for p in root.iterdir() if p.is_dir() and p.name[0] not in "._"}


def _plain(name: str) -> str:
    return name.replace("_", "-")


def _beside(file: Path) -> Any:
    """Return the card beside a model that is a single file."""
    card = file.with_suffix(".json")
    return json.loads(card.read_text(encoding="utf-8")) if card.is_file() else {}
