"""What a user wants to be remembered in every conversation: seen, changed and deleted by them."""

from __future__ import annotations

from dataclasses import dataclass

from skywright.assistant.memory.memory import Memory
from skywright.errors import InputError, LimitError, NotFoundError
from skywright.store.database import utc_now

MOST_FACTS = 100
LONGEST_NAME = 80
LONGEST_VALUE = 1_000


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing under its name, such as ``units``: ``degrees, never sexagesimal``."""

    name: str
    value: str
    changed_at_utc: str


def facts(memory: Memory) -> list[Fact]:
    """Return all that is remembered of the owner, by name."""
    with memory.file.read() as connection:
        rows = connection.execute(
            "SELECT name, value, changed_at_utc FROM fact WHERE owner = ? ORDER BY name",
            (memory.owner,),
        ).fetchall()
    return [Fact(**row) for row in rows]


def remember(memory: Memory, name: str, value: str) -> None:
    """Keep a fact, or change it.

    Raises
    ------
    InputError
        If the name or the value is blank or too long.
    LimitError
        If there are too many.
    """
    name, value = " ".join(name.split()), value.strip()
    for field, text, most in (("name", name, LONGEST_NAME), ("value", value, LONGEST_VALUE)):
        if not 1 <= len(text) <= most:
            message = f"{field} must have 1 to {most} characters, got {len(text)}."
            raise InputError(message)
    with memory.file.write() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO fact VALUES (?, ?, ?, ?)",
            (memory.owner, name, value, utc_now()),
        )
        count = connection.execute(
            "SELECT count(*) FROM fact WHERE owner = ?", (memory.owner,)
        ).fetchone()[0]
        if count > MOST_FACTS:
            message = f"{MOST_FACTS} facts are remembered at most."
            raise LimitError(message, hint="Delete one first.")


def forget(memory: Memory, name: str) -> None:
    """Delete a fact; raises NotFoundError if there is none of this name."""
    with memory.file.write() as connection:
        done = connection.execute(
            "DELETE FROM fact WHERE owner = ? AND name = ?", (memory.owner, name)
        )
        if not done.rowcount:
            message = f"There is no fact {name[:40]!r}."
            raise NotFoundError(message)
