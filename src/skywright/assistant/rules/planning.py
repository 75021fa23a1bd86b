"""From a wish to calls of tools, or to the question that has to be asked first."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from skywright.assistant.rules import sky_plans
from skywright.assistant.rules.faults import Part
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
    return _PLANS[wish.intent](wish, settings)


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
    given = {key: value for key, value in given.items() if value}
    if read.span and read.span.since:
        given["since"] = read.span.since.isoformat()
    if read.span and read.span.until:
        given["until"] = read.span.until.isoformat()
    if _FAILED.search(read.masked):
        given["outcome"] = "failure"
    elif _SUCCEEDED.search(read.masked):
        given["outcome"] = "success"
    if _UPCOMING.search(read.masked):
        given["upcoming"] = True
    if read.count:
        given["limit"] = min(read.count, 100)
    return Plan((step("find-launches", **given),))


def _satellites(wish: Wish, _settings: Settings) -> Plan:
    read = wish.entities
    named = read.named("satellite")
    given: dict[str, Any] = {}
    if named and named.norad_id:
        given["norad_id"] = named.norad_id
    elif named:
        given["name"] = named.text
    else:
        given["name"] = _constellation(read.text) or wish.target or free_name(read)
    if not any(given.values()):
        return Plan(missing="Which satellite? Give a name such as ISS, or a NORAD number.")
    if read.count:
        given["limit"] = min(read.count, 100)
    return Plan((step("find-satellites", **given),))


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
    if read.span and read.span.since and read.span.until:
        given["year"] = read.span.since.year
    if read.facility and not planet:
        given["facility"] = read.facility
    if not given:
        name = free_name(read)
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
        request |= {"delta_v": [0.0, amounts.speed_m_s, 0.0], "at": span.since.isoformat()}
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
    given = {"date": span.since.isoformat()} if span and span.is_day and span.since else {}
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
_UPCOMING = re.compile(
    r"\b(next|upcoming|future|scheduled|planned|coming( up)?|soon|will (be )?launch\w*|tomorrow)\b",
    re.IGNORECASE,
)
_DEFLECT = re.compile(r"\b(deflect\w*|impactor|avoid|push|nudge|divert\w*)\b", re.IGNORECASE)
_CONSTELLATIONS = re.compile(
    r"\b(starlink|oneweb|iridium|kuiper|galileo|glonass|gps|navstar|beidou|globalstar|cosmos)\b",
    re.IGNORECASE,
)
_NEEDED: dict[str, tuple[Part, ...]] = {
    "cone-search": ("positions", "radius_deg", "count"),
    "colour-cut": ("radius_deg",),
    "cmd": ("positions", "radius_deg"),
    "sky-map": ("positions", "radius_deg"),
    "papers": ("span", "count"),
    "launches": ("span", "count"),
    "satellites": ("count",),
    "exoplanets": ("span", "count"),
    "neo-simulate": ("span",),
    "neo-anomalies": ("count",),
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
