"""Services that fail: it is told, and nothing is made up in place of their answer."""

from __future__ import annotations

from typing import Any

from skywright.assistant.examples.scene import Scene
from skywright.assistant.examples.subject import Subject
from skywright.assistant.examples.templates.literature import topic_of
from skywright.assistant.examples.templates.steps import circle
from skywright.assistant.examples.templates.template import Template


def _no_cone(scene: Scene, subjects: list[Subject]) -> None:
    around = circle(scene, subjects[0])
    told: dict[str, Any] = {"place": subjects[0].name, "radius": around["radius"]}
    scene.break_services()
    scene.ask(**told)
    place = {f"{key}_deg": around[key] for key in ("ra", "dec", "radius")}
    scene.miss("cone-search", **place, catalogue="gaia-dr3")
    scene.say(scene.word("say", **told))


def _no_papers(scene: Scene, subjects: list[Subject]) -> None:
    topic = topic_of(scene, subjects[0])
    scene.break_services()
    scene.ask(topic=topic)
    scene.miss("search-papers", query=topic)
    scene.say(scene.word("say", topic=topic))


def _no_type(scene: Scene, subjects: list[Subject]) -> None:
    name = scene.name_of(subjects[0])
    scene.break_services()
    scene.ask(name=name)
    quoted = name.replace("'", "''")
    query = (
        "SELECT main_id, otype FROM basic JOIN ident ON ident.oidref = basic.oid\n"  # noqa: S608
        f"WHERE ident.id = '{quoted}'"
    )
    scene.miss("run-adql", query=query, service="simbad")
    found = scene.call("resolve-name", name=name)
    scene.say(scene.word("say", name=name, cite=scene.cite(found.data["kind"])))


FAULTY_SERVICES = (
    Template("gaia-fails", "catalogue-queries", "field", _no_cone, most=24),
    Template("papers-fail", "literature", "paper", _no_papers, most=7),
    Template("simbad-fails", "object-types", "object", _no_type, most=24),
)
"""Their templates."""
