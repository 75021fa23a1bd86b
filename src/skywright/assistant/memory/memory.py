"""Conversations of one owner: made, read, renamed, added to, rated, removed with their files."""

from __future__ import annotations

import json
import secrets
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from skywright.assistant.engine.model import Asked, Replied
from skywright.assistant.memory.file import MemoryFile
from skywright.assistant.memory.records import VERSION, Conversation, Message, body_of, turn_of
from skywright.errors import InputError, NotFoundError
from skywright.settings import Settings, get_settings
from skywright.store.database import StoreError, utc_now

LONGEST_TITLE = 200
LONGEST_COMMENT = 4_000
_FILE_NAME = "conversations.db"
_FOLDER = "conversations"
_LARGEST = (1 << 63) - 1  # number that SQLite holds
_TITLE_WORDS = 60  # characters of the first question that name a conversation

_COLUMNS = (
    "id, title, target, branched_from, created_at_utc, changed_at_utc,"
    " (SELECT count(*) FROM message WHERE conversation_id = conversation.id) AS messages"
)


class Memory:
    """The conversations of one owner; those of others are as if they did not exist.

    Parameters
    ----------
    folder : Path
        Data folder: the file ``conversations.db`` and a folder of files for each conversation.
    owner : str
        Whose; a caller of the API, or empty on one's own machine.
    keep_days : int
        Conversations that rest longer are removed when the next one begins; 0 keeps all [d].
    """

    def __init__(self, folder: Path, owner: str = "", *, keep_days: int = 0) -> None:
        self.folder = folder
        self.owner = owner
        self.keep_days = keep_days
        self.file = MemoryFile(folder / _FILE_NAME)

    @classmethod
    def of(cls, settings: Settings | None = None, owner: str = "") -> Memory:
        """Return the memory in the data folder."""
        settings = settings or get_settings()
        folder = settings.data_dir.expanduser().absolute()
        return cls(folder, owner, keep_days=settings.conversation_days)

    def begin(self, title: str = "") -> Conversation:
        """Start a conversation; without a title the first question names it."""
        self.expire()
        id_ = secrets.token_hex(8)
        with self.file.write() as connection:
            insert(connection, id_, self.owner, checked_title(title) if title else "")
        return self.get(id_)

    def get(self, id_: str) -> Conversation:
        """Return a conversation.

        Raises
        ------
        NotFoundError
            If the owner has none of this id.
        """
        with self.file.read() as connection:
            return self.found(connection, id_)

    def recent(self, *, limit: int = 50, before_utc: str = "") -> list[Conversation]:
        """Return the conversations, last changed first."""
        with self.file.read() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM conversation WHERE owner = ?"  # noqa: S608
                " AND (? = '' OR changed_at_utc < ?) ORDER BY changed_at_utc DESC, id LIMIT ?",
                (self.owner, before_utc, before_utc, limit),
            ).fetchall()
        return [Conversation(**row) for row in rows]

    def messages(self, id_: str) -> list[Message]:
        """Return the messages of a conversation, oldest first."""
        folder = self.files(id_)
        with self.file.read() as connection:
            self.found(connection, id_)
            rows = connection.execute(
                "SELECT message.*, rating, comment FROM message"
                " LEFT JOIN feedback ON message_id = message.id"
                " WHERE conversation_id = ? ORDER BY message.id",
                (id_,),
            ).fetchall()
        return [_message(row, folder) for row in rows]

    def last_message(self, id_: str) -> int:
        """Return the number of the newest message of a conversation; 0 if it has none."""
        with self.file.read() as connection:
            self.found(connection, id_)
            row = connection.execute(
                "SELECT coalesce(max(id), 0) FROM message WHERE conversation_id = ?", (id_,)
            ).fetchone()
        return int(row[0])

    def add(self, id_: str, turn: Asked | Replied, *, target: str = "") -> int:
        """Add a question or an answer and return its number; it is on the disk then."""
        with self.file.write() as connection:
            known = self.found(connection, id_)
            added = add_message(connection, id_, turn)
            title = known.title or _title_of(turn)
            connection.execute(
                "UPDATE conversation SET title = ?, target = ?, changed_at_utc = ? WHERE id = ?",
                (title, target or known.target, utc_now(), id_),
            )
        return added

    def rename(self, id_: str, title: str) -> Conversation:
        """Give a conversation another title."""
        title = checked_title(title)
        with self.file.write() as connection:
            self.found(connection, id_)
            connection.execute("UPDATE conversation SET title = ? WHERE id = ?", (title, id_))
        return self.get(id_)

    def rate(self, id_: str, message_id: int, rating: int, comment: str = "") -> None:
        """Say that an answer was good (1) or bad (-1); the last word counts.

        Raises
        ------
        InputError
            If the rating is another number, the comment too long, or the message is a question.
        """
        if rating not in {-1, 1}:
            message = f"rating must be 1 (good) or -1 (bad), got {rating}."
            raise InputError(message)
        if len(comment) > LONGEST_COMMENT:
            message = f"comment has {len(comment)} characters, at most {LONGEST_COMMENT} are kept."
            raise InputError(message)
        with self.file.write() as connection:
            self.found(connection, id_)
            if kind_of(connection, id_, message_id) != "replied":
                message = f"Message {message_id} is a question; rate an answer."
                raise InputError(message)
            connection.execute(
                "INSERT OR REPLACE INTO feedback VALUES (?, ?, ?, ?)",
                (message_id, rating, comment, utc_now()),
            )

    def remove(self, id_: str) -> None:
        """Erase a conversation with its messages, tables and files."""
        with self.file.write() as connection:
            self.found(connection, id_)
            erase(connection, id_)
        shutil.rmtree(self.files(id_), ignore_errors=True)

    def expire(self) -> int:
        """Remove what rests longer than `keep_days`, of every owner; return how many."""
        if not self.keep_days:
            return 0
        since = datetime.now(UTC) - timedelta(days=self.keep_days)
        with self.file.write() as connection:
            rows = connection.execute(
                "SELECT id FROM conversation WHERE changed_at_utc < ?",
                (since.isoformat(timespec="milliseconds"),),
            ).fetchall()
            for row in rows:
                erase(connection, row["id"])
        for row in rows:
            shutil.rmtree(self.files(row["id"]), ignore_errors=True)
        return len(rows)

    def files(self, id_: str) -> Path:
        """Return the folder of a conversation's files; it need not exist."""
        return self.folder / _FOLDER / checked_id(id_)

    def found(self, connection: sqlite3.Connection, id_: str) -> Conversation:
        """Return a conversation of this owner; raises NotFoundError if there is none."""
        row = connection.execute(
            f"SELECT {_COLUMNS} FROM conversation WHERE id = ? AND owner = ?",  # noqa: S608
            (id_, self.owner),
        ).fetchone()
        if row is None:
            message = f"There is no conversation {id_[:40]!r}."
            raise NotFoundError(message, hint="List those there are, or begin a new one.")
        return Conversation(**row)


def insert(
    connection: sqlite3.Connection, id_: str, owner: str, title: str, *, branched_from: str = ""
) -> None:
    """Add the row of a conversation."""
    now = utc_now()
    connection.execute(
        "INSERT INTO conversation VALUES (?, ?, ?, '', ?, ?, ?)",
        (id_, owner, title, branched_from, now, now),
    )


def add_message(connection: sqlite3.Connection, id_: str, turn: Asked | Replied) -> int:
    """Add a message with its runs and files, and return its number."""
    kind = "asked" if isinstance(turn, Asked) else "replied"
    text = turn.text if isinstance(turn, Asked) else turn.answer.text
    number = connection.execute(
        "INSERT INTO message (conversation_id, kind, version, body, text, created_at_utc)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (id_, kind, VERSION, body_of(turn), text, utc_now()),
    ).lastrowid
    if number is None:
        message = "SQLite gave no id for the row it inserted."
        raise StoreError(message)
    if isinstance(turn, Replied):
        _add_runs(connection, number, turn)
    return number


def _add_runs(connection: sqlite3.Connection, number: int, turn: Replied) -> None:
    connection.executemany(
        "INSERT INTO tool_run (message_id, call_id, tool, arguments, error, seconds)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [
            (number, run.call.id, run.call.tool, json.dumps(run.call.arguments), run.error,
             run.seconds)
            for run in turn.answer.tool_runs
        ],
    )  # fmt: skip
    connection.executemany(
        "INSERT INTO artifact (message_id, name, title, media_type, size_bytes)"
        " VALUES (?, ?, ?, ?, ?)",
        [(number, one.id, one.title, one.media_type, one.size_bytes)
         for one in turn.answer.artifacts],
    )  # fmt: skip


def erase(connection: sqlite3.Connection, id_: str) -> None:
    """Delete all rows of a conversation."""
    within = "(SELECT id FROM message WHERE conversation_id = ?)"
    for table in ("tool_run", "artifact", "feedback"):
        connection.execute(f"DELETE FROM {table} WHERE message_id IN {within}", (id_,))  # noqa: S608
    connection.execute("DELETE FROM shelf WHERE conversation_id = ?", (id_,))
    connection.execute("DELETE FROM message WHERE conversation_id = ?", (id_,))
    connection.execute("DELETE FROM conversation WHERE id = ?", (id_,))


def kind_of(connection: sqlite3.Connection, id_: str, message_id: int) -> str:
    """Return the kind of a message; raises NotFoundError if the conversation has none such."""
    row: Any = None
    if abs(message_id) <= _LARGEST:
        row = connection.execute(
            "SELECT kind FROM message WHERE id = ? AND conversation_id = ?", (message_id, id_)
        ).fetchone()
    if row is None:
        message = f"The conversation {id_} has no message {message_id}."
        raise NotFoundError(message)
    return str(row["kind"])


def checked_title(title: str) -> str:
    """Return a title in one line; raises InputError if it is blank or too long."""
    title = " ".join(title.split())
    if not 1 <= len(title) <= LONGEST_TITLE:
        message = f"title must have 1 to {LONGEST_TITLE} characters, got {len(title)}."
        raise InputError(message)
    return title


def checked_id(id_: str) -> str:
    """Return the id of a conversation if it has the shape of one: it names a folder."""
    if not (len(id_) == 16 and set(id_) <= set("0123456789abcdef")):
        message = f"There is no conversation {id_[:40]!r}."
        raise NotFoundError(message, hint="An id has 16 hexadecimal digits.")
    return id_


def _title_of(turn: Asked | Replied) -> str:
    words = " ".join(turn.text.split()) if isinstance(turn, Asked) else ""
    return words if len(words) <= _TITLE_WORDS else f"{words[: _TITLE_WORDS - 3]}..."


def _message(row: sqlite3.Row, folder: Path) -> Message:
    return Message(
        id=row["id"],
        kind=row["kind"],
        turn=turn_of(row["kind"], row["version"], row["body"], folder),
        created_at_utc=row["created_at_utc"],
        rating=row["rating"],
        comment=row["comment"] or "",
    )
