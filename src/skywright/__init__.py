"""An open, self-hosted AI platform for space."""

import os
from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# Libraries that report to their makers by default look here once, when they start.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"


def __getattr__(name: str) -> Any:
    """Load what is asked for by name when it is: the package itself stays light.

    By name, since the rooms below the assistant's import this package too.
    """
    if name == "ask":
        return import_module("skywright.notebook").ask
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
