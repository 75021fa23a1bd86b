"""Search in one's own conversations."""

from __future__ import annotations

from dataclasses import dataclass

from skywright.assistant.knowledge.lexical import identifiers_in, lexical_query
from skywright.assistant.memory.memory import Memory
from skywright.errors import InputError

MOST_FOUND = 100


@dataclass(frozen=True, slots=True)
class FoundMessage:
    """A message that fits."""

    conversation_id: str
    title: str
    message_id: int
    kind: str
    snippet: str
    """Words around what was found."""
    created_at_utc: str


def find_messages(memory: Memory, words: str, *, limit: int = 20) -> list[FoundMessage]:
    """Return the questions and answers that fit some words best.

    Raises
    ------
    InputError
        If there are no words, or the limit is not 1 to 100.
    """
    if not 1 <= limit <= MOST_FOUND:
        message = f"limit must be 1 to {MOST_FOUND}, got {limit}."
        raise InputError(message)
    query = lexical_query(words, identifiers_in(words))
    if not query:
        message = f"There are no words to look for in {words[:40]!r}."
        raise InputError(message)
    with memory.file.read() as connection:
        rows = connection.execute(
            "SELECT conversation_id, title, message.id AS message_id, kind,"
            " snippet(message_words, 0, '', '', '...', 24) AS snippet, message.created_at_utc"
            " FROM message_words JOIN message ON message.id = message_words.rowid"
            " JOIN conversation ON conversation.id = conversation_id"
            " WHERE message_words MATCH ? AND owner = ?"
            " ORDER BY bm25(message_words), message.id LIMIT ?",
            (query, memory.owner, limit),
        ).fetchall()
    return [FoundMessage(**row) for row in rows]
