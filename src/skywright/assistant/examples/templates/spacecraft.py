"""Satellites by their element sets, and conjunctions by their messages."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from skywright.assistant.examples.example import RefusedError
from skywright.assistant.examples.scene import Scene
from skywright.assistant.examples.subject import Subject
from skywright.assistant.examples.templates.steps import solved, value
from skywright.assistant.examples.templates.template import Template

_BEYOND = 700_000_000  # no catalogue counts so far
_PROBABLE = re.compile(r"pc = (?P<pc>\S+), method = (?P<method>[\w -]+)")
_MISS = re.compile(r"miss_distance_km = (?P<miss>[^\s,]+)")
_SPEED = re.compile(r"relative_speed_m_s = (?P<speed>[^\s,]+)")


def _found(scene: Scene, subject: Subject) -> dict[str, object]:
    number = int(subject.facts["norad_id"])
    scene.ask(name=subject.name, number=number)
    found = scene.call("find-satellites", norad_id=number)
    row: dict[str, object] = value(found, "satellites", 0)
    if "period_min" not in row:
        message = f"no element set of NORAD {number}"
        raise RefusedError(message, gate="run")
    return row


def _orbit(scene: Scene, subjects: list[Subject]) -> None:
    row = _found(scene, subjects[0])
    told = {
        "period": f"{row['period_min']:.2f}",
        "inclination": f"{row['elements_inclination_deg']:.2f}",
    }
    scene.say(scene.word("say", name=subjects[0].name, **told, cite=scene.cite("period")))


def _height(scene: Scene, subjects: list[Subject]) -> None:
    row = _found(scene, subjects[0])
    slots = {"period": row["period_min"], "eccentricity": row["eccentricity"]}
    pattern = r"(?P<perigee>\S+) km to (?P<apogee>\S+) km"
    solved(scene, pattern, slots, name=subjects[0].name, cite=scene.cite("period"))


def _unknown(scene: Scene, subjects: list[Subject]) -> None:
    digits = int(hashlib.sha256(subjects[0].key.encode()).hexdigest()[:8], 16)
    number = _BEYOND + digits % 99_999_999
    scene.ask(number=number)
    if value(scene.call("find-satellites", norad_id=number), "count"):
        message = f"there is a satellite {number}"
        raise RefusedError(message, gate="run")
    scene.say(scene.word("say", number=number))


def _probability(scene: Scene, subjects: list[Subject]) -> None:
    text = str(subjects[0].facts["message"])
    scene.ask(message=f"\n```\n{text}\n```")
    found = scene.call("ssa-collision-probability", message=text)
    told: dict[str, str] = {}
    for pattern in (_PROBABLE, _MISS, _SPEED):
        match = pattern.search(found.text)
        if match is None:
            message = f"the result has no {pattern.pattern}"
            raise RefusedError(message, gate="run")
        told |= match.groupdict()
    quote = _PROBABLE.search(found.text)
    cited = scene.cite_exactly(quote[0] if quote else "")
    scene.say(scene.word("say", **told, cite=cited))


def _approaches(scene: Scene, subjects: list[Subject]) -> None:
    """Screen two element sets, which the user gives, against one another."""
    sets = [dict(one.facts["elements"]) for one in subjects]
    start = max(str(one["EPOCH"])[:10] for one in sets)
    asked: dict[str, Any] = {
        "start_utc": f"{start}T00:00:00",
        "hours": scene.draw.choice((12, 24, 48, 72)),
    }
    asked["km"] = scene.draw.choice((50, 100, 150, 200))
    text = json.dumps(sets)
    told = {"one": subjects[0].name, "two": subjects[1].name, "start": start}
    scene.ask(**told, hours=asked["hours"], km=asked["km"], sets=f"\n```json\n{text}\n```")
    found = scene.call("ssa-approaches", element_sets=text, **asked)
    met = value(found, "approaches") if found.data.get("approaches") else []
    form = "some" if met else "none"
    near = f"{min(one['miss_distance_km'] for one in met):.1f}" if met else ""
    slots = {**told, "n": len(met), "near": near, "hours": asked["hours"], "km": asked["km"]}
    scene.say(scene.word(form, **slots, cite=scene.cite()))


SPACECRAFT = (
    Template("satellite-orbit", "catalogue-queries", "satellite", _orbit),
    Template("satellite-unknown", "catalogue-queries", "satellite", _unknown, most=12),
    Template("satellite-height", "data-reduction", "satellite", _height),
    Template("approaches-of-two", "data-reduction", "satellite", _approaches, 2, most=16),
    Template("collision-probability", "data-reduction", "conjunction", _probability),
)
"""Their templates."""
