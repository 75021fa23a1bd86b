"""A dump cut into its statements, without running any: quotes, comments and COPY blocks told apart.

MySQL escapes by backslash within quotes; its statements are rewritten to the standard's quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from skywright.errors import InputError

_MYSQL = re.compile(
    r"-- (?:MySQL|MariaDB) dump|/\*!\d|ENGINE=|^(?:INSERT INTO|CREATE TABLE) `", re.M
)
_TOKEN = re.compile(
    r"--[^\n]*|/\*.*?(?:\*/|\Z)|\$(\w*)\$.*?(?:\$\1\$|\Z)|'|\"(?:[^\"]|\"\")*\"?|`(?:[^`]|``)*`?|;",
    re.DOTALL,
)
_QUOTED = re.compile(r"'(?:[^']|'')*'")
_QUOTED_MYSQL = re.compile(r"'(?:[^'\\]|''|\\.)*'", re.DOTALL)
_COPY = re.compile(r"COPY\b.*\bFROM\s+stdin\s*\Z", re.IGNORECASE | re.DOTALL)
_END_OF_COPY = re.compile(r"^\\\.\r?$", re.MULTILINE)
_BACKSLASH = {"n": "\n", "t": "\t", "r": "\r", "0": "", "b": "\b", "Z": "\x1a"}
_NO_COLUMN = frozenset(
    {
        "PRIMARY", "KEY", "UNIQUE", "CONSTRAINT", "FOREIGN", "CHECK", "INDEX", "FULLTEXT",
        "SPATIAL", "EXCLUDE", "LIKE",
    }
)  # fmt: skip
_COLUMN = re.compile(r'\s*("(?:[^"]|"")+"|`(?:[^`]|``)+`|\[[^\]]+\]|[\w$]+)\s*([A-Za-z ]*)')


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement."""

    text: str
    """Without comments and the semicolon."""
    line: int
    """Where it begins, from 1."""
    data: str = ""
    """Lines of a COPY block."""


def statements(text: str) -> Iterator[Statement]:
    """Yield the statements of a dump.

    Raises
    ------
    InputError
        If a quoted text or a COPY block does not end.
    """
    quotes = _QUOTED_MYSQL if _MYSQL.search(text[: 1 << 20]) else _QUOTED
    lines = _Lines(text)
    parts: list[str] = []
    at, begin = 0, -1
    while token := _TOKEN.search(text, at):
        between = text[at : token.start()]
        parts.append(between)
        if begin < 0:
            begin = _first(between, at)
        at, mark = token.end(), token.group()[0]
        if mark == ";":
            whole = "".join(parts).strip()
            data, at = _copied(whole, text, at)
            if whole:
                yield Statement(whole, lines.of(begin), data)
            parts, begin = [], -1
        elif mark in "-/":
            parts.append(" ")
        elif mark == "'":
            found = _closed(quotes, text, token.start(), lines)
            parts.append(_standard(found.group()) if quotes is _QUOTED_MYSQL else found.group())
            at = found.end()
        else:
            parts.append(token.group())
        if begin < 0 and mark not in ";-/":
            begin = token.start()
    last = "".join([*parts, text[at:]]).strip()
    if last:
        yield Statement(last, lines.of(begin if begin >= 0 else _first(text[at:], at)))


def columns_of(rest: str) -> list[tuple[str, str]]:
    """Return names and SQLite affinities of the columns that follow ``CREATE TABLE name (``."""
    columns = []
    for part in _parts_of(rest):
        found = _COLUMN.match(part)
        if found is None or found[1].upper() in _NO_COLUMN:
            continue
        columns.append((found[1], _affinity(found[2].upper())))
    return columns


def _copied(whole: str, text: str, at: int) -> tuple[str, int]:
    if not _COPY.match(whole):
        return "", at
    end = _END_OF_COPY.search(text, at)
    if end is None:
        message = r"A COPY block of the dump does not end with \., so it is cut short."
        raise InputError(message, hint="Send the whole file.")
    return text[at : end.start()].lstrip("\r\n"), end.end()


class _Lines:
    """Numbers of lines, asked for in order."""

    def __init__(self, text: str) -> None:
        self._text, self._at, self._line = text, 0, 1

    def of(self, place: int) -> int:
        self._line += self._text.count("\n", self._at, place)
        self._at = place
        return self._line


def _first(text: str, at: int) -> int:
    """Return where the first character stands that is no blank, or -1."""
    return at + len(text) - len(text.lstrip()) if text.strip() else -1


def _closed(quotes: re.Pattern[str], text: str, at: int, lines: _Lines) -> re.Match[str]:
    found = quotes.match(text, at)
    if found is None:
        message = f"A quoted text in line {lines.of(at)} of the dump does not end."
        raise InputError(message, hint="The file may be cut short.")
    return found


def _standard(quoted: str) -> str:
    r"""Turn a text in MySQL's quotes, such as ``'it\'s'``, into one of the standard."""
    inside = re.sub(
        r"\\(.)", lambda found: _BACKSLASH.get(found[1], found[1]), quoted[1:-1], flags=re.DOTALL
    )
    return "'" + inside.replace("''", "'").replace("'", "''") + "'"


def _parts_of(rest: str) -> Iterator[str]:
    """Cut a list at its commas, up to the parenthesis that closes it."""
    depth, start = 0, 0
    for token in re.finditer(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|[(),]", rest):
        match token.group():
            case "(":
                depth += 1
            case ")" if depth:
                depth -= 1
            case ")" | "," as mark if not depth:
                yield rest[start : token.start()]
                start = token.end()
                if mark == ")":
                    return


def _affinity(declared: str) -> str:
    """Return the affinity of a declared type (SQLite, "Datatypes", section 3.1)."""
    if "INT" in declared or "SERIAL" in declared:
        return "INTEGER"
    if any(word in declared for word in ("CHAR", "CLOB", "TEXT", "DATE", "TIME", "ENUM", "JSON")):
        return "TEXT"
    if any(
        word in declared for word in ("REAL", "FLOA", "DOUB", "NUMERIC", "DECIMAL", "PRECISION")
    ):
        return "NUMERIC"
    return ""
