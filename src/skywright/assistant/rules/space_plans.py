"""Plans for what flies: satellites, exoplanets, conjunctions."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from skywright.assistant.rules.names import Name
from skywright.assistant.rules.numbers import NUMBER, number_of
from skywright.assistant.rules.plan import Plan, step
from skywright.assistant.rules.subjects import free_name
from skywright.assistant.rules.understanding import Wish
from skywright.settings import Settings

_ANY_PLANET = re.compile(
    r"\b(?:all|any|list|show|how many|number|latest|newest|known|confirmed|count)\b.*"
    r"\b(?:exo-?planets?|planets?|worlds)\b|^(?:the )?exo-?planets\W*$"
)
_NOW = re.compile(r"\b(?:now|today|currently|at present|still)\b")
_CONSTELLATIONS = re.compile(
    r"\b(starlink|oneweb|iridium|kuiper|galileo|glonass|gps|navstar|beidou|globalstar|cosmos|goes|noaa|landsat|sentinel|meteosat|intelsat|tdrs)(?=s?\b)",
    re.IGNORECASE,
)
_SCREENED_HOURS, _SCREENED_KM = 24.0, 10.0
_FIRST_YEAR = 57
"""Two digits of a year from which it is one of the last century (NORAD)."""
_EPOCH = re.compile(r"^[ \t]*1 .{15} (?P<year>\d\d)(?P<day>\d{3})\.\d", re.MULTILINE)
_EPOCH_ISO = re.compile(r"\bEPOCH\W{1,6}(\d{4}-\d\d-\d\d)", re.IGNORECASE)
_HOURS = re.compile(rf"(?P<n>{NUMBER}) ?(?P<unit>h|hour|day|week)s?\b", re.IGNORECASE)


def satellites(wish: Wish, _settings: Settings) -> Plan:
    """Plan a search for satellites."""
    read = wish.entities
    named = read.named("satellite")
    given: dict[str, Any] = satellite_of(named) if named else {}
    if not named:
        given["name"] = _constellation(read.text) or wish.target or free_name(read)
    if not any(given.values()):
        return Plan(missing="Which satellite? Give a name such as ISS, or a NORAD number.")
    if read.span and not _NOW.search(read.masked):
        return Plan(missing="Satellites are found by name or number, not by date. Which ones?")
    if read.count:
        given["limit"] = min(read.count, 100)
    return Plan((step("find-satellites", **given),))


def satellite_of(named: Name) -> dict[str, Any]:
    """Return the arguments that name a satellite."""
    return {"norad_id": named.norad_id} if named.norad_id else {"name": named.text}


def _constellation(text: str) -> str:
    found = _CONSTELLATIONS.search(text)
    return found[0] if found else ""


def exoplanets(wish: Wish, _settings: Settings) -> Plan:
    """Plan a search for exoplanets."""
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
        name = "" if name.islower() and name.isalpha() else name
        if not (name or _ANY_PLANET.search(read.masked)):
            return Plan(missing="Which planets? Give a star, a planet, a method or a year.")
        given |= {"host": name} if name else {}
    if read.count:
        given["limit"] = min(read.count, 100)
    return Plan((step("find-exoplanets", **given),))


def element_sets(tool: str) -> Callable[[Wish, Settings], Plan]:
    """Return how to plan a tool that takes element sets."""

    def plan(wish: Wish, _settings: Settings) -> Plan:
        text = wish.entities.pasted
        if not text:
            words = "Which element sets? Paste two-line sets or OMM into the question."
            return Plan(missing=words)
        return Plan((step(tool, element_sets=text),))

    return plan


def approaches(wish: Wish, _settings: Settings) -> Plan:
    """Plan a screening of element sets, by default a day from the newest of them."""
    read = wish.entities
    if not read.pasted:
        return Plan(missing="Which element sets? Paste two-line sets or OMM into the question.")
    start = read.span.since.isoformat() if read.span and read.span.since else _newest(read.pasted)
    if not start:
        return Plan(missing="From which day on? For example 2026-10-28.")
    hours = _HOURS.search(read.untimed)
    given: dict[str, Any] = {"element_sets": read.pasted, "start_utc": start}
    given["hours"] = _hours_of(hours) if hours else _SCREENED_HOURS
    given["km"] = read.amounts.diameter_km or _SCREENED_KM
    told = f"Screened: {given['hours']:g} h from {start}, within {given['km']:g} km."
    return Plan((step("ssa-approaches", **given),), (told,))


def _hours_of(match: re.Match[str]) -> float:
    unit = match["unit"].lower()
    return number_of(match["n"]) * (24 * 7 if unit == "week" else 24 if unit == "day" else 1)


def _newest(element_sets: str) -> str:
    """Return the day of the newest epoch, ISO 8601 (UTC), empty where none is read."""
    days = [_day_of_set(one) for one in _EPOCH.finditer(element_sets)]
    days += [one[1] for one in _EPOCH_ISO.finditer(element_sets)]
    return max(days, default="")


def _day_of_set(match: re.Match[str]) -> str:
    year = int(match["year"]) + (1900 if int(match["year"]) >= _FIRST_YEAR else 2000)
    return (date(year, 1, 1) + timedelta(int(match["day"]) - 1)).isoformat()


def collision(wish: Wish, _settings: Settings) -> Plan:
    """Plan the probability of a collision."""
    if not wish.entities.pasted:
        return Plan(missing="Of which conjunction? Paste its conjunction data message (CDM).")
    return Plan((step("ssa-collision-probability", message=wish.entities.pasted),))
