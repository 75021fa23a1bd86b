"""Files as documents: Markdown, reStructuredText, HTML, text, PDF, DOCX, CSV, JSON, JSON lines."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import json
import re
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from skywright.assistant.knowledge.blocks import Format, blocks_of
from skywright.assistant.knowledge.store import Document
from skywright.errors import InputError, NotFoundError
from skywright.foundry.collect.decoding import decode, looks_like_text
from skywright.foundry.collect.parsed import Limits
from skywright.foundry.collect.parsers_documents import parse_docx, parse_pdf
from skywright.settings import get_settings
from skywright.sources.html_text import markdown_of

_MARKUP: dict[str, Format] = {
    ".md": "md", ".markdown": "md", ".rst": "rst", ".txt": "txt", ".text": "txt",
}  # fmt: skip
_ID_KEYS = ("doc_id", "_id", "id", "url", "source")
_TEXT_KEYS = ("text", "content", "body", "abstract", "explanation")
_CHARSET = re.compile(
    rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*"
    rb"(windows-125\d|iso-8859-\d{1,2}|koi8-[ru]|shift_jis|euc-jp|euc-kr|gb2312|gbk|gb18030|big5)",
    re.IGNORECASE,
)
_CHARSET_WITHIN = 1024  # bytes in which HTML has to name its encoding
_HEADING = re.compile(r"(?:Title|Heading ?([1-9])?)$")


def load(path: Path, *, on_skipped: Callable[[str], object] | None = None) -> list[Document]:
    """Read a file, or all files of a folder that can be read.

    Parameters
    ----------
    path : Path
        ``.gz`` is unpacked. JSON lines whose objects have a ``text`` are a document each, with
        ``title``, ``source`` or ``id``, ``version``, ``license`` and ``format`` beside it.
    on_skipped : callable, optional
        Is told of each file of a folder that is left out because it cannot be read, and why.

    Returns
    -------
    list of Document
        In the order of the file, those of a folder by name.

    Raises
    ------
    NotFoundError
        If there is no such file.
    InputError
        If it cannot be read, holds no text, or is of a kind that is not known; of a folder, if
        that holds for all that is in it.
    """
    if path.is_dir():
        return _folder(path, on_skipped)
    if not path.is_file():
        message = f"There is no file {path}."
        raise NotFoundError(message)
    kind = _kind(path)
    if kind not in _LOADERS:
        message = f"{path.name} is of a kind that is not known: {kind or 'no extension'}."
        raise InputError(message, hint=f"Known are {', '.join(sorted(_LOADERS))}, and .gz of them.")
    documents = _LOADERS[kind](_content(path), path)
    if not any(one.text.strip() for one in documents):
        message = f"{path.name} holds no text."
        hint = "Scanned pages need their text recognised first." if kind == ".pdf" else ""
        raise InputError(message, hint=hint)
    return documents


def _folder(folder: Path, on_skipped: Callable[[str], object] | None) -> list[Document]:
    documents: list[Document] = []
    for one in sorted(one for one in folder.rglob("*") if one.is_file()):
        if _kind(one) not in _LOADERS:
            continue
        try:
            documents += load(one)
        except InputError as error:
            if on_skipped:
                on_skipped(f"{one} was left out: {error.message}")
    if not documents:
        message = f"The folder {folder} holds no file that can be read."
        raise InputError(message, hint=f"Known are {', '.join(sorted(_LOADERS))}, and .gz of them.")
    return documents


def _kind(path: Path) -> str:
    name = path.name.lower().removesuffix(".gz")
    return Path(name).suffix


def _content(path: Path) -> bytes:
    limit = get_settings().max_upload_mb << 20
    open_it = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        with open_it(path, "rb") as file:
            content = file.read(limit + 1)
    except (OSError, EOFError, zlib.error) as error:
        message = f"{path.name} cannot be read: {error}."
        raise InputError(message) from error
    if len(content) > limit:
        message = f"{path} holds more than the {limit >> 20} MiB that are allowed."
        raise InputError(message, hint="Raise SKYWRIGHT_MAX_UPLOAD_MB, or give smaller parts.")
    return bytes(content)


def _text(content: bytes, path: Path, otherwise: str = "cp1252") -> str:
    """Decode a text; what is neither marked nor UTF-8 is Windows-1252 to browsers too."""
    if not looks_like_text(content):
        message = f"{path.name} holds bytes that are no text."
        raise InputError(message, hint="Give it the ending of its kind, or save it as UTF-8.")
    text, encoding = decode(content)
    if encoding == "latin-1":
        with contextlib.suppress(UnicodeDecodeError):
            return content.decode(otherwise)
    return text


def _markup(content: bytes, path: Path) -> list[Document]:
    return [_document(_text(content, path), _MARKUP[_kind(path)], path)]


def _html(content: bytes, path: Path) -> list[Document]:
    named = _CHARSET.search(content[:_CHARSET_WITHIN])
    title, text = markdown_of(_text(content, path, named[1].decode() if named else "cp1252"))
    return [_document(text, "md", path, title=title)]


def _pdf(content: bytes, path: Path) -> list[Document]:
    pages = [row["text"] for _, row in parse_pdf(content, Limits()).rows]
    return [_document("\n\n".join(pages), "txt", path)]


def _docx(content: bytes, path: Path) -> list[Document]:
    parts = []
    for part, row in parse_docx(content, Limits()).rows:
        if part != "paragraphs":
            parts.append(_record(row))
        elif heading := _HEADING.match(row["style"]):
            parts.append("#" * min(int(heading[1] or 1), 6) + " " + row["text"])
        else:
            parts.append(row["text"])
    return [_document("\n\n".join(parts), "md", path)]


def _csv(content: bytes, path: Path) -> list[Document]:
    text = _text(content, path)
    delimiter = "\t" if _kind(path) == ".tsv" else _delimiter(text.partition("\n")[0])
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, restkey="more")
    try:
        return [_document("\n\n".join(map(_record, rows)), "txt", path)]
    except csv.Error as error:
        message = f"Line {rows.line_num} of {path.name} cannot be read: {error}."
        raise InputError(message, hint="Long texts belong into .txt, .md or JSON lines.") from error


def _delimiter(header: str) -> str:
    """Semicolons part the columns where the comma is the decimal point."""
    return ";" if ";" in header and "," not in header else ","


def _json(content: bytes, path: Path) -> list[Document]:
    value = _parsed(_text(content, path), path, 1)
    rows = value if isinstance(value, list) else [value]
    return _records(rows, path)


def _jsonl(content: bytes, path: Path) -> list[Document]:
    return _records(_lines(content, path), path)


def rows_of(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a file of JSON lines, or of one list.

    Raises
    ------
    NotFoundError
        If there is no such file.
    InputError
        If it is not lines of JSON objects.
    """
    if not path.is_file():
        message = f"There is no file {path}."
        raise NotFoundError(message)
    content = _content(path)
    is_list = content.lstrip()[:1] == b"["
    rows = _parsed(_text(content, path), path, 1) if is_list else _lines(content, path)
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            message = f"{path.name} is not lines of JSON objects: object {number} is {row!r:.40}."
            raise InputError(message)
    return list(rows)


def _lines(content: bytes, path: Path) -> list[Any]:
    lines = _text(content, path).removeprefix("\ufeff").split("\n")
    return [_parsed(one, path, k) for k, one in enumerate(lines, 1) if one.strip()]


def _parsed(text: str, path: Path, line: int) -> Any:
    try:
        return from_json(text)  # refuses halves of surrogate pairs, which no file can hold
    except ValueError as error:
        message = f"Line {line} of {path.name} is not JSON: {error}."
        raise InputError(message) from error


def _records(rows: list[Any], path: Path) -> list[Document]:
    """Make a document of each row that has a text, else one of all."""
    if all(isinstance(row, dict) and _has_text_key(row) for row in rows):
        described = [document_of(row, path, otherwise=str(path)) for row in rows if _text_key(row)]
        if described:
            return described
    told = [_record(row) if isinstance(row, dict) else json.dumps(row) for row in rows]
    return [_document("\n\n".join(told), "txt", path)]


def document_of(row: Mapping[str, Any], path: Path, *, otherwise: str = "") -> Document:
    """Return what a row says as a document; ``otherwise`` is its source where it names none."""
    form, text = str(row.get("format", "txt")).lower(), str(row.get(_text_key(row), ""))
    title = str(row.get("title") or "")
    if form == "html":
        found, text = markdown_of(text)
        title = title or found
    named = (str(row[key]) for key in _ID_KEYS if row.get(key) not in (None, ""))
    return Document(
        text,
        title,
        source=next(named, otherwise),
        form={"html": "md", "md": "md", "rst": "rst"}.get(form, "txt"),  # type: ignore[arg-type]
        version=str(row.get("version") or ""),
        licence=str(row.get("licence") or row.get("license") or ""),
    )


def _has_text_key(row: Mapping[str, Any]) -> bool:
    return any(row.get(key, 0) is None or isinstance(row.get(key), str) for key in _TEXT_KEYS)


def _text_key(row: Mapping[str, Any]) -> str:
    return next((key for key in _TEXT_KEYS if isinstance(row.get(key), str) and row[key]), "")


def _record(row: Mapping[str, Any]) -> str:
    """Write a row as lines ``name: value``; what is empty is left out."""
    told = {
        key: json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
        for key, value in row.items()
    }
    return "\n".join(f"{key}: {value}" for key, value in told.items() if value not in {None, ""})


def _document(text: str, form: Format, path: Path, *, title: str = "") -> Document:
    headings = (block.title for block in blocks_of(text, form) if block.kind == "heading")
    named = title or next(headings, "") or path.name.removesuffix(".gz")
    return Document(text, named, source=str(path), form=form)


_LOADERS: dict[str, Callable[[bytes, Path], list[Document]]] = {
    **dict.fromkeys(_MARKUP, _markup),
    ".html": _html,
    ".htm": _html,
    ".pdf": _pdf,
    ".docx": _docx,
    ".csv": _csv,
    ".tsv": _csv,
    ".json": _json,
    ".jsonl": _jsonl,
}
