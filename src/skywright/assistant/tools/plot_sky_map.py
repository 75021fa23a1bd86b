"""A map of positions on the sky, with the table behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import polars as pl
from pydantic import Field

from skywright.assistant.messages import Artifact, Origin, ToolResult
from skywright.assistant.tools.desk import Desk
from skywright.assistant.tools.photometry import magnitudes
from skywright.assistant.tools.positions import cone_around
from skywright.assistant.tools.shelf import (
    computed_here,
    keep_csv,
    keep_plot,
    origin_from,
    origins_of,
)
from skywright.assistant.tools.star_tables import StarTable, table_meant
from skywright.errors import InputError, NotFoundError
from skywright.settings import Settings
from skywright.sources import gaia, openngc, tap
from skywright.sources.collecting import visiting
from skywright.sources.cones import Cone

MOST_STARS = 4_000
"""Of a fresh cone; the brightest are taken."""
GAIA_DEG = 1.0
"""Up to this radius stars of Gaia are drawn, beyond it objects of OpenNGC [deg]."""
WIDE_DEG = 30.0
"""From this distance to the middle on, the whole sky is drawn [deg]."""

_USUAL_DEG = 0.25
_PLACES = (("ra_deg", "dec_deg"), ("ra", "dec"), ("s_ra", "s_dec"), ("raj2000", "dej2000"),
           ("ra_icrs", "de_icrs"), ("raj2000_deg", "dej2000_deg"))  # fmt: skip
_BANDS = ("G", "V", "r", "B", "g", "K", "J")
_Name = Annotated[str, Field(max_length=100)]


@dataclass(frozen=True, slots=True)
class _Map:
    """What is drawn: ``ra_deg``, ``dec_deg`` and, where known, ``mag``, ``kind``, ``colour``."""

    rows: pl.DataFrame
    meant: StarTable
    band: str
    ra_deg: float
    dec_deg: float
    farthest_deg: float


def plot_sky_map(
    desk: Desk,
    table: _Name = "",
    target: _Name = "",
    radius_deg: Annotated[float | None, Field(gt=0, le=180)] = None,
) -> ToolResult:
    """Draw a map of the sky: where the rows of a table lie, or what is around an object.

    East is left. Brighter objects are drawn larger. Wide spreads become a map of the whole sky.

    Parameters
    ----------
    table : str
        Name of a table of the conversation, or openngc for that whole catalogue; the newest
        where nothing is given.
    target : str
        Object in the middle instead, such as M13.
    radius_deg : float, optional
        Radius around the target [deg], 0.25 if not given: up to 1 the brightest stars of Gaia,
        beyond it objects of OpenNGC.
    """
    meant, is_cut = _meant(desk, table, target, radius_deg)
    one = _map_of(meant)
    desk.check_stop()
    whose = target or (table if table else desk.target) or f"table {meant.name}"
    title = f"{whose}: {one.rows.height:,} positions"
    plot = _drawn(desk, one, title)
    behind = keep_csv(desk, f"sky-map-{meant.name}", f"The table behind: {title}", one.rows)
    return ToolResult(
        text=_told(one, whose),
        data={
            "positions": one.rows.height,
            "rows": meant.rows.height,
            "projection": _projection(one),
            "middle_ra_deg": round(one.ra_deg, 6),
            "middle_dec_deg": round(one.dec_deg, 6),
            "farthest_deg": round(one.farthest_deg, 6),
            "band": one.band,
        },
        origins=(*meant.origins, computed_here("plot-sky-map", f"Map of {meant.name}")),
        artifacts=(plot, behind),
        warnings=(f"Only the brightest {one.rows.height:,} objects are shown.",) if is_cut else (),
        table=meant.name if meant.name in desk.tables else "",
    )


def _meant(desk: Desk, table: str, target: str, radius_deg: float | None) -> tuple[StarTable, bool]:
    if table.strip().lower() == "openngc":
        return _all_of_openngc(desk.settings), False
    if not target or table:
        return (_newest_with_places(desk) if not table else table_meant(desk, table)), False
    if radius_deg is None:
        try:
            return table_meant(desk, target=target), False
        except NotFoundError:
            radius_deg = _USUAL_DEG
    cone, told_by = cone_around(desk, target, None, None, radius_deg)
    desk.target = target
    desk.check_stop()
    if radius_deg > GAIA_DEG:
        rows, is_cut = openngc.cone(desk.settings, cone, MOST_STARS)
        origin = origin_from(openngc.STATE, query=cone.adql(), rows=rows.height)
    else:
        rows, is_cut, origin = _stars(desk, cone)
    if rows.is_empty():
        message = f"{origin.title} has nothing within {radius_deg:g} degrees of {target}."
        raise NotFoundError(message, hint="Ask for a larger radius_deg.")
    return StarTable(f"around {target}", rows, (origin, *told_by)), is_cut


def _newest_with_places(desk: Desk) -> StarTable:
    """Return the newest table that has positions, so that a list of papers does not hide it."""
    for name in reversed(desk.tables):
        if _places(desk.tables[name]):
            return StarTable(name, desk.tables[name], origins_of(desk, name))
    return table_meant(desk)


def _all_of_openngc(settings: Settings) -> StarTable:
    rows = openngc.objects(settings)
    return StarTable("openngc", rows, (origin_from(openngc.STATE, rows=rows.height),))


def _stars(desk: Desk, cone: Cone) -> tuple[pl.DataFrame, bool, Origin]:
    desk.progress("asking Gaia")
    adql = gaia.cone_adql(cone, desk.settings, MOST_STARS) + " ORDER BY phot_g_mean_mag"
    with visiting(gaia.COLLECTOR, desk.settings) as visit:
        found = tap.query(visit, adql, most_rows=MOST_STARS, stop=desk.stop, as_job=True)
    url = visit.provenance[-1].url if visit.provenance else gaia.STATE.url(desk.settings)
    origin = origin_from(gaia.STATE, query=adql, url=url, rows=found.table.height)
    return found.table, found.is_cut, origin


def _places(rows: pl.DataFrame) -> tuple[str, str] | None:
    spelt = {name.lower(): name for name in rows.columns}
    return next(((spelt[a], spelt[d]) for a, d in _PLACES if a in spelt and d in spelt), None)


def _map_of(meant: StarTable) -> _Map:
    """Return the rows that have a position, and the middle of them; raises InputError."""
    places = _places(meant.rows)
    if places is None:
        listed = ", ".join(meant.rows.columns[:30])
        message = f"The table {meant.name} has no positions; its columns are {listed}."
        raise InputError(message, hint="A map needs ra and dec in degrees (ICRS).")
    band, mags = _brightness(meant.rows)
    ra, dec = (meant.rows[name].cast(pl.Float64, strict=False) for name in places)
    rows = meant.rows.select(ra.alias("ra_deg"), dec.alias("dec_deg"), mags.alias("mag"))
    beside = [name for name in ("name", "source_id", "kind") if name in meant.rows.columns]
    rows = rows.with_columns(*(meant.rows[name] for name in beside))
    rows = rows.with_columns(_bp_rp(meant.rows))
    known = rows.filter(
        pl.col("ra_deg").is_finite() & pl.col("dec_deg").is_between(-90.0, 90.0)
    ).with_columns(pl.col("ra_deg") % 360.0)
    if known.is_empty():
        message = f"No row of the table {meant.name} has a position in degrees."
        raise InputError(message)
    return _Map(known, meant, band, *_middle(known))


def _brightness(rows: pl.DataFrame) -> tuple[str, pl.Series]:
    for band in _BANDS:
        try:
            return band, magnitudes(rows, band)
        except InputError:
            continue
    return "", pl.Series("mag", [None] * rows.height, pl.Float64)


def _bp_rp(rows: pl.DataFrame) -> pl.Series:
    try:
        return (magnitudes(rows, "BP") - magnitudes(rows, "RP")).alias("bp_rp")
    except InputError:
        return pl.Series("bp_rp", [None] * rows.height, pl.Float64)


def _middle(rows: pl.DataFrame) -> tuple[float, float, float]:
    """Return the middle of positions and the distance of the farthest [deg]."""
    ra, dec = (np.radians(rows[name].to_numpy()) for name in ("ra_deg", "dec_deg"))
    unit = np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])
    mean = unit.mean(axis=1)
    length = float(np.linalg.norm(mean))
    if length < 1e-6:
        return 0.0, 0.0, 180.0
    mean /= length
    farthest = 2.0 * np.arcsin(np.clip(np.linalg.norm(unit - mean[:, None], axis=0) / 2, 0, 1))
    ra_deg = float(np.degrees(np.arctan2(mean[1], mean[0]))) % 360.0
    return ra_deg, float(np.degrees(np.arcsin(mean[2]))), float(np.degrees(farthest.max()))


def _projection(one: _Map) -> str:
    return "mollweide" if one.farthest_deg > WIDE_DEG else "tangent plane"


def _drawn(desk: Desk, one: _Map, title: str) -> Artifact:
    from skywright.assistant.tools.sky_chart import tangent_chart, whole_sky

    source = one.meant.origins[0].title if one.meant.origins else f"Table {one.meant.name}"
    if one.farthest_deg > WIDE_DEG:
        figure = whole_sky(one.rows, title, source, one.band)
    else:
        middle = (one.ra_deg, one.dec_deg)
        figure = tangent_chart(one.rows, middle, title, source, one.band)
    return keep_plot(desk, f"sky-map-{one.meant.name}", f"Map of the sky: {title}", figure)


def _told(one: _Map, whose: str) -> str:
    how = (
        "on the whole sky (Mollweide projection)"
        if one.farthest_deg > WIDE_DEG
        else f"within {one.farthest_deg:.3g} degrees of RA={one.ra_deg:.4f} Dec={one.dec_deg:.4f}"
    )
    text = f"The map of {whose} shows {one.rows.height:,} positions {how}, east to the left."
    if one.band:
        text += f" Larger symbols are brighter in {one.band}."
    missing = one.meant.rows.height - one.rows.height
    if missing:
        text += f" {missing:,} rows without a position are not shown."
    return text
