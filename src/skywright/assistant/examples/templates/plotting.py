"""Plots: by tools, which leave the table behind them, and by blocks of matplotlib."""

from __future__ import annotations

from typing import Any

from skywright.assistant.examples.example import Drawing
from skywright.assistant.examples.scene import Scene
from skywright.assistant.examples.subject import Subject
from skywright.assistant.examples.templates.steps import (
    FIRST_ROW,
    circle,
    refuse_fewer,
    searched,
    solved,
    value,
)
from skywright.assistant.examples.templates.template import Template

_LEAST_STARS = 10
_LEAST_PLANETS = 4
_NEAR_DEG = (0.5, 0.75, 1, 1.5, 2)


def _drawn(scene: Scene, told: dict[str, Any]) -> None:
    """Draw the newest table as a diagram and say so."""
    plot = scene.call("plot-cmd")
    scene.say(scene.word("say", **told, stars=value(plot, "stars"), cite=scene.cite()))


def _cmd(scene: Scene, subjects: list[Subject]) -> None:
    around = circle(scene, subjects[0])
    told = {"place": subjects[0].name, "radius": around["radius"]}
    scene.ask(**told)
    searched(scene, around, least=_LEAST_STARS)
    _drawn(scene, told)


def _plot_it(scene: Scene, subjects: list[Subject]) -> None:
    around = circle(scene, subjects[0])
    told = {"place": subjects[0].name, "radius": around["radius"]}
    scene.ask(**told)
    _, rows = searched(scene, around, least=_LEAST_STARS)
    scene.say(scene.word("found", n=rows, cite=scene.cite()))
    scene.ask("then")
    _drawn(scene, told)


def _asks_back(scene: Scene, subjects: list[Subject]) -> None:
    around = circle(scene, subjects[0])
    told = {"place": subjects[0].name, "radius": around["radius"]}
    scene.ask()
    scene.say(scene.word("back"))
    scene.ask("answer", **told)
    searched(scene, around, least=_LEAST_STARS)
    _drawn(scene, told)


def _map(scene: Scene, subjects: list[Subject]) -> None:
    around = circle(scene, subjects[0])
    told = {"place": subjects[0].name, "radius": around["radius"]}
    scene.ask(**told)
    found, rows = searched(scene, around)
    scene.call("plot-sky-map", table=found.table)
    scene.say(scene.word("say", **told, n=rows, cite=scene.cite()))


def _by_code(scene: Scene, subjects: list[Subject], only: str, drawing: Drawing) -> None:
    """Draw a field by a block; the number of points is that of a count by the archive itself."""
    around = circle(scene, subjects[0])
    told = {"place": subjects[0].name, "radius": around["radius"]}
    scene.ask(**told)
    place = f"{around['ra']}, {around['dec']}, {around['radius']}"
    counted = scene.call(
        "run-adql",
        query=(
            f"SELECT COUNT(*) AS n FROM gaiadr3.gaia_source WHERE {only} IS NOT NULL "  # noqa: S608
            f"AND 1 = CONTAINS(POINT('ICRS', ra, dec), CIRCLE('ICRS', {place}))"
        ),
        service="gaia",
    )
    points = int(value(counted, "rows", 0, "n"))
    refuse_fewer(points, _LEAST_STARS, "stars")
    meant = Drawing(drawing.x, drawing.y, points, is_y_inverted=drawing.is_y_inverted)
    solved(scene, r"(?P<n>\d+) stars", around, meant, **told, cite=scene.cite(*FIRST_ROW))


def _histogram(scene: Scene, subjects: list[Subject]) -> None:
    drawing = Drawing("G [mag]", "stars per half magnitude", 0)
    _by_code(scene, subjects, "phot_g_mean_mag", drawing)


def _cmd_by_code(scene: Scene, subjects: list[Subject]) -> None:
    drawing = Drawing("BP - RP [mag]", "G [mag]", 0, is_y_inverted=True)
    _by_code(scene, subjects, "bp_rp", drawing)


def _period_radius(scene: Scene, subjects: list[Subject]) -> None:
    told = {"facility": subjects[0].facts["facility"], "year": subjects[0].facts["year"]}
    scene.ask(**told)
    counted = scene.call(
        "run-adql",
        query=(
            f"SELECT COUNT(*) AS n FROM pscomppars WHERE disc_facility = '{told['facility']}' "  # noqa: S608
            f"AND disc_year = {told['year']} AND pl_orbper IS NOT NULL AND pl_rade IS NOT NULL"
        ),
        service="exoplanets",
    )
    points = int(value(counted, "rows", 0, "n"))
    refuse_fewer(points, _LEAST_PLANETS, "planets")
    drawing = Drawing("orbital period [day]", "radius [Earth radii]", points)
    solved(scene, r"(?P<n>\d+) planets", told, drawing, **told, cite=scene.cite(*FIRST_ROW))


def _neighbours(scene: Scene, subjects: list[Subject]) -> None:
    told: dict[str, Any] = {
        "name": scene.name_of(subjects[0]),
        "radius": scene.draw.choice(_NEAR_DEG),
    }
    scene.ask(**told)
    place = scene.call("resolve-name", name=told["name"])
    around = {key: value(place, f"{key}_deg") for key in ("ra", "dec")}
    around["radius"] = told["radius"]
    found, rows = searched(scene, around, "openngc", least=2)
    scene.call("plot-sky-map", table=found.table)
    scene.say(scene.word("say", **told, n=rows, cite=scene.cite()))


PLOTTING = (
    Template("cmd-of-field", "plotting", "field", _cmd),
    Template("plot-it", "plotting", "field", _plot_it),
    Template("plot-asks-back", "plotting", "field", _asks_back, most=20),
    Template("map-of-field", "plotting", "field", _map),
    Template("magnitude-histogram", "plotting", "field", _histogram),
    Template("cmd-by-code", "plotting", "field", _cmd_by_code),
    Template("period-radius-plot", "plotting", "campaign", _period_radius),
    Template("map-of-neighbours", "plotting", "well-known", _neighbours),
)
"""Their templates."""
