"""Plans for asteroids and comets near the Earth."""

from __future__ import annotations

import re
from typing import Any

from skywright.assistant.rules.amounts import Amounts
from skywright.assistant.rules.numbers import NUMBER, number_of
from skywright.assistant.rules.plan import Plan, step
from skywright.assistant.rules.subjects import free_name
from skywright.assistant.rules.understanding import Wish
from skywright.settings import Settings

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
_MOST_YEARS = 500.0
_YEARS_AHEAD = re.compile(
    rf"\b(?:look\w*|over|for|next|coming)(?: the)?(?: next| coming)? (?P<n>{NUMBER}) years?\b"
    rf"|(?P<m>{NUMBER}) years? (?:ahead|into the future|forward|out|on|later|long)\b"
    rf"|, ?(?P<k>{NUMBER}) years?\W*$",
    re.IGNORECASE,
)
_DEFLECT = re.compile(r"\b(deflect\w*|impactor|avoid|push|nudge|divert\w*)\b", re.IGNORECASE)


def assess(wish: Wish, _settings: Settings) -> Plan:
    """Plan the assessment of an asteroid."""
    name = _asteroid(wish)
    if not name:
        return Plan(missing="Which asteroid? Give a name, number or designation, such as Apophis.")
    return Plan((step("neo-assess", name=name),))


def _asteroid(wish: Wish) -> str:
    named = wish.entities.named("asteroid", "comet")
    if named or wish.asteroid:
        return named.text if named else wish.asteroid
    return "" if wish.entities.names else free_name(wish.entities)


def simulate(wish: Wish, _settings: Settings) -> Plan:
    """Plan what becomes of an asteroid that is changed."""
    name, amounts, span = _asteroid(wish), wish.entities.amounts, wish.entities.span
    if not name:
        return Plan(missing="Which asteroid? Give a name, number or designation, such as Apophis.")
    if amounts.is_doubled:
        return Plan(missing="Two values of one kind are given. Which one is meant?")
    request: dict[str, Any] = {"object": name, **_changed(amounts)}
    remarks: tuple[str, ...] = ()
    at = {"at": span.since.isoformat()} if span and span.since else {}
    if amounts.speed_m_s is not None:
        if not at:
            return Plan(missing="On which date should the velocity change? For example 2027-01-01.")
        push, told = _push(amounts.speed_m_s, wish.entities.text)
        request |= {"delta_v": push, **at}
        remarks = (told,)
    elif len(request) == 1:
        if not _DEFLECT.search(wish.entities.text):
            return Plan(missing="What should change? A velocity and its date, size, mass or orbit.")
        request |= {"deflection": True, **at}
    if years := _YEARS_AHEAD.search(wish.entities.text):
        request["years"] = min(number_of(years["n"] or years["m"] or years["k"]), _MOST_YEARS)
    return Plan((step("neo-simulate", request=request),), remarks)


def _changed(amounts: Amounts) -> dict[str, Any]:
    given = {
        "diameter_km": amounts.diameter_km,
        "mass_kg": amounts.mass_kg,
        "density_kg_m3": amounts.density_kg_m3,
        "set": dict(amounts.elements) or None,
    }
    return {name: value for name, value in given.items() if value is not None}


def _push(speed_m_s: float, text: str) -> tuple[list[float], str]:
    """Return a change of velocity, radial, along the track and normal [m/s], and what was taken."""
    is_back = bool(_BACK.search(text))
    speed = -abs(speed_m_s) if is_back or _INWARD.search(text) else speed_m_s
    if _NORMAL.search(text):
        return [0.0, 0.0, speed], "The change of velocity was taken normal to the orbit."
    if _RADIAL.search(text):
        return [speed, 0.0, 0.0], "The change of velocity was taken along the line to the Sun."
    way = "against" if speed < 0 else "along"
    return [0.0, speed, 0.0], f"The change of velocity was taken {way} the direction of motion."


def anomalies(wish: Wish, _settings: Settings) -> Plan:
    """Plan a list of unusual objects."""
    given = {"limit": min(wish.entities.count, 100)} if wish.entities.count else {}
    return Plan((step("neo-anomalies", **given),))
