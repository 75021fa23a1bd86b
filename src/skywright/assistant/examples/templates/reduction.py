"""Data reduction: from catalogue values to what one wants to know, by tools and short blocks."""

from __future__ import annotations

from skywright.assistant.examples.example import RefusedError
from skywright.assistant.examples.scene import Scene
from skywright.assistant.examples.subject import Subject
from skywright.assistant.examples.templates.steps import (
    asked_of,
    circle,
    refuse_fewer,
    searched,
    solved,
    value,
)
from skywright.assistant.examples.templates.template import Template, Write

_LEAST_COLOURS = 8


def _galactic(scene: Scene, subjects: list[Subject]) -> None:
    name, found = asked_of(scene, subjects[0])
    slots = {"ra": value(found, "ra_deg"), "dec": value(found, "dec_deg")}
    solved(scene, r"l = (?P<l>\S+) deg, b = (?P<b>\S+) deg", slots, name=name)


def _separation(scene: Scene, subjects: list[Subject]) -> None:
    one, two = (scene.name_of(subject) for subject in subjects)
    scene.ask(one=one, two=two)
    first = scene.call("resolve-name", name=one)
    cited = scene.cite()
    second = scene.call("resolve-name", name=two)
    slots = {
        "ra_1": value(first, "ra_deg"),
        "dec_1": value(first, "dec_deg"),
        "ra_2": value(second, "ra_deg"),
        "dec_2": value(second, "dec_deg"),
    }
    pattern = r"(?P<degrees>\S+) deg, position angle (?P<angle>\S+) deg"
    solved(scene, pattern, slots, one=one, two=two, cite=cited + scene.cite())


def _sexagesimal(scene: Scene, subjects: list[Subject]) -> None:
    name, found = asked_of(scene, subjects[0])
    slots = {"ra": value(found, "ra_deg"), "dec": value(found, "dec_deg")}
    solved(scene, r"(?P<place>.+)", slots, name=name)


def _redshift(scene: Scene, subjects: list[Subject]) -> None:
    name, found = asked_of(scene, subjects[0])
    pattern = r"(?P<mpc>\S+) Mpc, modulus (?P<modulus>\S+) mag"
    solved(scene, pattern, {"z": value(found, "values", "redshift")}, name=name)


def _infrared(scene: Scene, subjects: list[Subject]) -> None:
    name, found = asked_of(scene, subjects[0])
    slots = {band.lower(): value(found, "magnitudes", band) for band in ("J", "H", "K")}
    pattern = r"J-H = (?P<jh>\S+) mag, H-K = (?P<hk>\S+) mag"
    solved(scene, pattern, slots, name=name, cite=scene.cite("Magnitudes"))


def _inclination(scene: Scene, subjects: list[Subject]) -> None:
    name, found = asked_of(scene, subjects[0])
    slots = {
        "major": value(found, "values", "major_axis_arcmin"),
        "minor": value(found, "values", "minor_axis_arcmin"),
    }
    solved(scene, r"b/a = (?P<ratio>\S+), inclination (?P<angle>\S+) deg", slots, name=name)


def _bounds(scene: Scene) -> tuple[float, float]:
    low = scene.draw.choice((0.5, 0.6, 0.7, 0.8, 0.9))
    return low, round(low + scene.draw.choice((0.3, 0.4, 0.5, 0.7, 0.9)), 1)


def _colour_cut(scene: Scene, subjects: list[Subject]) -> None:
    around, (low, high) = circle(scene, subjects[0]), _bounds(scene)
    told = {"place": subjects[0].name, "radius": around["radius"], "low": low, "high": high}
    scene.ask(**told)
    searched(scene, around)
    cut = scene.call("colour-cut", low=low, high=high)
    known, kept = int(value(cut, "with_colour")), int(value(cut, "kept"))
    refuse_fewer(known, _LEAST_COLOURS, "stars with a colour")
    scene.say(scene.word("say", **told, known=known, kept=kept, cite=scene.cite()))


def _bright_cut(scene: Scene, subjects: list[Subject]) -> None:
    around, (low, high) = circle(scene, subjects[0]), _bounds(scene)
    bright = scene.draw.choice((16, 16.5, 17, 17.5, 18, 18.5, 19))
    told = {"place": subjects[0].name, "radius": around["radius"], "low": low, "high": high}
    scene.ask(**told, bright=bright)
    searched(scene, around)
    cut = scene.call("colour-cut", low=low, high=high, brighter_than=bright)
    refuse_fewer(int(value(cut, "with_colour")), _LEAST_COLOURS, "stars with a colour")
    counts = {"kept": int(value(cut, "kept")), "colour": int(value(cut, "in_colour"))}
    cited = scene.cite() + scene.cite("also have")
    scene.say(scene.word("say", **told, **counts, bright=bright, cite=cited))


def _field(pattern: str, least: int = 8) -> Write:
    """Return a template that searches a field and reduces it by a block."""

    def write(scene: Scene, subjects: list[Subject]) -> None:
        around = circle(scene, subjects[0])
        told = {"place": subjects[0].name, "radius": around["radius"]}
        scene.ask(**told)
        _, rows = searched(scene, around, least=least)
        solved(scene, pattern, {**around, "n": rows}, **{"n": rows, **told})

    return write


def _planet_density(scene: Scene, subjects: list[Subject]) -> None:
    name = subjects[0].name
    scene.ask(name=name)
    found = scene.call("find-exoplanets", name=name)
    slots = {
        "mass": value(found, "planets", 0, "mass_me"),
        "radius": value(found, "planets", 0, "radius_re"),
    }
    pattern = r"(?P<density>\S+) g/cm3, gravity (?P<gravity>\S+)"
    solved(scene, pattern, slots, name=name, cite=scene.cite("Earth masses"))


def _period_ratio(scene: Scene, subjects: list[Subject]) -> None:
    name = subjects[0].name
    scene.ask(name=name)
    found = scene.call("find-exoplanets", host=name)
    periods = [one.get("period_d") for one in value(found, "planets")]
    if len(periods) != subjects[0].facts["planets"] or not all(periods):
        message = f"not every planet of {name} has a period here"
        raise RefusedError(message, gate="run")
    solved(scene, r"(?P<ratios>.+)", {"periods": periods}, name=name, cite=scene.cite(" days"))


REDUCTION = (
    Template("galactic-coordinates", "data-reduction", "object", _galactic),
    Template("separation", "data-reduction", "well-known", _separation, subjects=2),
    Template("sexagesimal", "data-reduction", "object", _sexagesimal),
    Template("redshift-distance", "data-reduction", "galaxy", _redshift),
    Template("infrared-colours", "data-reduction", "infrared", _infrared),
    Template("axis-ratio", "data-reduction", "sized", _inclination),
    Template("colour-cut", "data-reduction", "field", _colour_cut),
    Template("bright-colour-cut", "data-reduction", "field", _bright_cut),
    Template(
        "field-statistics",
        "data-reduction",
        "field",
        _field(r"(?P<n>\d+) sources, G (?P<g>\S+) mag, BP-RP (?P<colour>\S+) mag"),
    ),
    Template(
        "surface-density",
        "data-reduction",
        "field",
        _field(r"(?P<density>\S+) per square arcminute"),
    ),
    Template(
        "magnitude-counts",
        "data-reduction",
        "field",
        _field(r"most at (?P<bin>\d+) with (?P<most>\d+)", least=15),
    ),
    Template(
        "clipped-colour",
        "data-reduction",
        "field",
        _field(r"(?P<mean>\S+) mag, scatter (?P<scatter>\S+) mag, rejected (?P<gone>\d+)", 15),
    ),
    Template("planet-density", "data-reduction", "measured-planet", _planet_density),
    Template("period-ratio", "data-reduction", "system", _period_ratio),
)
"""Their templates."""
