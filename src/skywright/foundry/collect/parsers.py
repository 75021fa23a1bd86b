"""Which parser reads which type of file."""

from __future__ import annotations

from collections.abc import Callable

from skywright.foundry.collect import media as known
from skywright.foundry.collect.media import Media
from skywright.foundry.collect.parsed import Limits, Parsed
from skywright.foundry.collect.parsers_documents import parse_docx, parse_pdf, parse_text
from skywright.foundry.collect.parsers_media import parse_audio, parse_image, parse_video
from skywright.foundry.collect.parsers_sql import parse_sql, parse_sqlite
from skywright.foundry.collect.parsers_tables import (
    parse_csv,
    parse_json,
    parse_json_lines,
    parse_parquet,
    parse_tsv,
)

Parser = Callable[[bytes, Limits], Parsed]

_PARSERS: dict[Media, Parser] = {
    known.TEXT: parse_text,
    known.CSV: parse_csv,
    known.TSV: parse_tsv,
    known.JSON: parse_json,
    known.JSON_LINES: parse_json_lines,
    known.PARQUET: parse_parquet,
    known.SQLITE: parse_sqlite,
    known.SQL: parse_sql,
    known.PDF: parse_pdf,
    known.DOCX: parse_docx,
}
_BY_KIND: dict[str, Parser] = {
    "image": parse_image,
    "audio": parse_audio,
    "video": parse_video,
}


def parse(media: Media, content: bytes, limits: Limits) -> Parsed:
    """Read a file of a type.

    Raises
    ------
    InputError
        If it is damaged or larger than the limits; some parsers find that while giving rows.
    MissingExtraError
        If the parser needs an extra that is not installed.
    """
    parser = _PARSERS.get(media) or _BY_KIND[media.type.partition("/")[0]]
    return parser(content, limits)
