"""One thing that an example is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing to ask about."""

    key: str
    """Decides the part; names of one object share it."""
    name: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What a template needs to ask a sensible question; answers come from runs."""
