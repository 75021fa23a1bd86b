"""Plans for launches of rockets."""

from __future__ import annotations

import re
from typing import Any

from skywright.assistant.rules.entities import Entities
from skywright.assistant.rules.names import gazetteer
from skywright.assistant.rules.plan import Plan, step
from skywright.assistant.rules.space_plans import satellite_of
from skywright.assistant.rules.understanding import TURN, Wish
from skywright.assistant.rules.written_dates import Span
from skywright.settings import Settings

_FAILED = re.compile(
    r"\b(fail\w*(?! rate)|unsuccessful\w*|explo\w+|lost|went wrong|bl[eo]w\w* up|crash\w*"
    r"|destroyed)\b",
    re.IGNORECASE,
)
_SUCCEEDED = re.compile(r"\b(success\w*(?! rate)|succeed\w*|went well)\b", re.IGNORECASE)
_DENIED = re.compile(r"(?:\b(?:not|never|no|without(?: a)?|neither|non)|n't)(?:\W+\w+)?\W*$", re.I)
_WHEN = re.compile(
    r"\b(?:when|what (?:date|day|year)|which (?:date|day|year|rocket)|how long ago)\b"
)
_ANY_LAUNCH = re.compile(
    r"\b(?:all|any|every|latest|last|recent\w*|newest|list|show|which|how many|number|table|history"
    r"|COUNT)\b|^(?:the )?(?:rocket |space |orbital )?(?:launches|launch list)\W*$",
)
_COUNTRIES = {
    "chinese": "CASC", "china": "CASC", "russian": "Roscosmos", "russia": "Roscosmos",
    "indian": "ISRO", "india": "ISRO", "japanese": "Mitsubishi Heavy Industries",
    "japan": "Mitsubishi Heavy Industries", "european": "Arianespace", "europe": "Arianespace",
    "iranian": "Iranian Space Agency", "iran": "Iranian Space Agency",
}  # fmt: skip
"""Who launches most of a country's rockets."""
_COUNTRY = re.compile(rf"\b(?:{'|'.join(_COUNTRIES)})(?:'s)?\b")
_EARLIEST = re.compile(r"\b(?:first|earliest|oldest|maiden|inaugural)\b")
_PHRASE = re.compile(
    r"\b(?:by|of|from|at|with|carrying|to|for|on)\s+(?:the |a |an )?"
    r"(?P<phrase>[A-Z][\w-]*(?: (?:[A-Z0-9][\w-]*|of|de))*)"
)
_SINGLE = re.compile(
    r"\b(?:latest|last|newest|most recent|next)\b(?: [\w-]+){0,3} (?:launch|flight|mission)\b"
)
_PAST = re.compile(r"\b(?:was|were|did|happened|launched|flew|went|took)\b")
_UPCOMING = re.compile(
    r"\b(next|upcoming|going to|about to|future|scheduled|planned|coming( up)?|soon"
    r"|will (be )?launch\w*|tomorrow)\b",
    re.IGNORECASE,
)
_KINDS = re.compile(
    r"\b(?:american|us|usa|u\.s\.|united states|soviet|korean|british|french|german|israeli"
    r"|canadian|commercial|private|military|crewed|uncrewed|manned|unmanned|rideshare|suborbital"
    r"|reused|baikonur|cape canaveral|vandenberg|kourou|kennedy|plesetsk|wenchang|jiuquan|xichang"
    r"|sriharikota|ksc|lc-39a)\b"
)
"""Kinds and sites of launches, by which the tool does not choose."""


def launches(wish: Wish, _settings: Settings) -> Plan:
    """Plan a list of launches."""
    read = wish.entities
    launched = read.named("satellite")
    if launched and not (read.provider or read.rocket) and _WHEN.search(read.masked):
        return Plan((step("find-satellites", **satellite_of(launched)),))
    country, unread = _COUNTRY.search(read.masked), _unread_phrase(read)
    provider = read.provider
    if country and not (provider or read.rocket):
        provider = _COUNTRIES[country[0].removesuffix("'s")]
    given = _launch_filters(read, provider)
    if not given and (unread or not _ANY_LAUNCH.search(read.masked)):
        named = f"Launches of {unread!r} are not told apart. " if unread else ""
        return Plan(missing=f"{named}Which launches? Give a provider, a rocket, or dates.")
    remarks = [f"Not considered: {unread}."] if unread else []
    if country and provider != read.provider:
        remarks.append(f"For {country[0]} launches those of {provider} were taken.")
    if _EARLIEST.search(read.masked):
        remarks.append("The newest are told first; the table holds all, the earliest last.")
    elif read.count or _SINGLE.search(read.masked):
        given["limit"] = min(read.count or 1, 100)
    return Plan((step("find-launches", **given),), tuple(remarks))


def _launch_filters(read: Entities, provider: str) -> dict[str, Any]:
    span = read.span
    is_said = bool(_UPCOMING.search(read.masked)) and not (span and span.is_over)
    is_today = bool(span and span.is_today) and not _PAST.search(read.masked)
    is_to_come = is_said or is_today or bool(span and span.is_to_come)
    given: dict[str, Any] = {"provider": provider, "rocket": read.rocket, **_days(read.span)}
    given |= {"outcome": _outcome(read.masked), "upcoming": is_to_come}
    return {key: value for key, value in given.items() if value}


def _days(span: Span | None) -> dict[str, str]:
    ends = {"since": span.since, "until": span.until} if span else {}
    return {name: day.isoformat() for name, day in ends.items() if day}


def _outcome(masked: str) -> str:
    said, *before = reversed(masked.split(TURN))  # what was said last counts
    failed, succeeded = _FAILED.search(said), _SUCCEEDED.search(said)
    if not (failed or succeeded):
        return _outcome(TURN.join(reversed(before))) if before else ""
    if failed and succeeded:
        return ""
    found = failed or succeeded
    assert found is not None  # noqa: S101  (one of both; tells the type)
    is_failure = bool(failed) != bool(_DENIED.search(said[: found.start()]))
    return "failure" if is_failure else "success"


def _unread_phrase(read: Entities) -> str:
    """Return a name behind "from", "of" and the like, such as a site, that is no filter."""
    if read.names:
        return read.names[0].text
    kind = _KINDS.search(read.masked)
    if kind:
        return kind[0]
    for match in _PHRASE.finditer(read.untimed):
        phrase = match["phrase"].strip(" ?.!,")
        if phrase.lower() not in _COUNTRIES and not any(
            _listed_way(phrase, kind) for kind in ("providers", "rockets")
        ):
            return phrase
    return ""


def _listed_way(phrase: str, kind: str) -> bool:
    ways = [way for said in gazetteer()[kind].values() for way in said]
    return any(re.search(rf"(?<!\w){re.escape(way)}(?!\w)", phrase.lower()) for way in ways)
