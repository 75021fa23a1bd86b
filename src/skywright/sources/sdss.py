"""SDSS SkyServer: photometry in a cone, spectra as a data set, SQL of a user.

References
----------
skyserver.sdss.org, SkyServerWS: SearchTools/SqlSearch; functions fGetNearbyObjEq.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import Any

import polars as pl

from skywright.errors import InputError, SourceError
from skywright.sources import tap
from skywright.sources.collecting import Collector, Part, Visit
from skywright.sources.cones import Cone, plain
from skywright.sources.http import Provenance, parse_json
from skywright.sources.records import unknown_shape
from skywright.sources.state import SourceState

STATE = SourceState(
    name="sdss",
    title="SDSS SkyServer",
    url_setting="sdss_url",
    status="live",
    licence="Public data; credit the Sloan Digital Sky Survey as its citation says.",
    citation="Funding for the Sloan Digital Sky Survey and acknowledgement: "
    "https://www.sdss.org/collaboration/citing-sdss",
    documentation="https://skyserver.sdss.org/dr18/help/docs/api.aspx",
    checked="",
    rate_limit="60 queries a minute",
    pause_s=1.0,
    fresh_s=3_600.0,
    most="radius 3 arcminutes, 50,000 rows",
    remark="The release is part of the address (SKYWRIGHT_SDSS_URL).",
    smallest="/SearchTools/SqlSearch?cmd=SELECT+TOP+1+objID+FROM+PhotoObj&format=json",
)

MOST_RADIUS_DEG = 0.05
"""Largest cone, 3 arcminutes [deg]."""
MOST_ROWS = 50_000
"""Most rows of one query."""

_LONGEST = 8_000
_UNASKED = 2_000
_PHOTOMETRY = ("objID", "ra", "dec", "type", *"ugriz", *(f"err_{band}" for band in "ugriz"))
_SPECTRA = (
    "specObjID", "ra", "dec", "z", "zErr", "class", "subClass", "plate", "mjd", "fiberID",
)  # fmt: skip
_WORD_OR_TEXT = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/|[A-Za-z_]\w*|;", re.DOTALL)
_NOT_READING = frozenset(
    ["into", "insert", "update", "delete", "drop", "create", "alter", "exec", "execute", "merge",
     "truncate", "grant", "declare", ";"]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SqlTable:
    """The answer to a query."""

    table: pl.DataFrame
    is_cut: bool
    """True where rows were left out, or the limit was just reached."""
    sql: str
    """What was asked."""
    provenance: Provenance | None = None


def read_rows(content: bytes) -> pl.DataFrame:
    """Read an answer of SqlSearch in JSON.

    Raises
    ------
    SourceError
        If the server refused the query (its words are passed on), or this is no such answer.
    """
    payload = parse_json(content, STATE.title)
    if isinstance(payload, dict):
        said = next((str(v) for k, v in payload.items() if "message" in k.lower()), "")
        if said:
            words = " ".join(said.split())[:300].rstrip(".")
            message = f"{STATE.title} refused the query and said: {words}."
            raise SourceError(message, hint=f"See {STATE.documentation}.")
    first: Any = payload[0] if isinstance(payload, list) and payload else None
    rows = first.get("Rows") if isinstance(first, dict) else None
    if not isinstance(rows, list) or any(not isinstance(row, dict) for row in rows):
        what = "no table with rows"
        raise unknown_shape(STATE, what)
    return pl.DataFrame(rows, infer_schema_length=None)


def query(visit: Visit, sql: str, most_rows: int, stop: threading.Event | None = None) -> SqlTable:
    """Ask in SQL, as SkyServer speaks it.

    Parameters
    ----------
    visit : Visit
        Of this source; gets a provenance row.
    sql : str
        One SELECT of up to 8,000 characters; its TOP is set or lowered to ``most_rows + 1``.
    most_rows : int
        Most rows wanted, 1 to ``MOST_ROWS``.
    stop : threading.Event, optional
        Ends the wait when set.

    Raises
    ------
    InputError
        If it is no single SELECT, or ``most_rows`` is out of range.
    SourceError, StoppedError
        Like ``tap.query``.
    """
    if not 1 <= most_rows <= MOST_ROWS:
        message = f"{most_rows} rows were asked for; one query may return 1 to {MOST_ROWS}."
        raise InputError(message)
    asked = {"cmd": _with_top(_checked(sql), most_rows + 1), "format": "json"}
    address = visit.state.url(visit.settings).rstrip("/") + "/SearchTools/SqlSearch"
    fetched = tap.unless_stopped(
        lambda: visit.fetcher.get(visit.state, address, asked, check=read_rows, accept=(400,)), stop
    )
    if fetched.status != 200:
        read_rows(fetched.content)  # raises with the words of the server
        what = "a refusal that holds rows"
        raise unknown_shape(STATE, what)
    if fetched.provenance is not None:
        visit.provenance.append(fetched.provenance)
    table = read_rows(fetched.content)
    is_cut = table.height > most_rows
    return SqlTable(table.head(most_rows), is_cut, asked["cmd"], fetched.provenance)


def cone_sql(around: Cone) -> str:
    """Return the query for the photometry within a cone; raises InputError above 3 arcminutes."""
    around.check_radius(MOST_RADIUS_DEG, STATE)
    columns = ", ".join(f"p.{name}" for name in _PHOTOMETRY)
    where = f"{plain(around.ra_deg)}, {plain(around.dec_deg)}, {plain(60 * around.radius_deg, 6)}"
    return (
        f"SELECT {columns} FROM PhotoObj AS p, "  # noqa: S608
        f"dbo.fGetNearbyObjEq({where}) AS n WHERE n.objID = p.objID"
    )


def cone(visit: Visit, around: Cone, limit: int, stop: threading.Event | None = None) -> SqlTable:
    """Return the photometry within a cone; raises like ``cone_sql`` and ``query``."""
    return query(visit, cone_sql(around), limit, stop)


def _checked(sql: str) -> str:
    text = sql.strip().rstrip(";").rstrip()
    words = [word.lower() for word in _WORD_OR_TEXT.findall(text)]
    words = [word for word in words if not word.startswith(("'", "--", "/*"))]
    if not words or words[0] != "select" or len(text) > _LONGEST:
        message = f"Only one SELECT of up to {_LONGEST} characters is allowed."
        raise InputError(message, hint="Such as: SELECT TOP 5 objID, ra, dec FROM PhotoObj")
    other = next((word for word in words if word in _NOT_READING), None)
    if other is not None:
        message = f"The query holds {other!r}; only one SELECT that reads is allowed."
        raise InputError(message, hint="Nothing is written through here.")
    return text


def _with_top(sql: str, most_rows: int) -> str:
    found = re.match(
        r"(select\s+(?:distinct\s+|all\s+)?)(?:top\s+\(?(\d+)\)?\s+)?", sql, re.IGNORECASE
    )
    assert found is not None  # noqa: S101 - it begins with select
    top = min(int(found[2] or most_rows), most_rows)
    return f"{found[1]}TOP {top} {sql[found.end() :]}"


def _spectra(visit: Visit) -> pl.DataFrame:
    most = min(visit.wish.limit or _UNASKED, MOST_ROWS)
    columns = ", ".join(f"s.{name}" for name in _SPECTRA)
    sql = f"SELECT {columns} FROM SpecObj AS s WHERE s.class = 'QSO' AND s.zWarning = 0"  # noqa: S608
    return _with_source(query(visit, sql, most), visit)


def _photometry(visit: Visit) -> pl.DataFrame:
    most = min(visit.wish.limit or _UNASKED, MOST_ROWS)
    columns = ", ".join(f"p.{name}" for name in _PHOTOMETRY)
    sql = f"SELECT {columns} FROM Star AS p WHERE p.r BETWEEN 14 AND 18"  # noqa: S608
    return _with_source(query(visit, sql, most), visit)


def _with_source(answer: SqlTable, visit: Visit) -> pl.DataFrame:
    url = answer.provenance.url if answer.provenance else visit.state.url(visit.settings)
    return answer.table.with_columns(pl.lit(url).alias("source_url"))


COLLECTOR = Collector(STATE, {"stars": Part(_photometry), "quasars": Part(_spectra)})
