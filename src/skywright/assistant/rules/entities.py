"""Everything that a question names, read once and in one order."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

from skywright.assistant.rules.amounts import Amounts, amounts_in, count_in
from skywright.assistant.rules.angles import angles_in, radius_deg
from skywright.assistant.rules.bounds import Bounds, colour_bounds_in, magnitude_bounds_in
from skywright.assistant.rules.catalogues import catalogue_in
from skywright.assistant.rules.dates import span_in
from skywright.assistant.rules.faults import (
    Fault,
    bound_faults_of,
    date_faults_in,
    denied_faults,
    faults_in,
)
from skywright.assistant.rules.names import Kind, Name, gazetteer, names_in
from skywright.assistant.rules.negation import is_denied
from skywright.assistant.rules.positions import Position, positions_in
from skywright.assistant.rules.reading import Reader, plain
from skywright.assistant.rules.references import (
    adql_in,
    arxiv_ids_in,
    bibcodes_in,
    pasted_in,
    quoted_in,
)
from skywright.assistant.rules.written_dates import Span

_ALIAS = re.compile(r"[\s,/]*\(?\s*(?:aka|a\.k\.a\.|also|alias|i\.?e\.?,?|or|=|called)?\s*")
_MESSAGE = re.compile(r"CCSDS_CDM|<cdm\b|\bTCA\b", re.IGNORECASE)
_UNWANTED = re.compile(
    r"\b(?:not|except(?: for)?|excluding|instead of|rather than|other than|apart from|without)"
    r"(?: (?:of|for|around|near|on|about|in|the|that|object|star))*\s*$",
    re.IGNORECASE,
)
"""What stands before a name that is not wanted."""
_MOST_READ = 2_000
"""Characters that are read: some patterns take a time that grows with the square of the length."""


@dataclass(frozen=True, slots=True)
class Entities:
    """What was read from a question."""

    text: str
    """The question with one kind of quote, dash and blank."""
    masked: str
    """In small letters, kinds in capitals instead of what was read: ``stars near OBJECT``."""
    names: tuple[Name, ...] = ()
    positions: tuple[Position, ...] = ()
    radius_deg: float | None = None
    colour: Bounds | None = None
    magnitude: Bounds | None = None
    span: Span | None = None
    bibcodes: tuple[str, ...] = ()
    arxiv_ids: tuple[str, ...] = ()
    quoted: tuple[str, ...] = ()
    adql: str = ""
    pasted: str = ""
    """Element sets or a conjunction data message, as they were put into the question."""
    untimed: str = ""
    """The question without dates and counts."""
    amounts: Amounts = field(default_factory=Amounts)
    count: int | None = None
    provider: str = ""
    rocket: str = ""
    method: str = ""
    facility: str = ""
    catalogue: str = ""
    """As the tools call it."""
    faults: tuple[Fault, ...] = ()
    """What cannot be, as it was said; nothing runs that needs it."""

    def named(self, *kinds: Kind) -> Name | None:
        """Return the first name of these kinds, of any kind without one."""
        return next((one for one in self.names if not kinds or one.kind in kinds), None)


def entities_in(question: str, today: date) -> Entities:
    """Read a question.

    Parameters
    ----------
    question : str
        As asked.
    today : date
        What "last year" is counted from (UTC).
    """
    adql, pasted = adql_in(question), pasted_in(question)
    if adql or pasted:
        return _with_text(question, adql, pasted, today)
    text = plain(question)[:_MOST_READ]
    text = text.lower() if text.isupper() else text  # where all is shouted, case tells nothing
    reader = Reader(text)
    quoted = quoted_in(reader)
    bibcodes, arxiv_ids = bibcodes_in(reader), arxiv_ids_in(reader)
    colour = colour_bounds_in(reader)  # before positions: (0.8, 1.5) is a range behind BP-RP
    positions = positions_in(reader)
    names = names_in(reader)
    magnitude = magnitude_bounds_in(reader)
    angles = angles_in(reader)
    radius = radius_deg(reader, angles)
    amounts = amounts_in(reader)
    faults = list(date_faults_in(reader, today))
    span = None if faults else span_in(reader, today)
    count = count_in(reader)
    faults += faults_in(reader, radius)
    texts = (("providers", text), ("rockets", text), ("methods", text), ("facilities", reader.rest))
    listed = {kind: _listed(where, kind) for kind, where in texts}
    faults += denied_faults(entry for entry, is_not in listed.values() if is_not)
    faults += bound_faults_of(colour, "colour")
    faults += bound_faults_of(magnitude, "magnitude")
    return Entities(
        text=text,
        masked=reader.masked(),
        names=tuple(_wanted(names, text)),
        positions=tuple(positions),
        radius_deg=radius,
        colour=colour,
        magnitude=magnitude,
        span=span,
        bibcodes=bibcodes,
        arxiv_ids=arxiv_ids,
        quoted=quoted,
        untimed=reader.without("time", "count"),
        amounts=amounts,
        count=count,
        provider=listed["providers"][0],
        rocket=listed["rockets"][0],
        method=listed["methods"][0],
        facility=listed["facilities"][0],
        catalogue=catalogue_in(text, reader.masked()),
        faults=tuple(faults),
    )


def _with_text(question: str, adql: str, pasted: str, today: date) -> Entities:
    """Read a question with a query or data in it: only what stands around that is words."""
    data = adql or pasted
    start = max(question.find(data[:20]), 0)
    words = plain(question[:start]) if adql else plain(question.replace(data, " "))
    reader = Reader(words)
    amounts, span, count = amounts_in(reader), span_in(reader, today), count_in(reader)
    kind = "ADQL" if adql else "CDM" if _MESSAGE.search(pasted) else "PASTED"
    return Entities(
        plain(question),
        f"{reader.masked()} {kind}".strip(),
        adql=adql,
        pasted=pasted,
        untimed=words,
        amounts=amounts,
        span=span,
        count=count,
    )


def _wanted(names: list[Name], text: str) -> list[Name]:
    """Leave out what is named to be left out, as in "not M31 but M33", where another is named."""
    wanted = [one for one in names if not _UNWANTED.search(text[: one.start])] or names
    doubled = [one for one, other in pairwise(wanted) if _is_same(one, other, text)]
    return [one for one in wanted if one not in doubled]


def _is_same(one: Name, other: Name, text: str) -> bool:
    """Tell whether an everyday name has its number in a catalogue behind it."""
    if {one.kind, other.kind} != {"object"} or not re.search(r"\d", other.text):
        return False
    said = one.text.split()[-1].lower()
    place = text.lower().rfind(said, one.start, other.start)
    between = text[place + len(said) : other.start] if place >= 0 else "-"
    return not re.search(r"\d", one.text) and bool(_ALIAS.fullmatch(between))


def _listed(text: str, kind: str) -> tuple[str, bool]:
    """Return the entry whose longest way of saying it is in the text, and whether it is denied."""
    folded = text.lower()
    ways = [(way, entry) for entry, said in gazetteer()[kind].items() for way in said]
    for way, entry in sorted(ways, key=lambda one: -len(one[0])):
        found = re.search(rf"(?<!\w){re.escape(way)}(?!\w)", folded)
        if found:
            return str(entry), is_denied(folded[: found.start()])
    return "", False
