"""VizieR of the CDS by TAP: any of its tables in a cone, and the list of its tables.

References
----------
Ochsenbein, Bauer & Marcout (2000), A&AS 143, 23; tapvizier.cds.unistra.fr.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass

import polars as pl

from skywright.errors import InputError, NotFoundError
from skywright.sources import tap
from skywright.sources.collecting import Collector, Part, Visit
from skywright.sources.cones import Cone
from skywright.sources.state import TAP_SMALLEST, SourceState

STATE = SourceState(
    name="vizier",
    title="VizieR (CDS)",
    url_setting="vizier_url",
    status="live",
    licence="Free for scientific use; credit VizieR and the authors of the catalogue.",
    citation="This research has made use of the VizieR catalogue access tool, CDS, Strasbourg "
    "(Ochsenbein et al. 2000, A&AS 143, 23; DOI 10.26093/cds/vizier)",
    documentation="https://tapvizier.cds.unistra.fr",
    checked="2024-03-26",
    rate_limit="one query at a time",
    pause_s=0.25,
    fresh_s=3_600.0,
    most="radius 5 degrees, 100,000 rows",
    remark="Names of columns differ from table to table; terms are those of each catalogue.",
    smallest=TAP_SMALLEST,
)

MOST_RADIUS_DEG = 5.0
"""Largest cone [deg]."""
NICKNAMES = {
    "2mass": "II/246/out", "allwise": "II/328/allwise", "gaia-dr3": "I/355/gaiadr3",
    "hipparcos": "I/239/hip_main", "panstarrs": "II/349/ps1", "sdss-dr16": "V/154/sdss16",
    "tycho-2": "I/259/tyc2", "usno-b1": "I/284/out",
}  # fmt: skip
"""Tables that go by a name of their own."""

_TABLE = re.compile(r"[A-Za-z0-9_+.-]+(?:/[A-Za-z0-9_+.-]+)*")
_LONGEST_TABLE = 80
_UNASKED = 5_000
# In this order: the main position, then those that the CDS computes, then by name.
_POSITIONS = (
    ("RA_ICRS", "DE_ICRS"), ("RAJ2000", "DEJ2000"), ("_RAJ2000", "_DEJ2000"), ("_RA", "_DE"),
    ("RAICRS", "DEICRS"), ("ra", "dec"), ("RAdeg", "DEdeg"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Description:
    """A table of VizieR."""

    name: str
    columns: tuple[str, ...]
    ra: str
    """Column of the right ascension [deg]; empty where there is none."""
    dec: str


def describe(visit: Visit, table: str, stop: threading.Event | None = None) -> Description:
    """Tell which columns a table has and which of them are its position.

    Parameters
    ----------
    visit : Visit
        Of this source.
    table : str
        Such as ``II/246/out``, a nickname, or a catalogue that has one table.
    stop : threading.Event, optional
        Ends the query when set.

    Raises
    ------
    InputError
        If the name has letters that no table has, or the catalogue has several tables.
    NotFoundError
        If there is no such table.
    SourceError, StoppedError
        Like ``tap.query``.
    """
    name = NICKNAMES.get(table.strip().lower(), table.strip().strip('"'))
    if not _TABLE.fullmatch(name) or len(name) > _LONGEST_TABLE:
        message = f"The table {table[:_LONGEST_TABLE]!r} has no name that VizieR gives."
        raise InputError(message, hint=f"Such as II/246/out, or {', '.join(NICKNAMES)}.")
    columns = tap.columns_of(visit, [name], stop)
    if not columns:
        name = _only_table(visit, name, stop)
        columns = tap.columns_of(visit, [name], stop)
    known = columns.get(name) or next(iter(columns.values()), ())
    ra, dec = next((pair for pair in _POSITIONS if {*pair} <= set(known)), ("", ""))
    return Description(name, known, ra, dec)


def cone_adql(described: Description, around: Cone, limit: int) -> str:
    """Return the query for the rows of a table within a cone.

    Raises
    ------
    InputError
        If the radius is too large, or the table has no position in degrees that we know of.
    """
    around.check_radius(MOST_RADIUS_DEG, STATE)
    if not described.ra:
        message = f"The table {described.name} of VizieR has no position that is known here."
        hint = f"Its columns: {', '.join(described.columns[:12])}. Ask it by ADQL."
        raise InputError(message, hint=hint)
    where = around.adql(_quoted(described.ra), _quoted(described.dec))
    return f'SELECT TOP {limit} * FROM "{described.name}" WHERE {where}'  # noqa: S608


def cone(
    visit: Visit, table: str, around: Cone, limit: int, stop: threading.Event | None = None
) -> tap.TapTable:
    """Return the rows of a table within a cone; raises like ``describe`` and ``cone_adql``."""
    around.check_radius(MOST_RADIUS_DEG, STATE)
    adql = cone_adql(describe(visit, table, stop), around, limit)
    return tap.query(visit, adql, most_rows=limit, stop=stop)


def _quoted(column: str) -> str:
    return column if re.fullmatch(r"[A-Za-z]\w*", column) else f'"{column}"'


def _only_table(visit: Visit, catalogue: str, stop: threading.Event | None) -> str:
    adql = (
        "SELECT table_name FROM TAP_SCHEMA.tables "  # noqa: S608
        f"WHERE table_name LIKE '{catalogue.rstrip('/')}/%'"
    )
    found = tap.query(visit, adql, most_rows=50, stop=stop).table
    names = [str(name).strip('"') for name in found["table_name"]] if found.height else []
    if not names:
        message = f"VizieR has no table {catalogue!r}."
        raise NotFoundError(message, hint=f"Such as II/246/out, or {', '.join(NICKNAMES)}.")
    if len(names) > 1:
        message = f"The catalogue {catalogue} of VizieR has several tables: {', '.join(names[:8])}."
        raise InputError(message, hint="Ask for one of them.")
    return names[0]


def _tables(visit: Visit) -> pl.DataFrame:
    most = min(visit.wish.limit or _UNASKED, tap.MOST_ROWS)
    adql = (
        f"SELECT TOP {most} schema_name, table_name, description "  # noqa: S608
        "FROM TAP_SCHEMA.tables"
    )
    return tap.rows(visit, adql, most_rows=most)


COLLECTOR = Collector(STATE, {"tables": Part(_tables)})
