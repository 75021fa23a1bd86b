"""HTTP: thin routers over the rooms below; ``create_app`` builds the application.

Importing this package is cheap; the web framework is loaded by the call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI

    from skywright.settings import Settings

__all__ = ["create_app"]


def create_app(settings: Settings | None = None) -> FastAPI:
    """Build the application; nothing is opened or written before it serves.

    Parameters
    ----------
    settings : Settings, optional
        By default those of the environment.

    Returns
    -------
    FastAPI
        An ASGI application; its OpenAPI document is at ``/openapi.json``.
    """
    from skywright.api.app import build

    return build(settings)
