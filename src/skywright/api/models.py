"""The models in use, for the greeting of the server."""

from __future__ import annotations

from typing import Any

from skywright.settings import Settings


def models_in_use(settings: Settings) -> list[dict[str, Any]]:
    """Return every model that answers under its name, as ``GET /api/models`` shows it."""
    from skywright.foundry.registry import Registry
    from skywright.foundry.serve.catalogue import list_models

    registry = Registry.of(settings)
    try:
        return [model for model in list_models(registry) if model["endpoint"] is not None]
    finally:
        registry.database.close()
