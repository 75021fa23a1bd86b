"""From a wish to calls of tools, or to the question that has to be asked first."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from skywright.assistant.rules import launch_plans, neo_plans, sky_plans, space_plans
from skywright.assistant.rules.faults import Part
from skywright.assistant.rules.plan import Plan, step
from skywright.assistant.rules.routing import intents
from skywright.assistant.rules.subjects import author_of, service_of, subject_of, unwanted_of
from skywright.assistant.rules.understanding import Wish
from skywright.settings import Settings


def planned(wish: Wish, settings: Settings) -> Plan:
    """Return the calls that a wish needs, or what to ask where it gives what cannot be."""
    if wish.told:
        return Plan(missing=f"The last answer says: {wish.told} What else about it?")
    needed = _NEEDED.get(wish.intent, ())
    for fault in wish.entities.faults:
        if fault.of in needed:
            return Plan(missing=fault.sentence)
    plan = _PLANS[wish.intent](wish, settings)
    if wish.rival and plan.steps and _calls(plan) != _calls(_PLANS[wish.rival](wish, settings)):
        titles = " or ".join(intents()[one].title for one in (wish.intent, wish.rival))
        return Plan(missing=f"What is wanted: {titles}?")
    if wish.intent in _OF_ONE and plan.steps:
        return replace(plan, remarks=(*plan.remarks, *sky_plans.left_out(wish)))
    return plan


def _calls(plan: Plan) -> list[tuple[str, Mapping[str, Any]]]:
    return [(one.tool, one.arguments(())) for one in plan.steps]


def _papers(wish: Wish, _settings: Settings) -> Plan:
    read = wish.entities
    author, query = author_of(read), subject_of(read, wish.target)
    unwanted = unwanted_of(read)
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
    remarks = (f"What was to be left out ({unwanted}) was not.",) if unwanted else ()
    return Plan((step("search-papers", **given),), remarks)


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
    given: dict[str, Any] = {"service": service_of(query, wish.entities.masked)}
    if wish.entities.count:
        most = min(wish.entities.count, _MOST_ROWS)
        query = _TOP.sub(f"TOP {most}", query, count=1)
        given["limit"] = most
    return Plan((step("run-adql", query=query, **given),))


def _sources(_wish: Wish, _settings: Settings) -> Plan:
    return Plan((step("list-sources"),))


def _knowledge(wish: Wish, _settings: Settings) -> Plan:
    return Plan((step("search-knowledge", question=wish.entities.text[:_MOST_SEARCHED]),))


def _nothing(_wish: Wish, _settings: Settings) -> Plan:
    return Plan()


_MOST_SEARCHED = 1_000
"""Characters of a question that the search takes."""
_TOP = re.compile(r"\btop\s+\d+", re.IGNORECASE)
_MOST_ROWS = 50_000
_ORDINALS = {"first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "last": -1}
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
    "launches": ("span", "count", "filters"),
    "satellites": ("count", "condition"),
    "exoplanets": ("span", "count", "condition", "filters"),
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
    "launches": launch_plans.launches,
    "satellites": space_plans.satellites,
    "exoplanets": space_plans.exoplanets,
    "neo-assess": neo_plans.assess,
    "neo-simulate": neo_plans.simulate,
    "neo-anomalies": neo_plans.anomalies,
    "approaches": space_plans.approaches,
    "collision-probability": space_plans.collision,
    "manoeuvres": space_plans.element_sets("ssa-manoeuvres"),
    "picture-of-the-day": _picture,
    "sources": _sources,
    "knowledge": _knowledge,
    "greeting": _nothing,
    "unclear": _nothing,
}
