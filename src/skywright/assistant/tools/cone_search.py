"""Search a catalogue around a position."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import polars as pl
from pydantic import Field

from skywright.assistant.messages import Origin, ToolResult
from skywright.assistant.tools.desk import Desk
from skywright.assistant.tools.positions import cone_around
from skywright.assistant.tools.shelf import keep_table, origin_from
from skywright.errors import InputError
from skywright.sources import adql, gaia, openngc, sdss, simbad, vizier
from skywright.sources.collecting import Visit, visiting
from skywright.sources.cones import Cone
from skywright.sources.state import SourceState

MOST_ROWS = 50_000
_NAMES = {
    "gaia": "gaia", "gaiadr3": "gaia", "gaiadr4": "gaia", "simbad": "simbad", "sdss": "sdss",
    "skyserver": "sdss", "openngc": "openngc", "ngc": "openngc",
}  # fmt: skip
_VIZIER = "vizier:"


@dataclass(frozen=True, slots=True)
class _Rows:
    table: pl.DataFrame
    is_cut: bool
    origin: Origin
    release: str


def cone_search(
    desk: Desk,
    target: Annotated[str, Field(max_length=100)] = "",
    ra_deg: Annotated[float | None, Field(ge=0, lt=360)] = None,
    dec_deg: Annotated[float | None, Field(ge=-90, le=90)] = None,
    radius_deg: Annotated[float, Field(gt=0, le=10)] = 0.083333,
    catalogue: Annotated[str, Field(max_length=100)] = "gaia-dr3",
    limit: Annotated[int, Field(ge=1, le=MOST_ROWS)] = 2_000,
) -> ToolResult:
    """Find what a catalogue has within an angle of an object or a position.

    The rows become the newest table of the conversation and a CSV file.

    Parameters
    ----------
    target : str
        Name of the object at the centre, such as M13.
    ra_deg, dec_deg : float, optional
        Centre instead of a name, ICRS [deg].
    radius_deg : float
        Radius [deg]; 5 arcminutes are 0.083333. Gaia takes 10 degrees, SDSS 0.05.
    catalogue : str
        gaia-dr3, simbad, sdss, openngc, or vizier: and a table, such as vizier:I/355/gaiadr3.
    limit : int
        Most rows.
    """
    source = _source(catalogue)
    cone, told_by = cone_around(desk, target, ra_deg, dec_deg, radius_deg)
    desk.check_stop()
    desk.progress(f"asking {catalogue}")
    rows = _asked(desk, source, cone, limit)
    name = target or desk.target or f"{cone.ra_deg:.4f} {cone.dec_deg:+.4f}"
    if target:
        desk.target = target
    unit = "degree" if radius_deg == 1 else "degrees"
    size = f"within {radius_deg:g} {unit} ({60 * radius_deg:.4g} arcminutes)"
    where = f"{size} of {_place(target, cone)}"
    origins = (rows.origin, *told_by)
    kept = (
        keep_table(desk, f"{rows.release} {name}", f"{rows.release} {where}", rows.table, origins)
        if rows.table.height
        else None
    )
    return ToolResult(
        text=_told(rows, where, limit),
        data={
            "count": rows.table.height,
            "is_cut": rows.is_cut,
            "ra_deg": cone.ra_deg,
            "dec_deg": cone.dec_deg,
            "radius_deg": radius_deg,
            "query": rows.origin.query,
            "columns": rows.table.columns,
            "rows": rows.table.head(5).to_dicts(),
        },
        origins=origins,
        artifacts=(kept.artifact,) if kept else (),
        warnings=(_cut(rows.table.height, limit),) if rows.is_cut else (),
        table=kept.name if kept else "",
    )


def _source(catalogue: str) -> str:
    """Return the name of the source, or ``vizier:`` with its table; raises InputError."""
    plain = catalogue.strip()
    if plain.lower().startswith(_VIZIER) and plain[len(_VIZIER) :].strip():
        return _VIZIER + plain[len(_VIZIER) :].strip()
    source = _NAMES.get(plain.lower().replace("-", "").replace(" ", "").replace("_", ""))
    if source is None:
        message = f"catalogue = {catalogue!r} is not known."
        known = "gaia-dr3, simbad, sdss, openngc, or vizier: and a table"
        raise InputError(message, hint=f"Choose {known}, such as vizier:I/355/gaiadr3.")
    return source


def _asked(desk: Desk, source: str, cone: Cone, limit: int) -> _Rows:
    if source == "openngc":
        table, is_cut = openngc.cone(desk.settings, cone, limit)
        return _rows(openngc.STATE, table, is_cut=is_cut, query=cone.adql())
    if source == "sdss":
        with visiting(sdss.COLLECTOR, desk.settings) as visit:
            found = sdss.cone(visit, cone, limit, desk.stop)
        return _rows(sdss.STATE, found.table, is_cut=found.is_cut, query=found.sql, url=_url(visit))
    if source.startswith(_VIZIER):
        with visiting(vizier.COLLECTOR, desk.settings) as visit:
            answer = vizier.cone(visit, source[len(_VIZIER) :], cone, limit, desk.stop)
        told = {"query": answer.adql, "url": _url(visit)}
        return _rows(vizier.STATE, answer.table, is_cut=answer.is_cut, release=source, **told)
    if source == "simbad":
        with visiting(simbad.COLLECTOR, desk.settings) as visit:
            answer = simbad.cone(visit, cone, limit, desk.stop)
        return _rows(
            simbad.STATE, answer.table, is_cut=answer.is_cut, query=answer.adql, url=_url(visit)
        )
    adql.check(gaia.cone_adql(cone, desk.settings, limit), gaia.known(desk.settings) or None)
    with visiting(gaia.COLLECTOR, desk.settings) as visit:
        answer = gaia.cone(visit, cone, limit, desk.stop)
    release = desk.settings.gaia_release
    told = {"query": answer.adql, "url": _url(visit)}
    return _rows(
        gaia.STATE, answer.table, is_cut=answer.is_cut, release=_gaia_words(release), **told
    )


def _gaia_words(release: str) -> str:
    return release.lower().replace("gaiadr", "Gaia DR").replace("gaiaedr", "Gaia EDR")


def _url(visit: Visit) -> str:
    return visit.provenance[-1].url if visit.provenance else visit.state.url(visit.settings)


def _rows(
    state: SourceState,
    table: pl.DataFrame,
    release: str = "",
    *,
    is_cut: bool,
    **known: str,
) -> _Rows:
    title = f"{state.title}, {release}" if release else state.title
    origin = origin_from(state, title=title, rows=table.height, **known)
    return _Rows(table, is_cut, origin, release or state.name)


def _place(target: str, cone: Cone) -> str:
    position = f"RA={cone.ra_deg:.4f} Dec={cone.dec_deg:.4f}"
    return f"{target} ({position})" if target else position


def _told(rows: _Rows, where: str, limit: int) -> str:
    count = rows.table.height
    if not count:
        return f"{rows.origin.title} has nothing {where}."
    noun = "row" if count == 1 else "rows"
    text = f"{rows.origin.title} has {count:,} {noun} {where}."
    if rows.is_cut:
        text = f"{rows.origin.title} has {count:,} {noun} or more {where}. {_cut(count, limit)}"
    bright = _brightest(rows.table)
    return f"{text} {bright}".strip()


def _brightest(table: pl.DataFrame) -> str:
    name = "phot_g_mean_mag"
    if name not in table.columns or not table[name].drop_nulls().len():
        return ""
    known = table[name].drop_nulls()
    bright, faint = (float(known.sort()[k]) for k in (0, -1))
    return f"Their G magnitudes run from {bright:.2f} to {faint:.2f}."


def _cut(count: int, limit: int) -> str:
    if count < limit:
        return f"The service itself cut the result at {count:,} rows; ask for a smaller radius."
    return f"The result was cut at {limit:,} rows; ask for more with limit, or a smaller radius."
