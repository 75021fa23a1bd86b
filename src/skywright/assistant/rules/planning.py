"""From a wish to calls of tools, or to the question that has to be asked first."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from skywright.assistant.messages import ToolRun
from skywright.assistant.rules.bounds import Bounds
from skywright.assistant.rules.installed import installed_star_tables, is_installed
from skywright.assistant.rules.positions import is_off_the_sky
from skywright.assistant.rules.subjects import (
    author_of,
    catalogue_of,
    free_name,
    service_of,
    subject_of,
)
from skywright.assistant.rules.understanding import Wish
from skywright.settings import Settings

CONE_DEG = 0.083333
"""Radius where a question names none [deg]: 5 arcminutes."""
CLUSTER_DEG = 0.25
"""Radius of a diagram where a question names none [deg]: holds the core of most clusters."""
CLUSTER_ROWS = 50_000

Arguments = Callable[[Sequence[ToolRun]], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Step:
    """A call; its arguments may depend on what came of those before it."""

    tool: str
    arguments: Arguments


@dataclass(frozen=True, slots=True)
class Plan:
    """Calls in their order, and what was assumed for them."""

    steps: tuple[Step, ...] = ()
    remarks: tuple[str, ...] = ()
    """Sentences that say what was taken where the question left it open."""
    missing: str = ""
    """The question to ask back instead."""


def planned(wish: Wish, settings: Settings) -> Plan:
    """Return the calls that a wish needs."""
    return _PLANS[wish.intent](wish, settings)


def _coordinates(wish: Wish, _settings: Settings) -> Plan:
    name = wish.target or free_name(wish.entities)
    if not name:
        return Plan(missing="Which object do you mean? Give its name, such as M31 or HD 189733.")
    return Plan((_step("resolve-name", name=name),))


def _cone(wish: Wish, _settings: Settings) -> Plan:
    read = wish.entities
    radius = round(read.radius_deg or CONE_DEG, 6)
    fixed: dict[str, Any] = {"radius_deg": radius, "catalogue": catalogue_of(read)}
    if read.count:
        fixed["limit"] = read.count
    elif _cuts(wish):
        fixed["limit"] = CLUSTER_ROWS  # a cut of the first rows that came would answer nothing
    remarks = () if read.radius_deg else ("No radius was given; 5 arcminutes were taken.",)
    if read.positions:
        place = read.positions[0]
        cone = _step("cone-search", ra_deg=place.ra_deg, dec_deg=place.dec_deg, **fixed)
        return Plan((cone, *_cuts(wish)), remarks)
    if is_off_the_sky(read.text):
        return Plan(missing="Which position? RA lies in 0 to 360 degrees, Dec in -90 to 90.")
    name = wish.target or free_name(read)
    if not name:
        return Plan(missing="Around what? Give an object such as M13, or a position in degrees.")
    return Plan((*_cone_at(name, fixed), *_cuts(wish)), remarks)


def _cone_at(name: str, fixed: Mapping[str, Any]) -> tuple[Step, ...]:
    return (
        _step("resolve-name", name=name),
        Step("cone-search", lambda runs: {"target": name, **_place(runs), **fixed}),
    )


def _place(runs: Sequence[ToolRun]) -> dict[str, float]:
    """Return the position that the name was resolved to."""
    data = runs[0].result.data if runs and runs[0].result else {}
    return {key: float(data[key]) for key in ("ra_deg", "dec_deg") if key in data}


def _cuts(wish: Wish) -> tuple[Step, ...]:
    if wish.entities.colour is None and wish.entities.magnitude is None:
        return ()
    return (_step("colour-cut", **_cut(wish)),)


def _cut(wish: Wish) -> dict[str, Any]:
    colour = wish.entities.colour or Bounds(None, None, "bp_rp")
    given: dict[str, Any] = {"colour": colour.of}
    if colour.low is not None:
        given["low"] = colour.low
    if colour.high is not None:
        given["high"] = colour.high
    magnitude = wish.entities.magnitude
    if magnitude and magnitude.high is not None:
        given["brighter_than"] = magnitude.high
    if magnitude and magnitude.low is not None:
        given["fainter_than"] = magnitude.low
    return given


def _colour_cut(wish: Wish, settings: Settings) -> Plan:
    if wish.entities.colour is None and wish.entities.magnitude is None:
        return Plan(missing="Within which bounds? For example 0.8 < BP-RP < 1.5 and G < 15.")
    named = wish.entities.named("object")
    if named and not _has_table(wish, named.text, settings):
        fixed = {"radius_deg": wish.entities.radius_deg or CLUSTER_DEG, "catalogue": "gaia-dr3",
                 "limit": CLUSTER_ROWS}  # fmt: skip
        return Plan((*_cone_at(named.text, fixed), *_cuts(wish)), (_radius_remark(wish),))
    if named:
        return Plan((_step("colour-cut", **_cut(wish), table=named.text),))
    if wish.tables:
        return Plan((_step("colour-cut", **_cut(wish)),))
    return _cut_of_installed(wish, settings)


def _cut_of_installed(wish: Wish, settings: Settings) -> Plan:
    """Cut the table of the target, or the one installed table of stars that there is."""
    if wish.target and is_installed(settings, wish.target):
        return Plan((_step("colour-cut", **_cut(wish), table=wish.target),))
    installed = installed_star_tables(settings)
    if len(installed) == 1:
        remark = f"No table was named; the installed one, {installed[0]}, was taken."
        return Plan((_step("colour-cut", **_cut(wish), table=installed[0]),), (remark,))
    among = f" Installed are {', '.join(installed)}." if installed else ""
    return Plan(missing=f"Of which stars? Name an object, such as NGC 6397.{among}")


def _cmd(wish: Wish, settings: Settings) -> Plan:
    name = wish.target or ("" if wish.tables else free_name(wish.entities))
    if wish.entities.positions:
        return _cmd_at_place(wish)
    if not name:
        if wish.tables:
            return Plan((_step("plot-cmd"),))
        return Plan(missing="Of which object? For example the cluster NGC 6397.")
    if _has_table(wish, name, settings) and not wish.entities.radius_deg:
        return Plan((_step("plot-cmd", target=name),))
    radius = round(wish.entities.radius_deg or CLUSTER_DEG, 6)
    fixed = {"radius_deg": radius, "catalogue": catalogue_of(wish.entities), "limit": CLUSTER_ROWS}
    steps = (*_cone_at(name, fixed), Step("plot-cmd", _newest))
    return Plan(steps, () if wish.entities.radius_deg else (_radius_remark(wish),))


def _cmd_at_place(wish: Wish) -> Plan:
    place = wish.entities.positions[0]
    radius = round(wish.entities.radius_deg or CLUSTER_DEG, 6)
    cone = _step("cone-search", ra_deg=place.ra_deg, dec_deg=place.dec_deg, radius_deg=radius,
                 catalogue=catalogue_of(wish.entities), limit=CLUSTER_ROWS)  # fmt: skip
    return Plan((cone, Step("plot-cmd", _newest)), (_radius_remark(wish),))


def _newest(runs: Sequence[ToolRun]) -> Mapping[str, Any]:
    last = runs[-1].result if runs else None
    return {"table": last.table} if last and last.table else {}


def _radius_remark(wish: Wish) -> str:
    if wish.entities.radius_deg:
        return f"Stars within {wish.entities.radius_deg:g} degrees were taken."
    return f"No radius was given; stars within {CLUSTER_DEG:g} degrees were taken."


def _has_table(wish: Wish, name: str, settings: Settings) -> bool:
    wanted = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    on_desk = any(f"-{wanted}-" in f"-{table}-" for table in wish.tables)
    return on_desk or is_installed(settings, name)


def _light_curve(wish: Wish, _settings: Settings) -> Plan:
    name = wish.target or free_name(wish.entities)
    if not name:
        return Plan(missing="Of which star? For example TIC 261136679 or WASP-39.")
    mission = re.search(r"\b(tess|kepler|k2)\b(?!-\d)", wish.entities.masked, re.IGNORECASE)
    given = {"mission": _MISSIONS[mission[1].lower()]} if mission else {}
    return Plan((_step("plot-light-curve", target=name, **given),))


def _sed(wish: Wish, _settings: Settings) -> Plan:
    name = wish.target or free_name(wish.entities)
    if not name:
        return Plan(missing="Of which object? For example Vega or 3C 273.")
    return Plan((_step("plot-sed", target=name),))


def _sky_map(wish: Wish, _settings: Settings) -> Plan:
    named = wish.entities.named()
    radius = wish.entities.radius_deg
    if named is None and wish.tables:
        return Plan((_step("plot-sky-map", table=wish.tables[-1]),))
    name = wish.target or free_name(wish.entities)
    if not name:
        return Plan(missing="A map of what? Name an object, or ask for a catalogue search first.")
    given = {"radius_deg": round(radius, 6)} if radius else {}
    return Plan((_step("plot-sky-map", target=name, **given),))


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
    return Plan((_step("search-papers", **given),))


def _bibtex(wish: Wish, _settings: Settings) -> Plan:
    codes = [*wish.entities.bibcodes, *wish.entities.arxiv_ids]
    if not codes and wish.bibcodes:
        codes = _meant(wish.entities.text, wish.bibcodes)
    if not codes:
        return Plan(missing="Of which paper? Give its bibcode, such as 2016A&A...595A...1G.")
    return Plan((_step("get-bibtex", bibcodes=codes),))


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
    return Plan((_step("find-launches", **given),))


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
    return Plan((_step("find-satellites", **given),))


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
    return Plan((_step("find-exoplanets", **given),))


def _assess(wish: Wish, _settings: Settings) -> Plan:
    name = _asteroid(wish)
    if not name:
        return Plan(missing="Which asteroid? Give a name, number or designation, such as Apophis.")
    return Plan((_step("neo-assess", name=name),))


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
    return Plan((_step("neo-simulate", request=request),), remarks)


def _anomalies(wish: Wish, _settings: Settings) -> Plan:
    given = {"limit": min(wish.entities.count, 100)} if wish.entities.count else {}
    return Plan((_step("neo-anomalies", **given),))


def _element_sets(tool: str) -> Callable[[Wish, Settings], Plan]:
    def plan(wish: Wish, _settings: Settings) -> Plan:
        text = wish.entities.pasted
        if not text:
            words = "Which element sets? Paste two-line sets or OMM into the question."
            return Plan(missing=words)
        return Plan((_step(tool, element_sets=text),))

    return plan


def _collision(wish: Wish, _settings: Settings) -> Plan:
    if not wish.entities.pasted:
        return Plan(missing="Of which conjunction? Paste its conjunction data message (CDM).")
    return Plan((_step("ssa-collision-probability", message=wish.entities.pasted),))


def _picture(wish: Wish, _settings: Settings) -> Plan:
    span = wish.entities.span
    given = {"date": span.since.isoformat()} if span and span.is_day and span.since else {}
    return Plan((_step("picture-of-the-day", **given),))


def _adql(wish: Wish, _settings: Settings) -> Plan:
    query = wish.entities.adql
    if not query:
        return Plan(missing="Which query? Write it in ADQL, such as SELECT TOP 5 * FROM basic.")
    return Plan((_step("run-adql", query=query, service=service_of(query, wish.entities.masked)),))


def _sources(_wish: Wish, _settings: Settings) -> Plan:
    return Plan((_step("list-sources"),))


def _knowledge(wish: Wish, _settings: Settings) -> Plan:
    return Plan((_step("search-knowledge", question=wish.entities.text),))


def _nothing(_wish: Wish, _settings: Settings) -> Plan:
    return Plan()


def _step(tool: str, **arguments: Any) -> Step:
    return Step(tool, lambda _runs: arguments)


_MISSIONS = {"tess": "TESS", "kepler": "Kepler", "k2": "K2"}
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
_PLANS: dict[str, Callable[[Wish, Settings], Plan]] = {
    "coordinates": _coordinates,
    "cone-search": _cone,
    "adql": _adql,
    "colour-cut": _colour_cut,
    "cmd": _cmd,
    "light-curve": _light_curve,
    "sed": _sed,
    "sky-map": _sky_map,
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
