"""Forms with a file, read as they come in: the file goes on piece by piece, never into memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from skywright.errors import InputError

_LONGEST_FIELD = 4_096
_LONGEST_HEADERS = 8_192
_MOST_PARTS = 32


@dataclass
class _Part:
    """One part while it is read."""

    name: str = ""
    file_name: str | None = None
    declared: str = ""
    headers: dict[str, bytes] = field(default_factory=dict)
    content: bytearray = field(default_factory=bytearray)


def is_form(content_type: str) -> bool:
    """Return whether the header of a request announces a form."""
    return content_type.lower().startswith("multipart/form-data")


async def read_form(request: Request, take: Callable[[bytes], None]) -> FormReader:
    """Return a form once it has been read to its end; raises like `FormReader`."""
    form = FormReader(request.headers.get("content-type", ""), take)
    async for piece in request.stream():
        await run_in_threadpool(form.feed, piece)
    form.finish()
    return form


def checked_fields(form: FormReader, longest: Mapping[str, int]) -> dict[str, str]:
    """Return the fields of a form.

    Parameters
    ----------
    form : FormReader
        That came to its end.
    longest : mapping
        The fields that there are, and how many characters each may have.

    Raises
    ------
    InputError
        If a field is not known, or too long.
    """
    for name, value in form.fields.items():
        if name not in longest:
            message = f"The form has a field {name[:40]!r}, which is not known."
            raise InputError(message, hint=f"Fields are file, {', '.join(longest)}.")
        if len(value) > longest[name]:
            message = f"The field {name} has {len(value)} characters; {longest[name]} are allowed."
            raise InputError(message)
    return form.fields


class FormReader:
    """Takes a form in pieces.

    Parameters
    ----------
    content_type : str
        Header of the request.
    take : callable
        Gets the content of the file, piece by piece.
    """

    def __init__(self, content_type: str, take: Callable[[bytes], None]) -> None:
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary")
        if kind != b"multipart/form-data" or not boundary:
            message = "The form does not say where its parts end."
            raise InputError(message, hint="Send Content-Type: multipart/form-data; boundary=...")
        self.fields: dict[str, str] = {}
        self.file_name = ""
        self.declared = ""
        self.has_file = False
        self._take = take
        self._part = _Part()
        self._header = (bytearray(), bytearray())
        self._seen = self._header_bytes = 0
        self._ended = False
        self._parser = MultipartParser(boundary, self._callbacks())

    def feed(self, content: bytes) -> None:
        """Read some more.

        Raises
        ------
        InputError
            If it is no form, or has fields too long, too many parts, or a second file.
        """
        try:
            self._parser.write(content)
        except FormParserError as error:
            message = f"The form cannot be read: {error}."
            raise InputError(message) from error

    def finish(self) -> None:
        """See that the form came to its end.

        Raises
        ------
        InputError
            If it is cut short or has no file.
        """
        if not self._ended:
            message = "The form is cut short."
            raise InputError(message, hint="Send it again.")
        if not self.has_file:
            message = "The form has no file."
            raise InputError(message, hint="Send one as a part with a filename.")

    def _callbacks(self) -> Any:
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._add_header(0, data[start:end]),
            "on_header_value": lambda data, start, end: self._add_header(1, data[start:end]),
            "on_header_end": self._end_header,
            "on_headers_finished": self._end_headers,
            "on_part_data": lambda data, start, end: self._content(data[start:end]),
            "on_part_end": self._end_part,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        self._part, self._header_bytes = _Part(), 0
        self._seen += 1
        if self._seen > _MOST_PARTS:
            message = f"The form has more than {_MOST_PARTS} parts."
            raise InputError(message)

    def _add_header(self, which: int, data: bytes) -> None:
        self._header_bytes += len(data)
        if self._header_bytes > _LONGEST_HEADERS:
            message = "A part of the form has headers that are too long."
            raise InputError(message)
        self._header[which].extend(data)

    def _end_header(self) -> None:
        name, value = self._header
        self._part.headers[name.decode("latin-1").lower()] = bytes(value)
        self._header = (bytearray(), bytearray())

    def _end_headers(self) -> None:
        part = self._part
        _, options = parse_options_header(part.headers.get("content-disposition", b""))
        part.name = options.get(b"name", b"").decode("utf-8", "replace")[:100]
        if b"filename" not in options:
            return
        if self.has_file:
            message = "The form has more than one file."
            raise InputError(message, hint="Send one file in a request.")
        self.has_file = True
        part.file_name = options[b"filename"].decode("utf-8", "replace")[:1000]
        self.file_name = part.file_name
        self.declared = part.headers.get("content-type", b"").decode("latin-1")[:200]

    def _content(self, data: bytes) -> None:
        if self._part.file_name is not None:
            self._take(data)
            return
        self._part.content += data
        if len(self._part.content) > _LONGEST_FIELD:
            message = f"The field {self._part.name!r} is longer than {_LONGEST_FIELD} bytes."
            raise InputError(message)

    def _end_part(self) -> None:
        if self._part.file_name is None:
            self.fields[self._part.name] = self._part.content.decode("utf-8", "replace").strip()

    def _end(self) -> None:
        self._ended = True
