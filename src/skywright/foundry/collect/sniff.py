"""What a file is, told by its first bytes and compared with what it is called."""

from __future__ import annotations

import codecs
import re
from pathlib import PurePosixPath
from typing import BinaryIO

from skywright.errors import InputError
from skywright.foundry.collect import media as known
from skywright.foundry.collect.decoding import looks_like_text
from skywright.foundry.collect.media import Media
from skywright.foundry.collect.zips import names_in

_HEAD_BYTES = 1 << 16
_PDF_WITHIN = 1024  # readers accept that much before the mark (ISO 32000-1, annex H.3.4.1)
_UNTOLD = frozenset({"", "application/octet-stream", "binary/octet-stream"})
_LONGEST_NAME = 100

_STARTS = (
    (b"PAR1", known.PARQUET),
    (b"SQLite format 3\0", known.SQLITE),
    (b"\x89PNG\r\n\x1a\n", known.PNG),
    (b"\xff\xd8\xff", known.JPEG),
    (b"GIF87a", known.GIF),
    (b"GIF89a", known.GIF),
    (b"II*\0", known.TIFF),
    (b"MM\0*", known.TIFF),
    (b"fLaC", known.FLAC),
    (b"OggS", known.OGG),
    (b"ID3", known.MP3),
    (b"\x1a\x45\xdf\xa3", known.MATROSKA),
)
_IN_RIFF = {b"WEBP": known.WEBP, b"WAVE": known.WAV, b"AVI ": known.AVI}
_MP4_BRANDS = (b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ")
_SQL = re.compile(
    r"\A(?:\s|--[^\n]*\n|/\*.*?\*/;?)*(?:CREATE|INSERT|BEGIN|PRAGMA|SET|DROP|COPY)\b[^;]*;",
    re.IGNORECASE | re.DOTALL,
)
_ROW_OF_NAMES = re.compile(r"[^,;\t|\n]+([,;\t|])[^\n]*\n[^\n]*\1")


def sniff(stream: BinaryIO, name: str = "", declared: str = "") -> Media:
    """Tell the type of a file; its name and its declared type may not say otherwise.

    Parameters
    ----------
    stream : binary stream that can seek
        The file; it is rewound.
    name : str
        What it is called; only the ending counts.
    declared : str
        Media type that the client declared; parameters are ignored.

    Raises
    ------
    InputError
        If it is empty, of an unknown type, or not what it is called.
    """
    stream.seek(0)
    head = stream.read(_HEAD_BYTES)
    if not head:
        message = f"{shown(name)} is empty."
        raise InputError(message, hint="Give a file with content.")
    called = _called(name, declared)
    found = _by_magic(head, stream)
    stream.seek(0)
    if found is None:
        found = _plain(head, name, called)
    for claim, source in called:
        if claim is not found and not (claim.plain and found.plain and claim is known.TEXT):
            message = f"{shown(name)} is {source} {claim.title}, but its content is {found.title}."
            raise InputError(message, hint="Give it the name and type of what it is.")
    return found


def clean_name(name: str) -> str:
    """Return a name that is safe to keep and show: no folders, no control or special characters."""
    last = re.split(r"[\\/]", name)[-1]
    plain = re.sub(r"[^\w .()+-]", "_", last).strip(" .")
    return re.sub(r"_{2,}", "_", plain)[-_LONGEST_NAME:]


def shown(name: str) -> str:
    """Return how a sentence calls a file."""
    return f"The file {clean_name(name)}" if clean_name(name) else "The content"


def _called(name: str, declared: str) -> list[tuple[Media, str]]:
    ending = PurePosixPath(clean_name(name)).suffix.lower()
    claims = []
    if ending in known.BY_ENDING:
        claims.append((known.BY_ENDING[ending], "named as"))
    plain_type = declared.partition(";")[0].strip().lower()
    if plain_type not in _UNTOLD and plain_type in known.BY_TYPE:
        claims.append((known.BY_TYPE[plain_type], "declared as"))
    return claims


def _by_magic(head: bytes, stream: BinaryIO) -> Media | None:
    for start, media in _STARTS:
        if head.startswith(start):
            return media
    if b"%PDF-" in head[:_PDF_WITHIN]:
        return known.PDF
    if head.startswith(b"PK\x03\x04"):
        return _in_zip(stream)
    if head.startswith(b"RIFF"):
        return _IN_RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        return known.QUICKTIME if head[8:12] == b"qt  " else _mp4(head)
    if head.startswith(b"BM") and head[6:10] == bytes(4) and head[14:15] in b"\x0c\x28\x6c\x7c":
        return known.BMP
    if head[0] == 0xFF and head[1:2] in (b"\xfb", b"\xfa", b"\xf3", b"\xf2"):
        return known.MP3
    return None


def _mp4(head: bytes) -> Media | None:
    return known.MP4 if any(brand in head[8:40] for brand in _MP4_BRANDS) else None


def _in_zip(stream: BinaryIO) -> Media | None:
    names = names_in(stream)
    return known.DOCX if {"[Content_Types].xml", "word/document.xml"} <= names else None


def _plain(head: bytes, name: str, called: list[tuple[Media, str]]) -> Media:
    whole = head[:-4] if len(head) == _HEAD_BYTES else head  # a character may be cut at the end
    if not looks_like_text(whole):
        message = f"{shown(name)} is of a type that is not taken{_guess(head)}."
        endings = ", ".join(sorted(known.BY_ENDING))
        raise InputError(message, hint=f"These are: {endings}.")
    claimed = next((media for media, _ in called if media.plain and media is not known.TEXT), None)
    if claimed is not None:
        return claimed
    if any(media is known.TEXT for media, _ in called):
        return known.TEXT
    return _guess_plain(head)


def _guess_plain(head: bytes) -> Media:
    """Tell JSON, SQL, a table and text apart where no name helps."""
    is_utf16 = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = head.decode("utf-16" if is_utf16 else "utf-8-sig", "replace")
    first = text.lstrip()[:1]
    if first == "[":
        return known.JSON
    if first == "{":
        lines = [line for line in text.splitlines() if line.strip()]
        many = len(lines) > 1 and all(line.lstrip().startswith("{") for line in lines[:2])
        return known.JSON_LINES if many else known.JSON
    if _SQL.match(text):
        return known.SQL
    table = _ROW_OF_NAMES.match(text)
    if table is None or (table.group(1) == "," and ", " in text.partition("\n")[0]):
        return known.TEXT
    return known.TSV if table.group(1) == "\t" else known.CSV


def _guess(head: bytes) -> str:
    """Return what the content looks like, for the sentence of a refusal."""
    import puremagic

    try:
        found = puremagic.magic_string(head)
    except puremagic.PureError:
        return ""
    return f"; it looks like {found[0].name}"[:100] if found and found[0].name else ""
