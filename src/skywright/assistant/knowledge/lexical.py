"""Questions as queries of SQLite's full-text search, and the exact names in them."""

from __future__ import annotations

import re
import sqlite3

_WORD = re.compile(r"\w+")
_CATALOGUES = (
    "NGC|IC|M|Messier|Caldwell|UGC|PGC|Abell|HD|HR|HIP|HAT-P|SAO|TIC|TOI|KIC|KOI|EPIC|Kepler|K2|WASP|"
    "TRAPPIST|GJ|Gliese|Barnard|Melotte|Collinder|PSR|GRB|SN|Gaia|2MASS|SDSS|WISE|NORAD|DR"
)
_NAMES = (
    re.compile(rf"\b(?:{_CATALOGUES})[ -]?(?:DR ?)?J?\d[\w.+-]*\b"),  # NGC 6397, 2MASS J0523-14
    re.compile(r"\b\d{4}[A-Za-z][A-Za-z&.]{4}[\w.]{9}[A-Z]\b"),  # bibcode: 2016A&A...595A...1G
    re.compile(r"\b\d{4}\.\d{4,5}\b"),  # arXiv
    re.compile(r"\b[A-Za-z]+(?:_[A-Za-z0-9]+)+\b"),  # phot_g_mean_mag
    re.compile(r"\b[A-Za-z]+(?:\.[A-Za-z_]+)+\b(?=\()|\b[A-Za-z_]\w+(?=\(\))"),  # Gaia.launch_job(
    re.compile(r"\b[A-Z][a-z]+(?:[A-Z][a-z]+)+\b"),  # SkyCoord, TimeoutError
    re.compile(r"`([^`\n]{2,60})`|\"([^\"\n]{2,80})\""),  # whatever is quoted
)
_ACRONYM = re.compile(r"\b[A-Z]{2,6}\b(?![ -]?\d)")

_STOP_WORDS = frozenset(
    _WORD.findall("""
a about all also an and any are as at be because been but by can could did do does each for
from had has have he her his how i if in into is it its me my no not of on or our she should
so some such than that the their them then there these they this those to us was we were what
when where which who whom whose why will with would you your
""")
)


_MEANT = r"(?:(?:meant|understood)\s+by\s+|the\s+(?:meaning|definition)\s+of\s+)?"
_MEANS = r"(?:\s+(?:means?|stands?\s+for|called))"
_ARTICLE = r"(?:an?\s+|the\s+)?"
_TERM = r"(?P<term>\S+(?:\s+\S+){0,3}?)"
_ASKS_MEANING = tuple(
    re.compile(
        rf"\W*(?:(?:please|can you|could you|tell me|do you know)\s+)*{one}\W*", re.IGNORECASE
    )
    for one in (
        # what is a MOID; what does PHA stand for; what do pmra and pmdec mean
        rf"what(?:'?s|\s+(?:is|are|was|were|does|do))\s+{_MEANT}{_ARTICLE}{_TERM}{_MEANS}?",
        # how is the Palermo scale defined; how does the Torino scale work
        rf"how\s+(?:is|are|does|do)\s+{_ARTICLE}{_TERM}\s+(?:defined|work)",
        # explain (what) PHA (stands for); what a keyhole is
        rf"(?:(?:define|explain)\s+(?:what\s+)?|what\s+){_ARTICLE}{_TERM}\s+(?:means?|stands?\s+for|is|are)",
        rf"(?:define|explain|(?:the\s+)?(?:meaning|definition)\s+of)\s+{_ARTICLE}{_TERM}",
    )
)


def term_asked_for(question: str) -> str:
    """Return what a question wants explained, of up to four words; empty where it wants no such.

    "What does RUWE mean?" asks for RUWE: a text that holds "mean" is none the better for it.
    """
    found = next((one for form in _ASKS_MEANING if (one := form.fullmatch(question))), None)
    return found["term"].strip("?!.,:;\"'") if found else ""


def asks_only_amounts(question: str) -> bool:
    """Tell a fragment such as "and 0.5 degrees?", which no document can answer by itself."""
    words = [one for one in _WORD.findall(question.lower()) if one not in _STOP_WORDS]
    return bool(words) and all(one.isdecimal() or one in _UNITS for one in words)


_UNITS = frozenset(
    _WORD.findall("""
arcmin arcmins arcminute arcminutes arcsec arcsecond arcseconds au day days deg degree degrees hour
hours kelvin kg km kilometre kilometres kilometer kilometers kpc m mag magnitude magnitudes mas
metre metres meter meters minute minutes month months mpc parsec parsecs pc percent rad radian
radians s second seconds week weeks year years
""")
)


def words_that_matter(question: str) -> list[str]:
    """Return the words of a question without the common ones; all, where only those are there."""
    asked = term_asked_for(question) or question
    words = list(dict.fromkeys(_WORD.findall(asked.lower())))
    return [word for word in words if word not in _STOP_WORDS] or words


def identifiers_in(question: str) -> list[str]:
    """Return names that mean one thing: objects, bibcodes, columns, acronyms, quoted text."""
    found: dict[str, None] = {}
    for pattern in _NAMES if question.isupper() else (*_NAMES, _ACRONYM):
        for match in pattern.finditer(question):
            name = next((group for group in match.groups() if group), match[0])
            found.setdefault(name.strip(" .-"))
    return [name for name in found if _WORD.search(name)]


def holds(name: str, text: str) -> bool:
    """Tell whether a text holds a name as such: ``NGC6397`` is ``NGC 6397``, but not ``NGC 63``."""
    parts = re.findall(r"[^\W\d_]+|\d+|[^\w\s]+|_", name)
    pattern = r"[\s-]*".join(re.escape(part) for part in parts if part not in {"-"})
    return bool(re.search(rf"(?<!\w){pattern}(?!\w)", text, flags=re.IGNORECASE))


def lexical_query(question: str, names: list[str]) -> str:
    """Return the FTS5 query that wants any of the words, or of the names joined or apart."""
    phrases = dict.fromkeys(words_that_matter(question))
    for name in names:
        phrases.setdefault(" ".join(_WORD.findall(name.lower())))
        phrases.setdefault(" ".join(re.findall(r"[^\W\d]+|\d+", name.lower())))
        phrases.setdefault("".join(_WORD.findall(name.lower())))
    return " OR ".join(f'"{phrase}"' for phrase in phrases if phrase)


def best_by_words(
    connection: sqlite3.Connection, query: str, collection: str | None, limit: int
) -> dict[int, float]:
    """Return the chunks that fit best, with their BM25 score: larger is better.

    The ranking is that of FTS5, Okapi BM25 with k1 = 1.2 and b = 0.75 (Robertson & Zaragoza 2009,
    Foundations and Trends in Information Retrieval 3, 333, equation 3.15).
    """
    if not query:
        return {}
    # The OR keeps SQLite from running the match once for every rowid of the collection: at 100,000
    # chunks 0.2 s instead of minutes.
    rows = connection.execute(
        "SELECT chunk_words.rowid AS id, -bm25(chunk_words) AS score FROM chunk_words"
        " WHERE chunk_words MATCH :query AND (:collection IS NULL OR rowid IN"
        " (SELECT chunk.id FROM chunk JOIN document ON document.id = document_id"
        " WHERE collection = :collection)) ORDER BY bm25(chunk_words), rowid LIMIT :limit",
        {"query": query, "collection": collection, "limit": limit},
    )
    return {row["id"]: row["score"] for row in rows}
