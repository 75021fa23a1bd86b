"""Plans for what is in the sky: positions, catalogues, diagrams, curves and maps."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from skywright.assistant.messages import ToolRun
from skywright.assistant.rules.bounds import Bounds
from skywright.assistant.rules.installed import installed_star_tables, is_installed
from skywright.assistant.rules.plan import Plan, Step, step
from skywright.assistant.rules.subjects import catalogue_of, free_name
from skywright.assistant.rules.understanding import Wish
from skywright.settings import Settings

CONE_DEG = 0.083333
"""Radius where a question names none [deg]: 5 arcminutes."""
CLUSTER_DEG = 0.25
"""Radius of a diagram where a question names none [deg]: holds the core of most clusters."""
CLUSTER_ROWS = 50_000
_OF_GAIA = frozenset(["bp_rp", "bp_g", "g_rp", "g"])
_BANDS_WITH = {
    "u_g": "g", "g_r": "r", "g_i": "i", "r_i": "r", "i_z": "i", "b_v": "V",
    "j_h": "H", "j_k": "K", "h_k": "K",
}  # fmt: skip
"""The magnitude that a cut by each colour takes, where that is not Gaia's G."""
_COLOUR_WITH = {"V": "b_v", "r": "r_i", "i": "i_z", "H": "j_h", "K": "j_k"}
_MOST_COUNTED = 50_000
_HOW_MANY = re.compile(r"\b(?:how many|count|number of)\b", re.IGNORECASE)
_USUAL_DEG = {"sdss": 0.05}
"""Radius where a question names none [deg], for catalogues that take less than 5 arcminutes."""
_MISSIONS = {"tess": "TESS", "kepler": "Kepler", "k2": "K2"}


def left_out(wish: Wish) -> tuple[str, ...]:
    """Return the remark on objects that a question names beside the one that is answered."""
    meant = {wish.target.lower(), ""}
    others = [one.text for one in wish.entities.names if one.text.lower() not in meant]
    if not wish.target or not others:
        return ()
    rest = " and ".join(others[:3])
    return (f"One object is answered at a time: this is {wish.target}; ask for {rest} next.",)


def coordinates(wish: Wish, _settings: Settings) -> Plan:
    """Plan to resolve a name."""
    name = wish.target or free_name(wish.entities)
    if not name:
        return Plan(missing="Which object do you mean? Give its name, such as M31 or HD 189733.")
    return Plan((step("resolve-name", name=name),))


def cone(wish: Wish, _settings: Settings) -> Plan:
    """Plan a search of a catalogue around a place, and the cut that the question adds."""
    read = wish.entities
    catalogue = catalogue_of(read)
    fault = _band_fault(wish, catalogue)
    if fault:
        return Plan(missing=f"{fault} Which bounds do you mean?")
    usual = _USUAL_DEG.get(catalogue, CONE_DEG)
    fixed: dict[str, Any] = {
        "radius_deg": round(read.radius_deg or usual, 6), "catalogue": catalogue
    }  # fmt: skip
    if read.count:
        fixed["limit"] = min(read.count, _MOST_COUNTED)
    elif _cuts(wish) or _HOW_MANY.search(read.masked):
        fixed["limit"] = _MOST_COUNTED  # the first rows that came would answer nothing
    minutes = f"{60 * usual:.3g} arcminutes"
    remarks = () if read.radius_deg else (f"No radius was given; {minutes} were taken.",)
    if read.positions:
        place = read.positions[0]
        cone = step("cone-search", ra_deg=place.ra_deg, dec_deg=place.dec_deg, **fixed)
        return Plan((cone, *_cuts(wish)), remarks)
    name = wish.target or free_name(read)
    if not name:
        return Plan(missing="Around what? Give an object such as M13, or a position in degrees.")
    return Plan((*_cone_at(name, fixed), *_cuts(wish)), remarks)


def _cone_at(name: str, fixed: Mapping[str, Any]) -> tuple[Step, ...]:
    return (
        step("resolve-name", name=name),
        Step("cone-search", lambda runs: {"target": name, **_place(runs), **fixed}),
    )


def _place(runs: Sequence[ToolRun]) -> dict[str, float]:
    """Return the position that the name was resolved to."""
    data = runs[0].result.data if runs and runs[0].result else {}
    return {key: float(data[key]) for key in ("ra_deg", "dec_deg") if key in data}


def _cuts(wish: Wish) -> tuple[Step, ...]:
    if wish.entities.colour is None and wish.entities.magnitude is None:
        return ()
    return (step("colour-cut", **_cut(wish)),)


def _band_fault(wish: Wish, catalogue: str) -> str:
    """Return why a cut cannot be made, empty if it can."""
    colour, magnitude = wish.entities.colour, wish.entities.magnitude
    named = [colour.of.replace("_", "-").upper()] if colour else []
    named += [magnitude.of] if magnitude else []
    if catalogue == "gaia-dr3" and any(
        one.of not in _OF_GAIA for one in (colour, magnitude) if one
    ):
        return f"Gaia DR3 has no {' and no '.join(named)}: it has G, BP-RP, BP-G and G-RP."
    fitting = _BANDS_WITH.get(colour.of, "g") if colour else ""
    if colour and magnitude and magnitude.of != fitting:
        return f"A cut by {named[0]} takes the magnitude {fitting}, not {named[1]}."
    return ""


def _cut(wish: Wish) -> dict[str, Any]:
    magnitude = wish.entities.magnitude
    usual = _COLOUR_WITH.get(magnitude.of, "bp_rp") if magnitude else "bp_rp"
    colour = wish.entities.colour or Bounds(None, None, usual)
    given: dict[str, Any] = {"colour": colour.of}
    if colour.low is not None:
        given["low"] = colour.low
    if colour.high is not None:
        given["high"] = colour.high
    if magnitude and magnitude.high is not None:
        given["brighter_than"] = magnitude.high
    if magnitude and magnitude.low is not None:
        given["fainter_than"] = magnitude.low
    return given


def colour_cut(wish: Wish, settings: Settings) -> Plan:
    """Plan a cut of a table, of an installed one, or of the stars around an object."""
    if wish.entities.colour is None and wish.entities.magnitude is None:
        return Plan(missing="Within which bounds? For example 0.8 < BP-RP < 1.5 and G < 15.")
    named = wish.entities.named("object")
    fault = _band_fault(wish, "")
    if fault:
        return Plan(missing=f"{fault} Which bounds do you mean?")
    if named and not _has_table(wish, named.text, settings):
        fixed = {"radius_deg": wish.entities.radius_deg or CLUSTER_DEG, "catalogue": "gaia-dr3",
                 "limit": CLUSTER_ROWS}  # fmt: skip
        return Plan((*_cone_at(named.text, fixed), *_cuts(wish)), (_radius_remark(wish),))
    if named:
        return Plan((step("colour-cut", **_cut(wish), table=named.text),))
    if wish.tables:
        return Plan((step("colour-cut", **_cut(wish)),))
    return _cut_of_installed(wish, settings)


def _cut_of_installed(wish: Wish, settings: Settings) -> Plan:
    """Cut the table of the target, or the one installed table of stars that there is."""
    if wish.target and is_installed(settings, wish.target):
        return Plan((step("colour-cut", **_cut(wish), table=wish.target),))
    installed = installed_star_tables(settings)
    if len(installed) == 1:
        remark = f"No table was named; the installed one, {installed[0]}, was taken."
        return Plan((step("colour-cut", **_cut(wish), table=installed[0]),), (remark,))
    among = f" Installed are {', '.join(installed)}." if installed else ""
    return Plan(missing=f"Of which stars? Name an object, such as NGC 6397.{among}")


def cmd(wish: Wish, settings: Settings) -> Plan:
    """Plan a colour-magnitude diagram, with the search that it needs."""
    name = wish.target or ("" if wish.tables else free_name(wish.entities))
    fault = _band_fault(wish, catalogue_of(wish.entities) if name else "")
    if fault:
        return Plan(missing=f"{fault} Which bounds do you mean?")
    if wish.entities.positions:
        return _cmd_at_place(wish)
    if not name:
        if wish.tables and _cuts(wish):
            return Plan((*_cuts(wish), Step("plot-cmd", _newest)))
        if wish.tables:
            return Plan((step("plot-cmd"),))
        return Plan(missing="Of which object? For example the cluster NGC 6397.")
    if _has_table(wish, name, settings) and not wish.entities.radius_deg:
        if not _cuts(wish):
            return Plan((step("plot-cmd", target=name),))
        return Plan((step("colour-cut", **_cut(wish), table=name), Step("plot-cmd", _newest)))
    radius = round(wish.entities.radius_deg or CLUSTER_DEG, 6)
    fixed = {"radius_deg": radius, "catalogue": catalogue_of(wish.entities), "limit": CLUSTER_ROWS}
    steps = (*_cone_at(name, fixed), *_cuts(wish), Step("plot-cmd", _newest))
    return Plan(steps, () if wish.entities.radius_deg else (_radius_remark(wish),))


def _cmd_at_place(wish: Wish) -> Plan:
    place = wish.entities.positions[0]
    radius = round(wish.entities.radius_deg or CLUSTER_DEG, 6)
    cone = step("cone-search", ra_deg=place.ra_deg, dec_deg=place.dec_deg, radius_deg=radius,
                 catalogue=catalogue_of(wish.entities), limit=CLUSTER_ROWS)  # fmt: skip
    return Plan((cone, *_cuts(wish), Step("plot-cmd", _newest)), (_radius_remark(wish),))


def _newest(runs: Sequence[ToolRun]) -> Mapping[str, Any]:
    last = runs[-1].result if runs else None
    return {"table": last.table} if last and last.table else {}


def _radius_remark(wish: Wish) -> str:
    if wish.entities.radius_deg:
        return f"Stars within {wish.entities.radius_deg:g} degrees were taken."
    return f"No radius was given; stars within {CLUSTER_DEG:g} degrees were taken."


def _has_table(wish: Wish, name: str, settings: Settings) -> bool:
    wanted = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    on_desk = any(f"-{wanted}-" in f"-{table}-" for table in wish.tables)
    return on_desk or is_installed(settings, name)


def light_curve(wish: Wish, _settings: Settings) -> Plan:
    """Plan a light curve."""
    name = wish.target or free_name(wish.entities)
    if not name:
        return Plan(missing="Of which star? For example TIC 261136679 or WASP-39.")
    mission = re.search(r"\b(tess|kepler|k2)\b(?!-\d)", wish.entities.masked, re.IGNORECASE)
    given = {"mission": _MISSIONS[mission[1].lower()]} if mission else {}
    return Plan((step("plot-light-curve", target=name, **given),))


def sed(wish: Wish, _settings: Settings) -> Plan:
    """Plan a spectral energy distribution."""
    name = wish.target or free_name(wish.entities)
    if not name:
        return Plan(missing="Of which object? For example Vega or 3C 273.")
    return Plan((step("plot-sed", target=name),))


def sky_map(wish: Wish, _settings: Settings) -> Plan:
    """Plan a map of a table, or of the surroundings of an object."""
    named = wish.entities.named()
    radius = wish.entities.radius_deg
    if named is None and re.search(r"\bopenngc\b", wish.entities.text, re.IGNORECASE):
        return Plan((step("plot-sky-map", table="openngc"),))
    if named is None and wish.tables:
        return Plan((step("plot-sky-map", table=wish.tables[-1]),))
    name = wish.target or free_name(wish.entities)
    if not name:
        return Plan(missing="A map of what? Name an object, or ask for a catalogue search first.")
    given = {"radius_deg": round(radius, 6)} if radius else {}
    return Plan((step("plot-sky-map", target=name, **given),))
