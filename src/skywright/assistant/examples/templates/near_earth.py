"""Near-Earth objects: hazard, class, size, "what if", the unusual, and names that nobody knows."""

from __future__ import annotations

import re

from skywright.assistant.examples.example import RefusedError
from skywright.assistant.examples.scene import Scene
from skywright.assistant.examples.subject import Subject
from skywright.assistant.examples.templates.steps import made_up_asteroid, value
from skywright.assistant.examples.templates.template import Template

_CLASSES = {"IEO": "Atira", "ATE": "Aten", "APO": "Apollo", "AMO": "Amor"}
_SPEEDS_M_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1)
_YEARS = (2, 3, 4, 5)
_MOVED = re.compile(r"The change moves the MOID by (\S+) au\.")


def _hazard(scene: Scene, subjects: list[Subject]) -> None:
    name = subjects[0].name
    scene.ask(name=name)
    found = scene.call("neo-assess", name=name)
    told = {
        "moid": f"{value(found, 'moid_au'):.4f}",
        "h": f"{value(found, 'h_mag'):.2f}",
    }
    form = "yes" if value(found, "is_pha") else "no"
    scene.say(scene.word(form, name=name, **told, cite=scene.cite("potentially hazardous")))


def _size(scene: Scene, subjects: list[Subject]) -> None:
    name = subjects[0].name
    scene.ask(name=name)
    found = scene.call("neo-assess", name=name)
    if found.data.get("diameter_km_p50") is None:
        scene.say(scene.word("unknown", name=name, cite=scene.cite("not known")))
        return
    width_km = float(value(found, "diameter_km_p50"))
    size = f"{width_km:.3g} km" if width_km >= 1.0 else f"{1000 * width_km:.3g} m"
    scene.say(scene.word("say", name=name, size=size, cite=scene.cite("Its diameter")))


def _orbit_class(scene: Scene, subjects: list[Subject]) -> None:
    name = subjects[0].name
    scene.ask(name=name)
    found = scene.call("neo-assess", name=name)
    code = value(found, "orbit_class")
    told = {"code": code, "kind": _CLASSES.get(code, code)}
    scene.say(scene.word("say", name=name, **told, cite=scene.cite("of the class")))


def _unknown(scene: Scene, subjects: list[Subject]) -> None:
    name = made_up_asteroid(scene, subjects[0])
    scene.ask(name=name)
    scene.miss("neo-assess", name=name)
    scene.say(scene.word("say", name=name))


def _unusual(scene: Scene, subjects: list[Subject]) -> None:
    count = int(subjects[0].facts["count"])
    scene.ask(n=subjects[0].facts["words"])
    found = scene.call("neo-anomalies", limit=count)
    names = [one.get("name") or one["designation"] for one in value(found, "objects")]
    told = {"names": ", ".join(names), "searched": f"{int(value(found, 'searched')):,}"}
    scene.say(scene.word("say", **told, cite=scene.cite("most unusual")))


def _what_if(scene: Scene, subjects: list[Subject]) -> None:
    """Push an object at the epoch of its elements, where both orbits can be compared."""
    name = subjects[0].name
    scene.ask(name=name)
    found = scene.call("neo-assess", name=name)
    epoch = f"{value(found, 'epoch_jd_tdb'):.1f}"
    scene.say(scene.word("found", name=name, epoch=epoch, cite=scene.cite("elements at")))
    speed, years = scene.draw.choice(_SPEEDS_M_S), scene.draw.choice(_YEARS)
    scene.ask("then", speed=f"{speed:g}", years=years)
    request = {"object": name, "delta_v": [0.0, speed, 0.0], "at": epoch, "start": epoch}
    simulated = scene.call("neo-simulate", request={**request, "years": years})
    moved = _MOVED.search(simulated.text)
    if moved is None:
        message = "the simulation tells no change of the MOID"
        raise RefusedError(message, gate="run")
    told = {"name": name, "speed": f"{speed:g}", "moved": moved[1]}
    scene.say(scene.word("say", **told, cite=scene.cite("moves the MOID")))


NEAR_EARTH = (
    Template("neo-hazard", "object-types", "near-earth", _hazard),
    Template("neo-size", "object-types", "near-earth", _size),
    Template("neo-orbit-class", "object-types", "near-earth", _orbit_class),
    Template("neo-unknown", "object-types", "object", _unknown, most=12),
    Template("neo-unusual", "catalogue-queries", "ranking", _unusual, most=10),
    Template("neo-what-if", "data-reduction", "near-earth", _what_if),
)
"""Their templates."""
