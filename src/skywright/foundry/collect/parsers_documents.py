"""Documents: plain text, PDF and DOCX."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import Any

from skywright.errors import InputError
from skywright.foundry.collect.decoding import decode
from skywright.foundry.collect.parsed import Limits, Parsed, Rows, plain_row, refuse_rows
from skywright.foundry.collect.zips import names_in

_END_WITHIN = 2048  # readers look for the end mark in the last 1024 bytes; some programs add more
_MOST_PAGES = 20_000


def parse_text(content: bytes, limits: Limits) -> Parsed:
    """Read plain text: a row for each line that is not blank."""
    text, encoding = decode(content)
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        message = "The text is blank."
        raise InputError(message, hint="Give at least one line.")
    refuse_rows(len(lines), limits)
    return Parsed((("lines", {"text": line}) for line in lines), {"encoding": encoding})


def parse_pdf(content: bytes, limits: Limits) -> Parsed:
    """Read the text of a PDF document: a row for each page."""
    import pypdfium2

    if b"%%EOF" not in content[-_END_WITHIN:]:
        message = "The PDF document is cut short: its end mark is missing."
        raise InputError(message, hint="Send the whole file.")
    try:
        document = pypdfium2.PdfDocument(content)
        pages = len(document)
    except pypdfium2.PdfiumError as error:
        message = f"The PDF document cannot be read: {_reason(error)}."
        raise InputError(message, hint="It may be damaged or need a password.") from error
    refuse_rows(pages, Limits(rows=min(limits.rows, _MOST_PAGES)))
    facts: dict[str, Any] = {"pages": pages}
    return Parsed(_pages(document, pages, facts), facts)


def parse_docx(content: bytes, limits: Limits) -> Parsed:
    """Read a DOCX document: its paragraphs, and each table as a part of its own."""
    import docx
    from docx.opc.exceptions import PackageNotFoundError

    names_in(io.BytesIO(content))
    try:
        document = docx.Document(io.BytesIO(content))
    except (
        PackageNotFoundError,
        SyntaxError,  # of its XML
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        AttributeError,
    ) as error:
        message = f"The DOCX document cannot be read: {_reason(error)}."
        raise InputError(message, hint="Save it again as .docx.") from error
    facts: dict[str, Any] = {"tables": len(document.tables)}
    return Parsed(_docx_rows(document, limits), facts)


def _pages(document: Any, pages: int, facts: dict[str, Any]) -> Rows:
    import pypdfium2

    characters = 0
    for number in range(pages):
        try:
            page = document[number]
            text = page.get_textpage().get_text_bounded()
            page.close()
        except pypdfium2.PdfiumError as error:
            message = f"Page {number + 1} of the PDF document cannot be read: {_reason(error)}."
            raise InputError(message) from error
        characters += len(text)
        yield "pages", {"page": number + 1, "text": text.replace("\r\n", "\n")}
    facts["characters"] = characters  # none: scanned pages, which hold pictures of text only


def _docx_rows(document: Any, limits: Limits) -> Rows:
    count = 0
    for paragraph in document.paragraphs:
        if paragraph.text.strip():
            count += 1
            refuse_rows(count, limits)
            yield "paragraphs", {"style": paragraph.style.name, "text": paragraph.text}
    for number, table in enumerate(document.tables, start=1):
        for row in _table_rows([[cell.text for cell in row.cells] for row in table.rows]):
            count += 1
            refuse_rows(count, limits)
            yield f"table {number}", plain_row(row)
    if not count:
        message = "The DOCX document holds no text."
        raise InputError(message)


def _table_rows(cells: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
    """Name the columns by the first row if it can serve as a header, else by number."""
    if not cells:
        return []
    header = [name.strip() for name in cells[0]]
    if len(cells) > 1 and all(header) and len(set(header)) == len(header):
        return [dict(zip(header, row, strict=False)) for row in cells[1:]]
    return [{f"column {k}": v for k, v in enumerate(row, start=1)} for row in cells]


def _reason(error: Exception) -> str:
    return (str(error).splitlines() or ["it is damaged"])[0][:200].rstrip(".") or "it is damaged"
