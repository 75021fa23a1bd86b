"""One kind of conversation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from skywright.assistant.examples.example import Category
from skywright.assistant.examples.scene import Scene
from skywright.assistant.examples.subject import Subject

Write = Callable[[Scene, list[Subject]], None]


@dataclass(frozen=True, slots=True)
class Template:
    """One kind of conversation; its phrasings stand under its name in a file beside."""

    name: str
    category: Category
    pool: str
    """Kind of its subjects."""
    write: Write
    """Writes the conversation."""
    subjects: int = 1
    """How many it is about."""
    most: int = 60
    """Most attempts at it for a file."""
