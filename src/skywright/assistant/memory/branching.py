"""A conversation that goes another way from some message on."""

from __future__ import annotations

import json
import secrets
import shutil
import sqlite3
from pathlib import Path

from skywright.assistant.engine.model import Asked
from skywright.assistant.memory.memory import Memory, insert, kind_of
from skywright.assistant.memory.records import Conversation, turn_of
from skywright.assistant.memory.shelf import copy_files


def branch(memory: Memory, id_: str, message_id: int, *, before: bool = False) -> Conversation:
    """Begin a conversation with the messages of another up to one of them.

    The object last spoken of and the tables are those of that place, too: what was found later
    is not known in the branch.

    Parameters
    ----------
    memory : Memory
        Of the owner.
    id_ : str
        The conversation, which stays as it is.
    message_id : int
        The last message that is taken over.
    before : bool
        Leave that message out too: so a question is asked again in other words.

    Raises
    ------
    NotFoundError
        If the owner has no such conversation or it has no such message.
    """
    memory.get(id_)
    new = secrets.token_hex(8)
    folder = memory.files(new)
    copy_files(memory.files(id_), folder)
    try:
        _copy_rows(memory, id_, new, message_id - 1 if before else message_id, message_id)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return memory.get(new)


def _copy_rows(memory: Memory, old: str, new: str, last: int, named: int) -> None:
    with memory.file.write() as connection:
        known = memory.found(connection, old)
        kind_of(connection, old, named)
        insert(connection, new, memory.owner, known.title, branched_from=old)
        _copy_state(connection, known, new, _next_question(connection, old, last))
        messages = connection.execute(
            "SELECT id FROM message WHERE conversation_id = ? AND id <= ? ORDER BY id", (old, last)
        ).fetchall()
        for row in messages:
            copied = connection.execute(
                "INSERT INTO message (conversation_id, kind, version, body, text, created_at_utc)"
                " SELECT ?, kind, version, body, text, created_at_utc FROM message WHERE id = ?",
                (new, row["id"]),
            ).lastrowid
            connection.execute(
                "INSERT INTO tool_run (message_id, call_id, tool, arguments, error, seconds)"
                " SELECT ?, call_id, tool, arguments, error, seconds FROM tool_run"
                " WHERE message_id = ? ORDER BY id",
                (copied, row["id"]),
            )
            connection.execute(
                "INSERT INTO artifact (message_id, name, title, media_type, size_bytes)"
                " SELECT ?, name, title, media_type, size_bytes FROM artifact"
                " WHERE message_id = ? ORDER BY id",
                (copied, row["id"]),
            )


def _next_question(connection: sqlite3.Connection, id_: str, last: int) -> Asked | None:
    """Return the question after a message: it knows what there was when it was asked."""
    row = connection.execute(
        "SELECT version, body FROM message WHERE conversation_id = ? AND id > ?"
        " AND kind = 'asked' ORDER BY id LIMIT 1",
        (id_, last),
    ).fetchone()
    if row is None:
        return None
    turn = turn_of("asked", row["version"], row["body"], Path())
    return turn if isinstance(turn, Asked) else None


def _copy_state(
    connection: sqlite3.Connection, known: Conversation, new: str, after: Asked | None
) -> None:
    target = known.target if after is None else after.target
    connection.execute("UPDATE conversation SET target = ? WHERE id = ?", (target, new))
    connection.execute(
        "INSERT INTO shelf SELECT ?, place, name, file FROM shelf WHERE conversation_id = ?",
        (new, known.id),
    )
    if after is not None:
        connection.execute(
            "DELETE FROM shelf WHERE conversation_id = ?"
            " AND name NOT IN (SELECT value FROM json_each(?))",
            (new, json.dumps(after.tables)),
        )
