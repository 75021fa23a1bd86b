"""Observations as the Virtual Observatory describes them, the same at every archive.

References
----------
IVOA ObsCore 1.1, table 1 (columns that every service has).
"""

from __future__ import annotations

import datetime as dt
import re

import polars as pl

from skywright.errors import InputError
from skywright.sources.cones import Cone

COLUMNS = (
    "obs_id", "obs_collection", "dataproduct_type", "calib_level", "target_name", "s_ra", "s_dec",
    "t_min", "t_max", "t_exptime", "instrument_name",
)  # fmt: skip
"""Position [deg], begin and end [MJD], exposure [s]."""

_MJD_OF_UNIX = 40_587  # 1970-01-01
_WORD = re.compile(r"[A-Za-z0-9_-]{1,40}")


def adql(
    limit: int,
    *,
    around: Cone | None = None,
    collection: str = "",
    since: dt.date | None = None,
) -> str:
    """Return the query for observations, the newest first where no cone is asked for.

    Raises
    ------
    InputError
        If the collection is no word.
    """
    conditions = [around.adql("s_ra", "s_dec")] if around else []
    if collection:
        if not _WORD.fullmatch(collection):
            message = f"collection = {collection[:40]!r} is no name of a mission."
            raise InputError(message, hint="Such as JWST, HST, TESS.")
        conditions.append(f"obs_collection = '{collection}'")
    if since is not None:
        conditions.append(f"t_min >= {since.toordinal() - dt.date(1858, 11, 17).toordinal()}")
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    order = "" if around else " ORDER BY t_min DESC"
    return f"SELECT TOP {limit} {', '.join(COLUMNS)} FROM ivoa.obscore{where}{order}"  # noqa: S608


def dated(table: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with ``begin_utc``, ISO 8601, of the modified Julian date."""
    seconds = (pl.col("t_min").cast(pl.Float64, strict=False) - _MJD_OF_UNIX) * 86_400.0
    begin = pl.from_epoch(seconds.round(0).cast(pl.Int64), time_unit="s")
    return table.with_columns(begin.dt.strftime("%Y-%m-%dT%H:%M:%SZ").alias("begin_utc"))
