"""Free words of a question: the subject of papers, an author, a name that no pattern knows."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from skywright.assistant.rules.entities import Entities
from skywright.assistant.rules.wording import is_known, mended

_GAIA_WORDS = re.compile(r"\b(?:stars?|gaia|dr3|bp-?rp|parallax\w*|proper motions?|astrometr\w+)\b")
_IT = re.compile(
    r"\b(?:it|them)\b|\b(?:this|that)\b(?! \w)"
    r"|\b(?:this|that|the same) (?:object|cluster|star|galaxy|nebula"
    r"|asteroid|comet|planet|satellite|system|one)\b",
    re.IGNORECASE,
)
_NO_NAME_BEHIND = re.compile(r"(?:does|is|would|if|from|about|against|to)\b", re.IGNORECASE)
"""Words behind which small letters are hardly ever a name."""
_DEEP_SKY = re.compile(r"\b(?:galaxies|nebulae|nebulas|deep[- ]sky|openngc|ngc objects|clusters)\b")


@cache
def _texts() -> dict[str, str]:
    text = files("skywright.assistant.rules").joinpath("subjects.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(_texts()[name], re.IGNORECASE)


@cache
def _words(name: str) -> frozenset[str]:
    return frozenset(_texts()[name].split())


def subject_of(read: Entities, target: str = "") -> str:
    """Return what papers are wanted on, without years, authors and polite words.

    Parameters
    ----------
    read : Entities
        The question.
    target : str, optional
        What "it" stands for.
    """
    subject = _subject(read)
    if not target or read.names:
        return subject
    return _IT.sub(target, subject) or (target if _IT.search(read.text) else "")


def _subject(read: Entities) -> str:
    text = _pattern("unwanted").sub(" ", read.untimed)
    text = _pattern("colon").sub("", _pattern("author").sub(_kept, text)).strip(" ?.!")
    if read.quoted:
        return _around_quotes(text, read.quoted)
    found = _pattern("subject").search(text) or _pattern("subject").search(mended(text))
    subject = found["subject"] if found else _pattern("lead").sub("", text)
    while found := _pattern("subject").match(subject):  # "search ADS for articles on ..."
        subject = found["subject"]
    last = None
    while last != subject:
        last = subject
        subject = _pattern("trail").sub("", subject).strip(" ,.?!;:-")
    subject = re.sub(r"^(?:the (?:subject|topic) of|the|a|an|any|some)\s+", "", subject, flags=re.I)
    is_said = any(_is_subject(one.strip(".,;:?!")) for one in subject.split())
    return subject if is_said else ""


def _around_quotes(text: str, quoted: Sequence[str]) -> str:
    """Return quoted phrases with the words of the subject that stand beside them."""
    for k, phrase in enumerate(quoted):
        text = text.replace(f'"{phrase}"', f" \x00{k} ").replace(f"'{phrase}'", f" \x00{k} ")
    words = [one.strip(",.?!;:") for one in text.split()]
    kept = [one for one in words if one.startswith("\x00") or _is_subject(one)]
    return " ".join(f'"{quoted[int(one[1:])]}"' if one[0] == "\x00" else one for one in kept)


def _is_subject(word: str) -> bool:
    bare = word.lower()
    is_polite = bool(_pattern("lead").fullmatch(f"{bare} "))
    return bool(bare) and not is_polite and bare not in _words("around_quotes")


def unwanted_of(read: Entities) -> str:
    """Return what papers are to leave out, which no search does; empty if nothing."""
    found = _pattern("unwanted").search(read.untimed)
    return found[0].strip(" ,;.?!") if found else ""


def _kept(match: re.Match[str]) -> str:
    """Drop the author, keep the word before "by" that tells what is wanted."""
    before = match[0][: match.start("name") - match.start()]
    return re.sub(
        r"\b(?:by|from|authors?:?|the|has|have|did|does|of)\s*$",
        "",
        before.rstrip(),
        flags=re.IGNORECASE,
    )


def author_of(read: Entities) -> str:
    """Return the author that a question names, empty if none."""
    found = _pattern("author").search(read.untimed)
    if not found:
        return ""
    name = re.sub(r"\s+(?:On|About|In|Since)$", "", found["name"]).strip(" ,.")
    if any(one.text.lower() in name.lower() for one in read.names):
        return ""
    return "" if name.lower() in _words("no_author") else name


def free_name(read: Entities) -> str:
    """Return what stands where a name is expected, empty if that is no name."""
    if read.quoted:
        return read.quoted[0]
    for match in _pattern("named").finditer(read.untimed):
        name = _pattern("ends").sub("", match["name"]).strip(" .?!,")
        words = [one for one in name.lower().split() if one not in _words("no_name")]
        is_whole = words == name.lower().split() or name != name.lower()
        is_plain = name.islower() and name.replace(" ", "").replace("-", "").isalpha()
        if is_plain and _NO_NAME_BEHIND.match(match[0]):
            continue
        if words and is_whole and not all(_is_term(one) for one in words):
            return name
    return ""


def _is_term(word: str) -> bool:
    bare = word.strip("'\"()").removesuffix("'s")
    return bare in _words("terms") or is_known(bare)


def catalogue_of(read: Entities) -> str:
    """Return the catalogue that a cone is meant for: Gaia DR3 unless something else is said."""
    text = read.text.lower()
    if read.catalogue:
        return read.catalogue
    if _DEEP_SKY.search(text) and not _GAIA_WORDS.search(text):
        return "openngc"
    return "gaia-dr3"


_SERVICES = (
    ("gaia", r"\bgaia\w*\.|\bgaia_source\b"),
    ("vizier", r'from\s+"?[ivxb]+/|\bvizier\b'),
    ("exoplanets", r"from\s+(?:ps|pscomppars|stellarhosts|ml|cumulative|toi|td)\b"),
    ("cadc", r"\bcaom2\.|\bcadc\b"),
    (
        "simbad",
        r"from\s+(?:basic|ident|ids|flux|allfluxes|otypes|otypedef|has_ref|ref|mesdistance|h_link)\b",
    ),
    ("mast", r"\bobs_?core\b|\bmast\b"),
)


def service_of(query: str, words: str) -> str:
    """Return the service that a query is written for, by its tables, else by what is said."""
    said = words.lower()
    for name in ("simbad", "vizier", "cadc", "mast", "gaia"):
        if re.search(rf"\b(?:on|at|in|from|to|with|using|against|via) (?:the )?{name}\b", said):
            return name
    if "exoplanet" in said:
        return "exoplanets"
    for name, pattern in _SERVICES:
        if re.search(pattern, query, re.IGNORECASE):
            return name
    return "gaia"
