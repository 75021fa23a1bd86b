"""Catalogue queries: names, cones, ADQL, planets, and what to do where something is missing."""

from __future__ import annotations

from typing import Any

from skywright.assistant.examples.scene import Scene
from skywright.assistant.examples.subject import Subject
from skywright.assistant.examples.templates.steps import (
    FIRST_ROW,
    asked_of,
    circle,
    invented_name,
    position_of,
    refuse_fewer,
    searched,
    value,
)
from skywright.assistant.examples.templates.template import Template

_MAGNITUDES = (15, 15.5, 16, 16.5, 17, 17.5, 18, 18.5, 19)
_NEAR_DEG = (0.5, 0.75, 1, 1.5)
_WRONG = (
    ("gmag", "phot_g_mean_mag"),
    ("g_mag", "phot_g_mean_mag"),
    ("bp_mag", "phot_bp_mean_mag"),
    ("rp_mag", "phot_rp_mean_mag"),
    ("colour", "bp_rp"),
    ("bprp", "bp_rp"),
    ("raj2000", "ra"),
    ("right_ascension", "ra"),
    ("dej2000", "dec"),
    ("declination", "dec"),
    ("plx", "parallax"),
    ("pm_ra", "pmra"),
    ("pm_dec", "pmdec"),
    ("sourceid", "source_id"),
    ("gaia_id", "source_id"),
    ("rv", "radial_velocity"),
    ("teff", "teff_gspphot"),
)


def _coordinates(scene: Scene, subjects: list[Subject]) -> None:
    name, found = asked_of(scene, subjects[0])
    scene.say(scene.word("say", name=name, position=position_of(found), cite=scene.cite("RA=")))


def _constellation(scene: Scene, subjects: list[Subject]) -> None:
    name, found = asked_of(scene, subjects[0])
    told = {"constellation": value(found, "constellation"), "position": position_of(found)}
    scene.say(scene.word("say", name=name, **told, cite=scene.cite("RA=")))


def _unknown(scene: Scene, subjects: list[Subject]) -> None:
    name = invented_name(scene, subjects[0])
    scene.ask(name=name)
    scene.miss("resolve-name", name=name)
    scene.say(scene.word("say", name=name))


def _cone(scene: Scene, subjects: list[Subject]) -> None:
    around = circle(scene, subjects[0])
    told = {"place": subjects[0].name, "radius": around["radius"]}
    scene.ask(**told)
    _, rows = searched(scene, around)
    scene.say(scene.word("say", **told, n=rows, cite=scene.cite()))


def _cone_asks_back(scene: Scene, subjects: list[Subject]) -> None:
    around = circle(scene, subjects[0])
    told = {"place": subjects[0].name, "radius": around["radius"]}
    scene.ask(radius=around["radius"])
    scene.say(scene.word("back"))
    scene.ask("answer", place=told["place"])
    _, rows = searched(scene, around)
    scene.say(scene.word("say", **told, n=rows, cite=scene.cite()))


def _inside(around: dict[str, Any]) -> str:
    place = f"{around['ra']}, {around['dec']}, {around['radius']}"
    return f"1 = CONTAINS(POINT('ICRS', ra, dec), CIRCLE('ICRS', {place}))"


def _count(scene: Scene, subjects: list[Subject]) -> None:
    around, bright = circle(scene, subjects[0]), scene.draw.choice(_MAGNITUDES)
    told = {"place": subjects[0].name, "radius": around["radius"], "bright": bright}
    scene.ask(**told)
    query = (
        "SELECT COUNT(*) AS n FROM gaiadr3.gaia_source\n"  # noqa: S608
        f"WHERE {_inside(around)}\nAND phot_g_mean_mag < {bright}"
    )
    found = scene.call("run-adql", query=query, service="gaia")
    number = int(value(found, "rows", 0, "n"))
    scene.say(scene.word("say", **told, n=number, query=query, cite=scene.cite(*FIRST_ROW)))


def _brightest(scene: Scene, subjects: list[Subject]) -> None:
    around, count = circle(scene, subjects[0]), scene.draw.choice((3, 4, 5, 6, 8, 10))
    told = {"place": subjects[0].name, "radius": around["radius"], "count": count}
    scene.ask(**told)
    query = (
        f"SELECT TOP {count} source_id, ra, dec, phot_g_mean_mag FROM gaiadr3.gaia_source\n"  # noqa: S608
        f"WHERE {_inside(around)}\nAND phot_g_mean_mag IS NOT NULL\nORDER BY phot_g_mean_mag"
    )
    found = scene.call("run-adql", query=query, service="gaia")
    refuse_fewer(int(value(found, "count")), count, "stars")
    brightest = f"{value(found, 'rows', 0, 'phot_g_mean_mag'):.2f}"
    scene.say(scene.word("say", **told, g=brightest, query=query, cite=scene.cite(*FIRST_ROW)))


def _simbad(scene: Scene, subjects: list[Subject]) -> None:
    name = scene.name_of(subjects[0])
    scene.ask(name=name)
    quoted = name.replace("'", "''")
    query = (
        "SELECT main_id, ra, dec FROM basic JOIN ident ON ident.oidref = basic.oid\n"  # noqa: S608
        f"WHERE ident.id = '{quoted}'"
    )
    found = scene.call("run-adql", query=query, service="simbad")
    row = value(found, "rows", 0)
    told = {
        "main": " ".join(row["main_id"].split()),
        "ra": f"{row['ra']:.4f}",
        "dec": f"{row['dec']:.4f}",
    }
    scene.say(scene.word("say", name=name, query=query, **told, cite=scene.cite(*FIRST_ROW)))


def _planet(scene: Scene, subjects: list[Subject]) -> None:
    name = subjects[0].name
    scene.ask(name=name)
    found = scene.call("find-exoplanets", name=name)
    told = {
        "year": value(found, "planets", 0, "discovery_year"),
        "method": value(found, "planets", 0, "discovery_method"),
    }
    scene.say(scene.word("say", name=name, **told, cite=scene.cite(name)))


def _system(scene: Scene, subjects: list[Subject]) -> None:
    name = subjects[0].name
    scene.ask(name=name)
    found = scene.call("find-exoplanets", host=name)
    planets = [one["name"] for one in value(found, "planets")]
    told = {"n": len(planets), "planets": ", ".join(planets)}
    scene.say(scene.word("say", name=name, **told, cite=scene.cite()))


def _campaign(scene: Scene, subjects: list[Subject]) -> None:
    told = {"facility": subjects[0].facts["facility"], "year": subjects[0].facts["year"]}
    scene.ask(**told)
    quoted = told["facility"].replace("'", "''")
    query = (
        "SELECT COUNT(*) AS n FROM pscomppars\n"  # noqa: S608
        f"WHERE disc_facility = '{quoted}' AND disc_year = {told['year']}"
    )
    found = scene.call("run-adql", query=query, service="exoplanets")
    number = int(value(found, "rows", 0, "n"))
    scene.say(scene.word("say", **told, n=number, query=query, cite=scene.cite(*FIRST_ROW)))


def _neighbours(scene: Scene, subjects: list[Subject]) -> None:
    told: dict[str, Any] = {
        "name": scene.name_of(subjects[0]),
        "radius": scene.draw.choice(_NEAR_DEG),
    }
    scene.ask(**told)
    place = scene.call("resolve-name", name=told["name"])
    around = {key: value(place, f"{key}_deg") for key in ("ra", "dec")}
    _, rows = searched(scene, {**around, "radius": told["radius"]}, "openngc", least=2)
    scene.say(scene.word("say", **told, n=rows, cite=scene.cite()))


def _wrong_column(scene: Scene, subjects: list[Subject]) -> None:
    """Send a query with a name that does not exist, read the refusal, and mend it."""
    wrong, right = scene.draw.choice(_WRONG)
    count = scene.draw.choice((3, 5, 10, 20, 50))
    where = f"WHERE {_inside(circle(scene, subjects[0]))}"
    query = f"SELECT TOP {count} {{}} FROM gaiadr3.gaia_source {where}"  # noqa: S608
    scene.ask(wrong=wrong, count=count, where=where)
    scene.miss("run-adql", query=query.format(wrong), service="gaia")
    mended = query.format(right)
    scene.call("run-adql", query=mended, service="gaia")
    scene.say(scene.word("say", wrong=wrong, right=right, query=mended, cite=scene.cite()))


def _launches(scene: Scene, subjects: list[Subject]) -> None:
    told: dict[str, Any] = {"rocket": subjects[0].name, "year": subjects[0].facts["year"]}
    scene.ask(**told)
    days = {"since": f"{told['year']}-01-01", "until": f"{told['year']}-12-31"}
    found = scene.call("find-launches", rocket=told["rocket"], **days)
    count = int(value(found, "count"))
    refuse_fewer(count, 3, "launches")
    lost = int(found.data.get("by_outcome", {}).get("failure", 0))
    form = "lost" if lost else "all"
    scene.say(scene.word(form, **told, n=count, lost=lost, cite=scene.cite("launches")))


CATALOGUES = (
    Template("coordinates", "catalogue-queries", "object", _coordinates),
    Template("constellation", "catalogue-queries", "object", _constellation),
    Template("unknown-name", "catalogue-queries", "object", _unknown, most=20),
    Template("gaia-cone", "catalogue-queries", "field", _cone),
    Template("cone-asks-back", "catalogue-queries", "field", _cone_asks_back, most=20),
    Template("gaia-count", "catalogue-queries", "field", _count),
    Template("gaia-brightest", "catalogue-queries", "field", _brightest),
    Template("simbad-position", "catalogue-queries", "object", _simbad),
    Template("planet-lookup", "catalogue-queries", "planet", _planet),
    Template("system-lookup", "catalogue-queries", "system", _system),
    Template("campaign-count", "catalogue-queries", "campaign", _campaign),
    Template("launches-of-year", "catalogue-queries", "rocket-year", _launches),
    Template("neighbours", "catalogue-queries", "well-known", _neighbours),
    Template("wrong-column", "catalogue-queries", "field", _wrong_column, most=20),
)
"""Their templates."""
