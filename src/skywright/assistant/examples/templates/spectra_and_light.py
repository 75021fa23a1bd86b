"""Spectral energy distributions, light curves, maps around an object, and what cannot be drawn."""

from __future__ import annotations

import re
from pathlib import Path

from skywright.assistant.examples.scene import Scene
from skywright.assistant.examples.subject import Subject
from skywright.assistant.examples.templates.simulated import install_file, install_light_curve
from skywright.assistant.examples.templates.steps import refuse_fewer, value
from skywright.assistant.examples.templates.template import Template

_AROUND_DEG = (1.5, 2, 2.5, 3, 4, 5)
_BRIGHTEST = re.compile(r"It is largest in (\S+): (\S+) Jy\.")


def _sed(scene: Scene, subjects: list[Subject]) -> None:
    name = scene.name_of(subjects[0])
    scene.ask(name=name)
    found = scene.call("plot-sed", target=name)
    bands = len(value(found, "bands")) if len(value(found, "bands")) < 5 else 0
    largest = _BRIGHTEST.search(found.text)
    told = {"band": largest[1] if largest else "", "flux": largest[2] if largest else ""}
    refuse_fewer(len(told["band"]), 1, "bands")
    form = "few" if bands else "say"
    scene.say(scene.word(form, name=name, n=bands, **told, cite=scene.cite("largest in")))


def _no_sed(scene: Scene, subjects: list[Subject]) -> None:
    name = scene.name_of(subjects[0])
    scene.ask(name=name)
    scene.miss("plot-sed", target=name)
    scene.say(scene.word("say", name=name))


def _light_curve(scene: Scene, subjects: list[Subject]) -> None:
    """Draw a file that says of itself that it was simulated."""
    file = install_light_curve(scene, subjects[0])
    scene.ask(name=subjects[0].name, file=file)
    told = _curve(scene, file)
    scene.say(scene.word("say", name=subjects[0].name, **told, cite=scene.cite("points of")))


def _curve(scene: Scene, target: str) -> dict[str, str]:
    """Draw a light curve and return what is told of it."""
    found = scene.call("plot-light-curve", target=target)
    return {
        "n": f"{int(value(found, 'points')):,}",
        "span": f"{value(found, 'span_d'):.2f}",
        "scatter": f"{1e6 * value(found, 'scatter'):,.0f}",
    }


def _own_light_curve(scene: Scene, subjects: list[Subject]) -> None:
    """Draw a light curve of the files that were given."""
    install_file(scene, Path(subjects[0].facts["path"]))
    name = subjects[0].name
    scene.ask(name=name)
    scene.say(scene.word("say", name=name, **_curve(scene, name), cite=scene.cite("points of")))


def _no_light_curve(scene: Scene, subjects: list[Subject]) -> None:
    name = scene.name_of(subjects[0])
    scene.ask(name=name)
    scene.miss("plot-light-curve", target=name)
    scene.say(scene.word("say", name=name))


def _asks_back(scene: Scene, subjects: list[Subject]) -> None:
    file = install_light_curve(scene, subjects[0])
    scene.ask()
    scene.say(scene.word("back"))
    scene.ask("answer", file=file)
    found = scene.call("plot-light-curve", target=file)
    points = f"{int(value(found, 'points')):,}"
    scene.say(scene.word("say", n=points, file=file, cite=scene.cite("points of")))


def _map_around(scene: Scene, subjects: list[Subject]) -> None:
    name, radius = scene.name_of(subjects[0]), scene.draw.choice(_AROUND_DEG)
    scene.ask(name=name, radius=radius)
    found = scene.call("plot-sky-map", target=name, radius_deg=radius)
    shown = int(value(found, "positions"))
    refuse_fewer(shown, 2, "positions")
    told = {"name": name, "radius": radius, "n": f"{shown:,}"}
    scene.say(scene.word("say", **told, cite=scene.cite("positions")))


SPECTRA_AND_LIGHT = (
    Template("sed", "plotting", "infrared", _sed),
    Template("sed-without-photometry", "plotting", "without-magnitudes", _no_sed, most=12),
    Template("light-curve", "plotting", "measured-planet", _light_curve),
    Template("own-light-curve", "plotting", "light-curve", _own_light_curve),
    Template("light-curve-missing", "plotting", "well-known", _no_light_curve, most=12),
    Template("light-curve-asks-back", "plotting", "measured-planet", _asks_back, most=12),
    Template("map-around", "plotting", "well-known", _map_around),
)
"""Their templates."""
