"""What kind of thing an object is: types, morphologies, sizes, and entries that are nothing."""

from __future__ import annotations

from skywright.assistant.examples.scene import Scene
from skywright.assistant.examples.subject import Subject
from skywright.assistant.examples.templates.steps import (
    FIRST_ROW,
    asked_of,
    invented_name,
    value,
    with_article,
)
from skywright.assistant.examples.templates.template import Template

_GUESSES = ("galaxy", "globular cluster", "open cluster", "planetary nebula", "reflection nebula")
_SIZES = ((1.25, "Earth-sized"), (2.0, "a super-Earth"), (6.0, "Neptune-like"))
_GIANT = "a giant planet"


def _type_of(scene: Scene, subjects: list[Subject]) -> None:
    name, found = asked_of(scene, subjects[0])
    kind = value(found, "kind")
    told = {"kind": with_article(kind), "constellation": value(found, "constellation")}
    scene.say(scene.word("say", name=name, **told, cite=scene.cite(kind)))


def _is_it_a(scene: Scene, subjects: list[Subject]) -> None:
    name = scene.name_of(subjects[0])
    guess = scene.draw.choice((*_GUESSES, subjects[0].facts["kind"]))
    scene.ask(name=name, guess=with_article(guess))
    kind = value(scene.call("resolve-name", name=name), "kind")
    answer = "yes" if kind == guess else "no"
    scene.say(scene.word(answer, name=name, kind=with_article(kind), cite=scene.cite(kind)))


def _hubble_type(scene: Scene, subjects: list[Subject]) -> None:
    name = scene.name_of(subjects[0])
    scene.ask(name=name)
    query = _named("main_id, morph_type", name)
    found = scene.call("run-adql", query=query, service="simbad")
    hubble = value(found, "rows", 0, "morph_type")
    scene.say(scene.word("say", name=name, hubble=hubble, query=query, cite=scene.cite(*FIRST_ROW)))


def _compare(scene: Scene, subjects: list[Subject]) -> None:
    one, two = (scene.name_of(subject) for subject in subjects)
    scene.ask(one=one, two=two)
    kind = value(scene.call("resolve-name", name=one), "kind")
    cited = scene.cite(kind)
    kind_2 = value(scene.call("resolve-name", name=two), "kind")
    told = {"one": one, "two": two, "kind": with_article(kind), "kind_2": with_article(kind_2)}
    answer = "same" if kind == kind_2 else "other"
    scene.say(scene.word(answer, **told, cite=cited + scene.cite(kind_2)))


def _simbad_type(scene: Scene, subjects: list[Subject]) -> None:
    name = scene.name_of(subjects[0])
    scene.ask(name=name)
    query = _named("main_id, otype", name)
    found = scene.call("run-adql", query=query, service="simbad")
    row = value(found, "rows", 0)
    told = {"otype": row["otype"], "main": " ".join(row["main_id"].split())}
    scene.say(scene.word("say", query=query, **told, cite=scene.cite(*FIRST_ROW)))


def _named(columns: str, name: str) -> str:
    """Return a query of SIMBAD for an object by any of its names."""
    quoted = name.replace("'", "''")
    return (
        f"SELECT {columns} FROM basic JOIN ident ON ident.oidref = basic.oid\n"  # noqa: S608
        f"WHERE ident.id = '{quoted}'"
    )


def _planet_kind(scene: Scene, subjects: list[Subject]) -> None:
    name = subjects[0].name
    scene.ask(name=name)
    found = scene.call("find-exoplanets", name=name)
    told = {
        "method": value(found, "planets", 0, "discovery_method"),
        "year": value(found, "planets", 0, "discovery_year"),
    }
    scene.say(scene.word("say", name=name, **told, cite=scene.cite(name)))


def _size_class(scene: Scene, subjects: list[Subject]) -> None:
    name = subjects[0].name
    scene.ask(name=name)
    radius = value(scene.call("find-exoplanets", name=name), "planets", 0, "radius_re")
    kind = next((told for most, told in _SIZES if radius < most), _GIANT)
    told = {"radius": f"{radius:g}", "kind": kind}
    scene.say(scene.word("say", name=name, **told, cite=scene.cite("Earth radii")))


def _nonexistent(scene: Scene, subjects: list[Subject]) -> None:
    name = subjects[0].name
    scene.ask(name=name)
    kind = value(scene.call("resolve-name", name=name), "kind")
    scene.say(scene.word("say", name=name, kind=with_article(kind), cite=scene.cite(kind)))


def _unknown(scene: Scene, subjects: list[Subject]) -> None:
    name = invented_name(scene, subjects[0])
    scene.ask(name=name)
    scene.miss("resolve-name", name=name)
    scene.say(scene.word("say", name=name))


def _brightness(scene: Scene, subjects: list[Subject]) -> None:
    name, found = asked_of(scene, subjects[0])
    magnitudes = value(found, "magnitudes")
    band = next((one for one in ("V", "B") if one in magnitudes), "")
    kind = value(found, "kind")
    told = {"kind": with_article(kind), "band": band, "mag": value(found, "magnitudes", band)}
    cited = scene.cite(kind) + scene.cite("Magnitudes")
    scene.say(scene.word("say", name=name, **told, cite=cited))


OBJECT_TYPES = (
    Template("type-of", "object-types", "object", _type_of),
    Template("is-it-a", "object-types", "well-known", _is_it_a),
    Template("hubble-type", "object-types", "classified-galaxy", _hubble_type),
    Template("compare-types", "object-types", "well-known", _compare, subjects=2),
    Template("simbad-type", "object-types", "object", _simbad_type),
    Template("planet-kind", "object-types", "planet", _planet_kind),
    Template("planet-size-class", "object-types", "measured-planet", _size_class),
    Template("nonexistent-entry", "object-types", "nonexistent", _nonexistent, most=20),
    Template("type-of-unknown", "object-types", "object", _unknown, most=15),
    Template("brightness-and-type", "object-types", "object", _brightness),
)
"""Their templates."""
