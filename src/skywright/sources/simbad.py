"""SIMBAD of the CDS by TAP: an object by any of its names, objects in a cone, Messier and NGC.

References
----------
Wenger et al. (2000), A&AS 143, 9; tables: simbad.cds.unistra.fr/simbad/tap/tapsearch.html.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from skywright.errors import InputError, NotFoundError
from skywright.sources import tap
from skywright.sources.collecting import Collector, Part, Visit
from skywright.sources.cones import Cone
from skywright.sources.everyday_names import catalogued
from skywright.sources.openngc import SkyObject
from skywright.sources.state import TAP_SMALLEST, SourceState

STATE = SourceState(
    name="simbad",
    title="SIMBAD (CDS)",
    url_setting="simbad_url",
    status="live",
    licence="ODbL 1.0 of the CDS, Strasbourg; credit SIMBAD and cite Wenger et al. 2000.",
    spdx="ODbL-1.0",
    citation="This research has made use of the SIMBAD database, CDS, Strasbourg Observatory "
    "(Wenger et al. 2000, A&AS 143, 9)",
    documentation="https://simbad.cds.unistra.fr/simbad/tap/tapsearch.html",
    checked="2024-03-26",
    rate_limit="5 queries a second; more than that and it blocks for an hour",
    pause_s=0.25,
    fresh_s=3_600.0,
    most="radius 5 degrees, 100,000 rows",
    remark="Columns are in lower case and positions in degrees (ICRS).",
    smallest=TAP_SMALLEST,
)

MOST_RADIUS_DEG = 5.0
"""Largest cone [deg]."""
_LONGEST_NAME = 100
_UNASKED = 10_000
_MOST_NAMES = 200
_CATALOGUED = re.compile(r"^(M|NGC|IC)\s*0*(\d+)")
_COLUMNS = (
    "main_id", "ra", "dec", "otype", "sp_type", "morph_type", "plx_value", "pmra", "pmdec",
    "rvz_radvel", "rvz_redshift", "galdim_majaxis", "galdim_minaxis", "galdim_angle", "nbref",
)  # fmt: skip
_VALUES = {
    "galdim_majaxis": "major_axis_arcmin", "galdim_minaxis": "minor_axis_arcmin",
    "galdim_angle": "position_angle_deg", "plx_value": "parallax_mas", "pmra": "pm_ra_mas_yr",
    "pmdec": "pm_dec_mas_yr", "rvz_radvel": "radial_velocity_km_s", "rvz_redshift": "redshift",
}  # fmt: skip

KNOWN = {
    "basic": ("oid", *_COLUMNS, "coo_err_maj", "coo_err_min", "coo_err_angle", "coo_wavelength",
              "coo_bibcode", "coo_err_maj_prec", "coo_err_min_prec", "coo_qual", "dec_prec",
              "ra_prec", "hpx", "galdim_bibcode", "galdim_majaxis_prec", "galdim_minaxis_prec",
              "galdim_qual", "galdim_wavelength", "morph_bibcode", "morph_qual", "plx_bibcode",
              "plx_err", "plx_err_prec", "plx_prec", "plx_qual", "pm_bibcode", "pm_err_angle",
              "pm_err_maj", "pm_err_maj_prec", "pm_err_min", "pm_err_min_prec", "pm_qual",
              "pmdec_prec", "pmra_prec", "rvz_bibcode", "rvz_err", "rvz_err_prec", "rvz_nature",
              "rvz_qual", "rvz_radvel_prec", "rvz_redshift_prec", "rvz_type", "rvz_wavelength",
              "sp_bibcode", "sp_qual", "update_date", "vlsr", "vlsr_bibcode", "vlsr_err",
              "vlsr_max", "vlsr_min", "vlsr_wavelength"),
    "ident": ("id", "oidref"),
    "otypedef": ("otype", "label", "description", "is_candidate", "path", "comment"),
    "allfluxes": ("oidref", *"UBVRIGJHKugriz"),
}  # fmt: skip
"""Columns of the tables that are asked most; of others the service tells (``tap.checked``)."""


def name_adql(name: str) -> str:
    """Return the query for the object that has a name.

    Raises
    ------
    InputError
        If the name is empty or longer than 100 characters.
    """
    name = " ".join(name.split())
    if not name or len(name) > _LONGEST_NAME:
        message = f"The name {name[:_LONGEST_NAME]!r} is empty or too long."
        raise InputError(message, hint="Such as: M 31, Sirius, 2MASX J00424433+4116074.")
    columns = ", ".join(f"basic.{column}" for column in ("oid", *_COLUMNS))
    quoted = name.replace("'", "''")
    return (
        f"SELECT {columns}, otypedef.description FROM basic JOIN ident ON oidref = oid "  # noqa: S608
        f"LEFT JOIN otypedef ON basic.otype = otypedef.otype WHERE id = '{quoted}'"
    )


def resolve(visit: Visit, name: str, stop: threading.Event | None = None) -> SkyObject:
    """Find an object by any name that SIMBAD knows, or an everyday one that stands for a number.

    Raises
    ------
    NotFoundError
        If no object has it.
    InputError, SourceError, StoppedError
        Like ``name_adql`` and ``tap.query``.
    """
    known_as = catalogued(name) or name
    found = tap.query(visit, name_adql(known_as), most_rows=2, stop=stop).table
    if found.is_empty() or found["ra"][0] is None:
        message = f"SIMBAD has no position of an object named {name.strip()!r}."
        raise NotFoundError(message, hint="Check the spelling, or give the position in degrees.")
    row = found.row(0, named=True)
    named = f"SELECT id FROM ident WHERE oidref = {int(row['oid'])}"  # noqa: S608
    identifiers = tap.query(visit, named, most_rows=_MOST_NAMES, stop=stop).table["id"].to_list()
    main = " ".join(str(row["main_id"]).split())
    return SkyObject(
        name=main,
        catalogue_name=main,
        ra_deg=float(row["ra"]),
        dec_deg=float(row["dec"]),
        kind=str(row["description"] or row["otype"] or "").lower(),
        values={ours: float(row[k]) for k, ours in _VALUES.items() if row[k] is not None},
        common_names=tuple(n[5:] for n in identifiers if n.startswith("NAME ")),
        identifiers=tuple(" ".join(n.split()) for n in identifiers if not n.startswith("NAME ")),
        licence=STATE.licence,
    )


@dataclass(frozen=True, slots=True)
class Magnitudes:
    """The magnitudes of an object."""

    magnitudes: dict[str, float]
    """By band, U to K and u to z [mag]; empty where there are none."""
    adql: str
    """What was asked."""


def magnitudes(
    visit: Visit, names: Sequence[str], stop: threading.Event | None = None
) -> Magnitudes:
    """Return the magnitudes of the object that has one of these names.

    Raises
    ------
    SourceError, StoppedError
        Like ``tap.query``.
    """
    written = {" ".join(name.split()) for name in names[:_MOST_NAMES]}
    written |= {_CATALOGUED.sub(r"\1 \2", name) for name in written}
    listed = ", ".join("'" + name.replace("'", "''") + "'" for name in sorted(written))
    named = f"SELECT oidref FROM ident WHERE id IN ({listed})"  # noqa: S608
    known = tap.query(visit, named, most_rows=_MOST_NAMES, stop=stop).table
    if known.is_empty():
        return Magnitudes({}, named)
    # All columns, since the names of those in small letters differ between releases (g, g_).
    adql = f"SELECT * FROM allfluxes WHERE oidref = {int(known['oidref'][0])}"  # noqa: S608
    rows = tap.query(visit, adql, most_rows=2, stop=stop).table.to_dicts()
    told = {column.rstrip("_"): value for column, value in (rows[0] if rows else {}).items()}
    bands = KNOWN["allfluxes"][1:]
    return Magnitudes(
        {band: float(told[band]) for band in bands if told.get(band) is not None}, adql
    )


def cone_adql(around: Cone, limit: int) -> str:
    """Return the query for the objects within a cone; raises InputError for a large radius."""
    around.check_radius(MOST_RADIUS_DEG, STATE)
    return f"SELECT TOP {limit} {', '.join(_COLUMNS)} FROM basic WHERE {around.adql()}"  # noqa: S608


def cone(
    visit: Visit, around: Cone, limit: int, stop: threading.Event | None = None
) -> tap.TapTable:
    """Return the objects within a cone; raises like ``cone_adql`` and ``tap.query``."""
    return tap.query(visit, cone_adql(around, limit), most_rows=limit, stop=stop)


def _named(visit: Visit, like: str, pattern: str) -> pl.DataFrame:
    """Return the objects whose names in one catalogue keep a pattern, with that name."""
    most = min(visit.wish.limit or _UNASKED, tap.MOST_ROWS) if like != "M %" else _UNASKED
    columns = ", ".join(f"basic.{column}" for column in _COLUMNS)
    adql = (
        f"SELECT TOP {most} ident.id, {columns} FROM basic JOIN ident ON oidref = oid "  # noqa: S608
        f"WHERE ident.id LIKE '{like}'"
    )
    table = tap.rows(visit, adql, most_rows=most)
    return table.filter(pl.col("id").str.contains(pattern)).sort("id")


COLLECTOR = Collector(
    STATE,
    {
        "messier": Part(lambda visit: _named(visit, "M %", r"^M +\d{1,3}$")),
        "ngc": Part(lambda visit: _named(visit, "NGC %", r"^NGC +\d{1,4}[A-Z]?$")),
    },
)
