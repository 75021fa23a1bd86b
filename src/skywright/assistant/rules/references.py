"""What stands for itself in a question: quoted phrases, bibcodes, arXiv numbers, ADQL."""

from __future__ import annotations

import re

from skywright.assistant.rules.reading import Reader

_QUOTED = re.compile(
    r"(?<![\w\"])\"(?P<a>[^\"]{2,300})\"(?!\w)|(?<!\w)'(?P<b>[^\s'][^']{0,300}[^\s'])'(?!\w)"
)
_BIBCODE = re.compile(r"(?<!\w)(?:1[89]|20)\d\d[A-Za-z&][\w&.]{13}[A-Za-z](?![\w&])")
_ARXIV = re.compile(
    r"(?<![\w.])(?:arxiv\s*[:/]?\s*)?(?:(?P<new>\d{4}\.\d{4,5})(?:v\d+)?|(?P<old>astro-ph/\d{7}))(?![\w]|\.\d)",
    re.IGNORECASE,
)
_ARXIV_NAMED = re.compile(r"arxiv", re.IGNORECASE)
_FENCE = re.compile(r"```(?:\w+\s*\n)?\s*(?P<code>.+?)```", re.DOTALL)
_ADQL = re.compile(r"\bselect\b.+?\bfrom\b.+$", re.IGNORECASE | re.DOTALL)
_SQL_SIGNS = re.compile(
    r"\bselect\s+(?:top\s+\d+|distinct|\*|count|avg|min|max|sum)|\bfrom\s+(?:\w+\.\w+|\"|basic\b|ps\b|pscomppars\b|ident\b)|,.*\bfrom\b|\bwhere\b.+[=<>]",
    re.IGNORECASE | re.DOTALL,
)
_PASTED = re.compile(
    r"^[ \t]*1 \d{5}[A-Z ][ \d].{40,}$|CCSDS_(?:CDM|OMM)_VERS|<(?:cdm|omm|ndm)\b"
    r"|\{\s*\"(?:OBJECT_NAME|CCSDS)",
    re.MULTILINE | re.IGNORECASE,
)
_SECOND_LINE = re.compile(r"^[ \t]*2 \d{5} .{50,}$", re.MULTILINE)
_POLITE_TAIL = re.compile(r"[\s.?!]*(?:please|thanks|thank you)?[\s.?!;]*$", re.IGNORECASE)


def quoted_in(reader: Reader) -> tuple[str, ...]:
    """Return quoted phrases; only their quotes are taken, since a phrase may name an object."""
    phrases: list[str] = []
    for match in _QUOTED.finditer(reader.rest):
        phrases.append(match["a"] or match["b"])
        for place in (match.start(), match.end() - 1):
            reader.cover(place, place + 1, "")
    return tuple(phrases)


def bibcodes_in(reader: Reader) -> tuple[str, ...]:
    """Take bibcodes: a year, five letters of the journal, volume, page, and an initial."""
    return tuple(reader.take(_BIBCODE, "bibcode", lambda m: m[0] if len(m[0]) == 19 else None))


def arxiv_ids_in(reader: Reader) -> tuple[str, ...]:
    """Take arXiv numbers, ``2301.01234`` or ``astro-ph/0601234``."""
    return tuple(reader.take(_ARXIV, "arxiv", lambda m: m["new"] or m["old"].lower()))


def adql_in(text: str) -> str:
    """Return the query in a text as it was written, empty if there is none."""
    fenced = _FENCE.search(text)
    match = _ADQL.search(fenced["code"] if fenced else text)
    if not match or not (fenced or _SQL_SIGNS.search(match[0])):
        return ""
    return _POLITE_TAIL.sub("", match[0]).strip().strip("`").strip()


def pasted_in(text: str) -> str:
    """Return element sets or a conjunction data message in a text, as they were written."""
    found = _PASTED.search(text)
    if not found:
        return ""
    start = text.rfind("[", 0, found.start()) if text[found.start()] == "{" else found.start()
    lines = list(_SECOND_LINE.finditer(text))
    stop = lines[-1].end() if lines else len(text)
    return text[max(start, 0) : stop].strip()
