"""The types of files that people may give, by what they are called and how they begin."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Media:
    """One type of file."""

    type: str
    """Media type (IANA where it is registered)."""
    title: str
    """What a sentence calls it, with its article."""
    endings: tuple[str, ...]
    """Endings of names, in lower case."""
    also: tuple[str, ...] = ()
    """Other media types that clients declare for it."""
    plain: bool = False
    """Whether it is plain text: such types cannot always be told apart by their content."""


TEXT = Media("text/plain", "plain text", (".txt", ".text", ".log", ".md"), ("text/markdown",), True)
CSV = Media("text/csv", "a CSV table", (".csv",), ("application/csv", "text/x-csv"), True)
TSV = Media("text/tab-separated-values", "a TSV table", (".tsv", ".tab"), (), True)
JSON = Media("application/json", "JSON", (".json",), ("text/json",), True)
JSON_LINES = Media(
    "application/x-ndjson",
    "JSON Lines",
    (".jsonl", ".ndjson"),
    ("application/jsonl", "application/json-lines"),
    True,
)
SQL = Media("application/sql", "an SQL dump", (".sql",), ("text/x-sql", "application/x-sql"), True)
PARQUET = Media(
    "application/vnd.apache.parquet", "a Parquet table", (".parquet",), ("application/x-parquet",)
)
SQLITE = Media(
    "application/vnd.sqlite3",
    "an SQLite database",
    (".sqlite", ".sqlite3", ".db"),
    ("application/x-sqlite3",),
)
PDF = Media("application/pdf", "a PDF document", (".pdf",))
DOCX = Media(
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "a DOCX document",
    (".docx",),
)
PNG = Media("image/png", "a PNG image", (".png",))
JPEG = Media("image/jpeg", "a JPEG image", (".jpg", ".jpeg"), ("image/jpg",))
GIF = Media("image/gif", "a GIF image", (".gif",))
WEBP = Media("image/webp", "a WebP image", (".webp",))
TIFF = Media("image/tiff", "a TIFF image", (".tif", ".tiff"))
BMP = Media("image/bmp", "a BMP image", (".bmp",), ("image/x-ms-bmp",))
WAV = Media("audio/wav", "a WAV recording", (".wav",), ("audio/x-wav", "audio/wave"))
FLAC = Media("audio/flac", "a FLAC recording", (".flac",), ("audio/x-flac",))
OGG = Media("audio/ogg", "an Ogg recording", (".ogg", ".oga", ".opus"), ("application/ogg",))
MP3 = Media("audio/mpeg", "an MP3 recording", (".mp3",), ("audio/mp3",))
MP4 = Media("video/mp4", "an MP4 video", (".mp4", ".m4v"), ("video/x-m4v",))
QUICKTIME = Media("video/quicktime", "a QuickTime video", (".mov", ".qt"))
MATROSKA = Media("video/x-matroska", "a Matroska or WebM video", (".mkv", ".webm"), ("video/webm",))
AVI = Media("video/x-msvideo", "an AVI video", (".avi",), ("video/avi",))

ALL = (
    TEXT, CSV, TSV, JSON, JSON_LINES, SQL, PARQUET, SQLITE, PDF, DOCX, PNG, JPEG, GIF, WEBP, TIFF,
    BMP, WAV, FLAC, OGG, MP3, MP4, QUICKTIME, MATROSKA, AVI,
)  # fmt: skip
"""Every type that is known."""

BY_ENDING = {ending: media for media in ALL for ending in media.endings}
"""Types by the ending of a name."""

BY_TYPE = {name: media for media in ALL for name in (media.type, *media.also)}
"""Types by what a client may declare."""
