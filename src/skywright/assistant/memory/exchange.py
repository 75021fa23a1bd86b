"""A conversation as lines of JSON: taken out whole, and taken in whole or not at all."""

from __future__ import annotations

import base64
import binascii
import json
import secrets
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from skywright.assistant.memory.memory import Memory, add_message, checked_title, insert
from skywright.assistant.memory.records import VERSION, Conversation, body_of, turn_of
from skywright.assistant.memory.shelf import (
    MOST_TABLES,
    TABLES_FOLDER,
    name_tables,
    packed_tables,
    unpack_table,
)
from skywright.errors import InputError

MOST_LINES = 20_000
MOST_FILE_BYTES = 64 * 1024 * 1024
"""Of all files and tables of a conversation that is taken in."""

_LONGEST_NAME = 200


def export_lines(memory: Memory, id_: str, *, files: bool = True) -> Iterator[str]:
    """Yield a conversation line by line: what it is, its messages, files and tables in base64."""
    known = memory.get(id_)
    folder = memory.files(id_)
    yield _line(kind="conversation", version=VERSION, title=known.title, target=known.target,
                created_at_utc=known.created_at_utc)  # fmt: skip
    names: dict[str, None] = {}
    for message in memory.messages(id_):
        body = json.loads(body_of(message.turn))
        told = {"kind": message.kind, "version": VERSION, "body": body,
                "created_at_utc": message.created_at_utc}  # fmt: skip
        if message.rating:
            told |= {"rating": message.rating, "comment": message.comment}
        yield _line(**told)
        names |= dict.fromkeys(one.id for one in message.answer.artifacts) if message.answer else {}
    for name in names if files else ():
        path = folder / Path(name).name
        if path.is_file():
            yield _line(kind="file", name=name, base64=_base64(path.read_bytes()))
    for name, content in packed_tables(memory, id_) if files else ():
        yield _line(kind="table", name=name, base64=_base64(content))


def import_lines(memory: Memory, lines: Iterable[str]) -> Conversation:
    """Take in what `export_lines` gave, as a new conversation.

    Raises
    ------
    InputError
        If a line is not of this form, named by its number; nothing is taken in then.
    """
    new = secrets.token_hex(8)
    folder = memory.files(new)
    records = [_record(number, line) for number, line in _numbered(lines)]
    if not records or records[0]["kind"] != "conversation":
        message = "Line 1 must be the conversation itself."
        raise InputError(message, hint="Give a file as the export writes it.")
    try:
        tables = _write_files(records, folder)
        with memory.file.write() as connection:
            title = str(records[0].get("title", "")) or "imported"
            insert(connection, new, memory.owner, checked_title(title))
            connection.execute(
                "UPDATE conversation SET target = ? WHERE id = ?",
                (str(records[0].get("target", ""))[:200], new),
            )
            for number, one in enumerate(records, start=1):
                if one["kind"] in {"asked", "replied"}:
                    added = add_message(connection, new, _turn(number, one, folder))
                    _take_rating(connection, added, one)
            name_tables(connection, new, tables)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return memory.get(new)


def _numbered(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    for number, line in enumerate((one for one in lines if one.strip()), start=1):
        if number > MOST_LINES:
            message = f"A conversation has at most {MOST_LINES} lines."
            raise InputError(message)
        yield number, line


def _record(number: int, line: str) -> dict[str, Any]:
    try:
        value = from_json(line)  # refuses halves of surrogate pairs, which no file can hold
    except ValueError as error:
        message = f"Line {number} is no JSON: {error}."
        raise InputError(message) from error
    kinds = ("conversation", "asked", "replied", "file", "table")
    if not isinstance(value, dict) or value.get("kind") not in kinds:
        message = f"kind in line {number} must be one of {', '.join(kinds)}."
        raise InputError(message)
    return value


def _turn(number: int, record: dict[str, Any], folder: Path) -> Any:
    version = record.get("version")
    if not isinstance(version, int) or isinstance(version, bool):
        message = f"version in line {number} must be a number, got {version!r}."
        raise InputError(message)
    try:
        return turn_of(record["kind"], version, json.dumps(record.get("body")), folder)
    except InputError as error:
        message = f"Line {number}: {error.message}"
        raise InputError(message, hint=error.hint) from error


def _take_rating(connection: Any, message_id: int, record: dict[str, Any]) -> None:
    if record["kind"] == "replied" and record.get("rating") in {-1, 1}:
        connection.execute(
            "INSERT INTO feedback SELECT id, ?, ?, created_at_utc FROM message WHERE id = ?",
            (record["rating"], str(record.get("comment", ""))[:4000], message_id),
        )


def _write_files(records: list[dict[str, Any]], folder: Path) -> dict[str, str]:
    """Write files and tables, and return where each table is by its name."""
    left = MOST_FILE_BYTES
    tables: dict[str, str] = {}
    for number, one in enumerate(records, start=1):
        if one["kind"] not in {"file", "table"}:
            continue
        content = _content(number, one)
        left -= len(content)
        if left < 0:
            message = f"With line {number} the files are too large together."
            raise InputError(message, hint=f"At most {MOST_FILE_BYTES} bytes are taken in.")
        if one["kind"] == "file":
            _write_file(number, one, content, folder)
        else:
            _write_table(number, one, content, folder, tables)
    return tables


def _content(number: int, record: dict[str, Any]) -> bytes:
    try:
        return base64.b64decode(str(record.get("base64", "")), validate=True)
    except (binascii.Error, ValueError) as error:
        message = f"base64 in line {number} cannot be read: {error}."
        raise InputError(message) from error


def _write_file(number: int, record: dict[str, Any], content: bytes, folder: Path) -> None:
    name = Path(str(record.get("name", ""))).name
    is_name = name and name != TABLES_FOLDER and not name.startswith(".") and "\0" not in name
    if not is_name or len(name.encode()) > _LONGEST_NAME:
        message = f"Line {number} names no file."
        raise InputError(message, hint=f"A name has at most {_LONGEST_NAME} bytes.")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def _write_table(
    number: int, record: dict[str, Any], content: bytes, folder: Path, tables: dict[str, str]
) -> None:
    name = record.get("name")
    if not isinstance(name, str) or not 1 <= len(name) <= _LONGEST_NAME or name in tables:
        message = (
            f"name in line {number} must be a table's own, of 1 to {_LONGEST_NAME} characters."
        )
        raise InputError(message)
    if len(tables) == MOST_TABLES:
        message = f"Line {number} is one table too many; {MOST_TABLES} are taken in."
        raise InputError(message)
    try:
        tables[name] = unpack_table(content, folder)
    except InputError as error:
        message = f"Line {number}: {error.message}"
        raise InputError(message, hint=error.hint) from error


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _line(**value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
