"""From a wish to calls of tools, or to the question that has to be asked first."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from skywright.assistant.rules import sky_plans
from skywright.assistant.rules.dates import Span
from skywright.assistant.rules.entities import Entities
from skywright.assistant.rules.faults import Part
from skywright.assistant.rules.names import Name, gazetteer
from skywright.assistant.rules.plan import Plan, step
from skywright.assistant.rules.subjects import author_of, free_name, service_of, subject_of
from skywright.assistant.rules.understanding import Wish
from skywright.settings import Settings


def planned(wish: Wish, settings: Settings) -> Plan:
    """Return the calls that a wish needs, or what to ask where it gives what cannot be."""
    needed = _NEEDED.get(wish.intent, ())
    for fault in wish.entities.faults:
        if fault.of in needed:
            return Plan(missing=fault.sentence)
    plan = _PLANS[wish.intent](wish, settings)
    if wish.intent in _OF_ONE and plan.steps:
        return replace(plan, remarks=(*plan.remarks, *sky_plans.left_out(wish)))
    return plan


def _papers(wish: Wish, _settings: Settings) -> Plan:
    read = wish.entities
    author, query = author_of(read), subject_of(read)
    if not (query or author or read.arxiv_ids):
        return Plan(missing="Papers on what? Give a subject, such as JWST exoplanet atmospheres.")
    given: dict[str, Any] = {"query": query or " ".join(read.arxiv_ids)}
    if read.span and read.span.since:
        given["since_year"] = read.span.since.year
    if read.span and read.span.until:
        given["until_year"] = read.span.until.year
    if author:
        given["author"] = author
    if read.count:
        given["limit"] = min(read.count, 100)
    service = re.search(r"\b(arxiv|nasa ads|ads)\b", read.masked, re.IGNORECASE)
    if service:
        given["service"] = "arxiv" if service[1].lower() == "arxiv" else "ads"
    return Plan((step("search-papers", **given),))


def _bibtex(wish: Wish, _settings: Settings) -> Plan:
    codes = [*wish.entities.bibcodes, *wish.entities.arxiv_ids]
    if not codes and wish.bibcodes:
        codes = _meant(wish.entities.text, wish.bibcodes)
    if not codes:
        return Plan(missing="Of which paper? Give its bibcode, such as 2016A&A...595A...1G.")
    return Plan((step("get-bibtex", bibcodes=codes),))


def _meant(text: str, codes: Sequence[str]) -> list[str]:
    for word, place in _ORDINALS.items():
        if re.search(rf"\b{word}\b", text, re.IGNORECASE):
            return list(codes[place:][:1])
    return list(codes)


def _launches(wish: Wish, _settings: Settings) -> Plan:
    read = wish.entities
    given: dict[str, Any] = {"provider": read.provider, "rocket": read.rocket}
    given |= _days(read.span)
    given["outcome"] = _outcome(read.masked)
    is_to_come = bool(read.span and read.span.is_to_come) or bool(_UPCOMING.search(read.masked))
    given["upcoming"] = is_to_come
    given = {key: value for key, value in given.items() if value}
    launched = read.named("satellite")
    if launched and not (read.provider or read.rocket) and _WHEN.search(read.masked):
        return Plan((step("find-satellites", **_satellite(launched)),))
    unread = _unread_phrase(read)
    if not given and (unread or not _ANY_LAUNCH.search(read.masked)):
        named = f"Launches of {unread!r} are not told apart. " if unread else ""
        return Plan(missing=f"{named}Which launches? Give a provider, a rocket, or dates.")
    remarks: tuple[str, ...] = (f"{unread} was not considered.",) if unread else ()
    if _EARLIEST.search(read.masked):
        remarks += ("The newest are told first; the table holds all, the earliest last.",)
    elif read.count:
        given["limit"] = min(read.count, 100)
    return Plan((step("find-launches", **given),), remarks)


def _days(span: Span | None) -> dict[str, str]:
    ends = {"since": span.since, "until": span.until} if span else {}
    return {name: day.isoformat() for name, day in ends.items() if day}


def _outcome(masked: str) -> str:
    failed, succeeded = _FAILED.search(masked), _SUCCEEDED.search(masked)
    if bool(failed) == bool(succeeded):
        return ""
    found = failed or succeeded
    assert found is not None  # noqa: S101  (one of both; tells the type)
    is_failure = bool(failed) != bool(_DENIED.search(masked[: found.start()]))
    return "failure" if is_failure else "success"


def _unread_phrase(read: Entities) -> str:
    """Return a name behind "from", "of" and the like, such as a site, that is no filter."""
    if read.names:
        return read.names[0].text
    for match in _PHRASE.finditer(read.untimed):
        phrase = match["phrase"].strip(" ?.!,")
        if not any(_listed_way(phrase, kind) for kind in ("providers", "rockets")):
            return phrase
    return ""


def _listed_way(phrase: str, kind: str) -> bool:
    ways = [way for said in gazetteer()[kind].values() for way in said]
    return any(re.search(rf"(?<!\w){re.escape(way)}(?!\w)", phrase.lower()) for way in ways)


def _satellites(wish: Wish, _settings: Settings) -> Plan:
    read = wish.entities
    named = read.named("satellite")
    given: dict[str, Any] = _satellite(named) if named else {}
    if not named:
        given["name"] = _constellation(read.text) or wish.target or free_name(read)
    if not any(given.values()):
        return Plan(missing="Which satellite? Give a name such as ISS, or a NORAD number.")
    if read.span and not _NOW.search(read.masked):
        return Plan(missing="Satellites are found by name or number, not by date. Which ones?")
    if read.count:
        given["limit"] = min(read.count, 100)
    return Plan((step("find-satellites", **given),))


def _satellite(named: Name) -> dict[str, Any]:
    return {"norad_id": named.norad_id} if named.norad_id else {"name": named.text}


def _constellation(text: str) -> str:
    found = _CONSTELLATIONS.search(text)
    return found[0] if found else ""


def _exoplanets(wish: Wish, _settings: Settings) -> Plan:
    read = wish.entities
    planet, star = read.named("exoplanet"), read.named("object")
    given: dict[str, Any] = {}
    if planet:
        given["name"] = planet.text
    elif star:
        given["host"] = star.text
    elif wish.target:
        given["name" if re.search(r" [b-i]$", wish.target) else "host"] = wish.target
    if read.method:
        given["method"] = read.method
    if read.span and not planet:
        first, last = read.span.since, read.span.until
        if not (first and last and first.year == last.year):
            return Plan(missing="Exoplanets are found by one year of discovery. Which year?")
        given["year"] = first.year
    if read.facility and not planet:
        given["facility"] = read.facility
    if not given:
        name = free_name(read)
        if not (name or _ANY_PLANET.search(read.masked)):
            return Plan(missing="Which planets? Give a star, a planet, a method or a year.")
        given |= {"host": name} if name else {}
    if read.count:
        given["limit"] = min(read.count, 100)
    return Plan((step("find-exoplanets", **given),))


def _assess(wish: Wish, _settings: Settings) -> Plan:
    name = _asteroid(wish)
    if not name:
        return Plan(missing="Which asteroid? Give a name, number or designation, such as Apophis.")
    return Plan((step("neo-assess", name=name),))


def _asteroid(wish: Wish) -> str:
    named = wish.entities.named("asteroid", "comet")
    return named.text if named else wish.target or free_name(wish.entities)


def _simulate(wish: Wish, _settings: Settings) -> Plan:
    name, amounts, span = _asteroid(wish), wish.entities.amounts, wish.entities.span
    if not name:
        return Plan(missing="Which asteroid? Give a name, number or designation, such as Apophis.")
    request: dict[str, Any] = {"object": name}
    remarks: tuple[str, ...] = ()
    if amounts.speed_m_s is not None:
        if span is None or span.since is None:
            return Plan(missing="On which date should the velocity change? For example 2027-01-01.")
        text = wish.entities.text
        radial, along, normal = (bool(one.search(text)) for one in (_RADIAL, _BACK, _NORMAL))
        speed = -abs(amounts.speed_m_s) if along or _INWARD.search(text) else amounts.speed_m_s
        push = [speed, 0.0, 0.0] if radial else [0.0, speed, 0.0]
        push = [0.0, 0.0, speed] if normal else push
        request |= {"delta_v": push, "at": span.since.isoformat()}
        if not (radial or normal or along):
            remarks = ("The change of velocity was taken along the direction of motion.",)
    if amounts.diameter_km is not None:
        request["diameter_km"] = amounts.diameter_km
    if amounts.mass_kg is not None:
        request["mass_kg"] = amounts.mass_kg
    if amounts.elements:
        request["set"] = dict(amounts.elements)
    if len(request) == 1:
        if not _DEFLECT.search(wish.entities.text):
            return Plan(missing="What should change? A velocity and its date, size, mass or orbit.")
        request["deflection"] = True
    return Plan((step("neo-simulate", request=request),), remarks)


def _anomalies(wish: Wish, _settings: Settings) -> Plan:
    given = {"limit": min(wish.entities.count, 100)} if wish.entities.count else {}
    return Plan((step("neo-anomalies", **given),))


def _element_sets(tool: str) -> Callable[[Wish, Settings], Plan]:
    def plan(wish: Wish, _settings: Settings) -> Plan:
        text = wish.entities.pasted
        if not text:
            words = "Which element sets? Paste two-line sets or OMM into the question."
            return Plan(missing=words)
        return Plan((step(tool, element_sets=text),))

    return plan


def _collision(wish: Wish, _settings: Settings) -> Plan:
    if not wish.entities.pasted:
        return Plan(missing="Of which conjunction? Paste its conjunction data message (CDM).")
    return Plan((step("ssa-collision-probability", message=wish.entities.pasted),))


def _picture(wish: Wish, _settings: Settings) -> Plan:
    span = wish.entities.span
    if span and not (span.is_day and span.since):
        return Plan(missing="Of which day? For example 2024-04-08.")
    given = {"date": span.since.isoformat()} if span and span.since else {}
    return Plan((step("picture-of-the-day", **given),))


def _adql(wish: Wish, _settings: Settings) -> Plan:
    query = wish.entities.adql
    if not query:
        return Plan(missing="Which query? Write it in ADQL, such as SELECT TOP 5 * FROM basic.")
    return Plan((step("run-adql", query=query, service=service_of(query, wish.entities.masked)),))


def _sources(_wish: Wish, _settings: Settings) -> Plan:
    return Plan((step("list-sources"),))


def _knowledge(wish: Wish, _settings: Settings) -> Plan:
    return Plan((step("search-knowledge", question=wish.entities.text),))


def _nothing(_wish: Wish, _settings: Settings) -> Plan:
    return Plan()


_ORDINALS = {"first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "last": -1}
_FAILED = re.compile(r"\b(fail\w*|unsuccessful\w*|explo\w+|lost|went wrong)\b", re.IGNORECASE)
_SUCCEEDED = re.compile(r"\b(success\w*|succeed\w*|went well)\b", re.IGNORECASE)
_DENIED = re.compile(r"(?:\b(?:not|never|no|without(?: a)?|neither|non)|n't)(?:\W+\w+)?\W*$", re.I)
_WHEN = re.compile(
    r"\b(?:when|what (?:date|day|year)|which (?:date|day|year|rocket)|how long ago)\b"
)
_ANY_LAUNCH = re.compile(
    r"\b(?:all|any|every|latest|last|recent\w*|newest|list|show|which|how many|number|table|history"
    r"|COUNT)\b|^(?:the )?(?:rocket |space |orbital )?(?:launches|launch list)\W*$",
)
_EARLIEST = re.compile(r"\b(?:first|earliest|oldest|maiden|inaugural)\b")
_PHRASE = re.compile(
    r"\b(?:by|of|from|at|with|carrying|to|for|on)\s+(?:the |a |an )?"
    r"(?P<phrase>[A-Z][\w-]*(?: (?:[A-Z0-9][\w-]*|of|de))*)"
)
_ANY_PLANET = re.compile(
    r"\b(?:all|any|list|show|how many|number|latest|newest|known|confirmed|count)\b.*"
    r"\b(?:exo-?planets?|planets?|worlds)\b|^(?:the )?exo-?planets\W*$"
)
_NOW = re.compile(r"\b(?:now|today|currently|at present|still)\b")
_RADIAL = re.compile(r"\b(?:radial\w*|outward\w*|inward\w*|(?:towards?|away from) the sun)\b", re.I)
_INWARD = re.compile(r"\b(?:inward\w*|towards? the sun)\b", re.IGNORECASE)
_BACK = re.compile(
    r"\b(?:slow\w*|brak\w+|decelerat\w*|retrograde|backwards?|opposite"
    r"|against (?:its|the) (?:direction of )?(?:motion|velocity))\b",
    re.IGNORECASE,
)
_NORMAL = re.compile(
    r"\b(?:normal|perpendicular) to (?:its|the) (?:orbit\w*|plane)|\bout of (?:its |the )?plane\b",
    re.IGNORECASE,
)
_UPCOMING = re.compile(
    r"\b(next|upcoming|future|scheduled|planned|coming( up)?|soon|will (be )?launch\w*|tomorrow)\b",
    re.IGNORECASE,
)
_DEFLECT = re.compile(r"\b(deflect\w*|impactor|avoid|push|nudge|divert\w*)\b", re.IGNORECASE)
_CONSTELLATIONS = re.compile(
    r"\b(starlink|oneweb|iridium|kuiper|galileo|glonass|gps|navstar|beidou|globalstar|cosmos)\b",
    re.IGNORECASE,
)
_OF_ONE = frozenset(
    ["coordinates", "cone-search", "cmd", "light-curve", "sed", "sky-map", "exoplanets",
     "satellites", "neo-assess", "neo-simulate"]
)  # fmt: skip
"""Intents that answer for one object."""
_NEEDED: dict[str, tuple[Part, ...]] = {
    "cone-search": ("positions", "radius_deg", "count", "colour", "magnitude", "condition"),
    "colour-cut": ("radius_deg", "colour", "magnitude", "condition"),
    "cmd": ("positions", "radius_deg", "colour", "magnitude", "condition"),
    "sky-map": ("positions", "radius_deg"),
    "papers": ("span", "count"),
    "launches": ("span", "count"),
    "satellites": ("count", "condition"),
    "exoplanets": ("span", "count", "condition"),
    "neo-simulate": ("span",),
    "neo-anomalies": ("count", "condition"),
    "picture-of-the-day": ("span",),
}
"""What each intent cannot go without where it was given wrongly."""
_PLANS: dict[str, Callable[[Wish, Settings], Plan]] = {
    "coordinates": sky_plans.coordinates,
    "cone-search": sky_plans.cone,
    "adql": _adql,
    "colour-cut": sky_plans.colour_cut,
    "cmd": sky_plans.cmd,
    "light-curve": sky_plans.light_curve,
    "sed": sky_plans.sed,
    "sky-map": sky_plans.sky_map,
    "papers": _papers,
    "bibtex": _bibtex,
    "launches": _launches,
    "satellites": _satellites,
    "exoplanets": _exoplanets,
    "neo-assess": _assess,
    "neo-simulate": _simulate,
    "neo-anomalies": _anomalies,
    "approaches": _element_sets("ssa-approaches"),
    "collision-probability": _collision,
    "manoeuvres": _element_sets("ssa-manoeuvres"),
    "picture-of-the-day": _picture,
    "sources": _sources,
    "knowledge": _knowledge,
    "greeting": _nothing,
    "unclear": _nothing,
}
