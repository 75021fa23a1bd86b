"""Conversations of several questions, and questions that lack what is needed."""

from __future__ import annotations

from typing import Any

from skywright.assistant.examples.scene import Scene
from skywright.assistant.examples.subject import Subject
from skywright.assistant.examples.templates.literature import first_paper, papers_of, topic_of
from skywright.assistant.examples.templates.steps import (
    asked_of,
    circle,
    position_of,
    refuse_fewer,
    searched,
    value,
    with_article,
)
from skywright.assistant.examples.templates.template import Template

_LEAST_STARS = 15
_NEAR_DEG = (0.5, 0.75, 1, 1.5, 2, 2.5)


def _bounds(scene: Scene) -> dict[str, float]:
    low = scene.draw.choice((0.5, 0.6, 0.7, 0.8))
    return {"low": low, "high": round(low + scene.draw.choice((0.5, 0.7, 0.9, 1.1)), 1)}


def _step_by_step(scene: Scene, subjects: list[Subject]) -> None:
    """Search a field, cut it by colour, and draw what is left."""
    around, bounds = circle(scene, subjects[0]), _bounds(scene)
    told: dict[str, Any] = {"place": subjects[0].name, "radius": around["radius"]}
    scene.ask(**told)
    _, rows = searched(scene, around, least=_LEAST_STARS)
    scene.say(scene.word("found", n=rows, cite=scene.cite()))
    scene.ask("then", **bounds)
    cut = scene.call("colour-cut", **bounds)
    kept = int(value(cut, "kept"))
    refuse_fewer(kept, 3, "stars in the cut")
    counts = {"kept": kept, "known": int(value(cut, "with_colour"))}
    scene.say(scene.word("cut", **counts, **bounds, cite=scene.cite()))
    scene.ask("more")
    plot = scene.call("plot-cmd")
    scene.say(scene.word("say", stars=value(plot, "stars"), cite=scene.cite()))


def _cut_asks_back(scene: Scene, subjects: list[Subject]) -> None:
    """Ask for the limits that a cut lacks."""
    around, bounds = circle(scene, subjects[0]), _bounds(scene)
    scene.ask(place=subjects[0].name, radius=around["radius"])
    scene.say(scene.word("back"))
    scene.ask("answer", **bounds)
    searched(scene, around, least=_LEAST_STARS)
    cut = scene.call("colour-cut", **bounds)
    counts = {"kept": int(value(cut, "kept")), "known": int(value(cut, "with_colour"))}
    refuse_fewer(counts["known"], 8, "stars with a colour")
    scene.say(scene.word("say", **counts, **bounds, cite=scene.cite()))


def _surroundings(scene: Scene, subjects: list[Subject]) -> None:
    """Resolve a name, search around it, and map what was found."""
    name, found = asked_of(scene, subjects[0])
    scene.say(scene.word("where", name=name, position=position_of(found), cite=scene.cite("RA=")))
    radius = scene.draw.choice(_NEAR_DEG)
    scene.ask("then", radius=radius)
    around = {key: value(found, f"{key}_deg") for key in ("ra", "dec")}
    table, rows = searched(scene, {**around, "radius": radius}, "openngc", least=2)
    scene.say(scene.word("found", n=rows, radius=radius, name=name, cite=scene.cite()))
    scene.ask("more")
    scene.call("plot-sky-map", table=table.table)
    scene.say(scene.word("say", n=rows, name=name, cite=scene.cite()))


def _planets_of_star(scene: Scene, subjects: list[Subject]) -> None:
    """Tell the planets of a star, then one of them."""
    host = subjects[0].name
    scene.ask(host=host)
    found = scene.call("find-exoplanets", host=host)
    names = [one["name"] for one in value(found, "planets")]
    refuse_fewer(len(names), 2, "planets")
    scene.say(scene.word("found", host=host, n=int(value(found, "count")), cite=scene.cite()))
    planet = scene.draw.choice(names)
    scene.ask("then", planet=planet, letter=planet.rpartition(" ")[2])
    one = value(scene.call("find-exoplanets", name=planet), "planets", 0)
    form = "say" if one.get("period_d") else "brief"
    period = f"{one.get('period_d') or 0:.6g}"
    told = {"planet": planet, "period": period, "year": one["discovery_year"]}
    scene.say(scene.word(form, **told, cite=scene.cite(planet)))


def _narrowed(scene: Scene, subjects: list[Subject]) -> None:
    """Search for papers, then for the later ones only."""
    topic, year = topic_of(scene, subjects[0]), int(subjects[0].facts["year"])
    scene.ask(topic=topic)
    found = scene.call("search-papers", query=topic)
    told = {"topic": topic, "papers": papers_of(found)}
    scene.say(scene.word("found", **told, cite=first_paper(scene, found)))
    since = year - scene.draw.randrange(0, 4)
    scene.ask("then", since=since)
    found = scene.call("search-papers", query=topic, since_year=since)
    told["papers"] = papers_of(found)
    scene.say(scene.word("say", **told, since=since, cite=first_paper(scene, found)))


def _follow_ups(scene: Scene, subjects: list[Subject]) -> None:
    """Three questions on one object, of which one call answers all."""
    name, found = asked_of(scene, subjects[0])
    kind = with_article(value(found, "kind"))
    scene.say(scene.word("what", name=name, kind=kind, cite=scene.cite(value(found, "kind"))))
    scene.ask("then")
    scene.say(scene.word("where", position=position_of(found), cite=scene.cite("RA=")))
    scene.ask("more")
    told = {"constellation": value(found, "constellation"), "name": name}
    scene.say(scene.word("say", **told, cite=scene.cite("RA=")))


def _type_asks_back(scene: Scene, subjects: list[Subject]) -> None:
    """Ask what "it" is, where nothing was spoken of yet."""
    name = scene.name_of(subjects[0])
    scene.ask()
    scene.say(scene.word("back"))
    scene.ask("answer", name=name)
    found = scene.call("resolve-name", name=name)
    kind = value(found, "kind")
    scene.say(scene.word("say", name=name, kind=with_article(kind), cite=scene.cite(kind)))


CONVERSATIONS = (
    Template("field-step-by-step", "data-reduction", "field", _step_by_step),
    Template("cut-asks-back", "data-reduction", "field", _cut_asks_back, most=20),
    Template("surroundings", "plotting", "well-known", _surroundings),
    Template("planets-of-star", "catalogue-queries", "system", _planets_of_star),
    Template("papers-narrowed", "literature", "paper", _narrowed),
    Template("object-follow-ups", "object-types", "object", _follow_ups),
    Template("type-asks-back", "object-types", "object", _type_asks_back, most=20),
)
"""Their templates."""
