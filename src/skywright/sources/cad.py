"""JPL close approaches (CAD): who passes whom, when and how near, by JPL."""

from __future__ import annotations

from typing import Any

import polars as pl

from skywright.errors import SourceError
from skywright.settings import Settings
from skywright.sources.http import Fetcher, Provenance, parse_json
from skywright.sources.state import JPL_LICENCE, SourceState

STATE = SourceState(
    name="cad",
    title="JPL close-approach service",
    url_setting="cad_url",
    status="live",
    licence=JPL_LICENCE,
    citation="Center for Near Earth Object Studies (CNEOS), NASA/JPL-Caltech",
    documentation="https://ssd-api.jpl.nasa.gov/doc/cad.html",
    checked="2026-07-26",
    most="every approach within the span of dates and the distance asked for",
    smallest="?date-min=2024-01-01&date-max=2024-01-02&dist-max=0.01&limit=1",
)

_NAMES = {
    "des": "designation",
    "orbit_id": "orbit_id",
    "jd": "jd_tdb",
    "cd": "calendar_tdb",
    "dist": "dist_au",
    "dist_min": "dist_min_au",
    "dist_max": "dist_max_au",
    "v_rel": "v_rel_km_s",
    "v_inf": "v_inf_km_s",
    "t_sigma_f": "t_sigma",
    "h": "h_mag",
    "fullname": "full_name",
    "body": "body",
}
_TEXT = {"designation", "orbit_id", "calendar_tdb", "t_sigma", "full_name", "body"}


def fetch_close_approaches(
    fetcher: Fetcher,
    settings: Settings,
    *,
    start: str,
    stop: str,
    within_au: float = 0.05,
    body: str = "Earth",
) -> tuple[pl.DataFrame, Provenance | None]:
    """Fetch the close approaches of a span of dates.

    Parameters
    ----------
    fetcher : Fetcher
        Fetches, with back-off and provenance.
    settings : Settings
        Addresses.
    start, stop : str
        Dates, ``2029-01-01`` (TDB).
    within_au : float
        Largest nominal distance [au].
    body : str
        ``Earth``, ``Moon``, ``Venus``, ... or ``ALL``.

    Returns
    -------
    table : polars.DataFrame
        ``designation, orbit_id, jd_tdb, calendar_tdb, dist_au, dist_min_au, dist_max_au,
        v_rel_km_s, v_inf_km_s, t_sigma, h_mag, body``; distances between centres, 3-sigma bounds.
    provenance : Provenance

    Raises
    ------
    SourceError
        If the service cannot be reached or has changed its shape.
    """
    params = {
        "date-min": start,
        "date-max": stop,
        "dist-max": f"{within_au:.10g}",
        "body": body,
        "fullname": "true",
    }
    fetched = fetcher.get(STATE, settings.cad_url, params, check=_check)
    table = read_close_approaches(fetched.json(STATE.title))
    if "body" not in table.columns:
        table = table.with_columns(pl.lit(body).alias("body"))
    return table, fetched.provenance


def _check(content: bytes) -> None:
    read_close_approaches(parse_json(content, STATE.title))


def read_close_approaches(payload: Any) -> pl.DataFrame:
    """Turn an answer of the service into a table; no approaches give no rows.

    Raises
    ------
    SourceError
        If the shape is unknown.
    """
    if isinstance(payload, dict) and str(payload.get("count")) == "0":
        return pl.DataFrame(
            schema={n: pl.String if n in _TEXT else pl.Float64 for n in _NAMES.values()}
        ).drop("body")
    try:
        names = [_NAMES.get(field, field) for field in payload["fields"]]
        rows = payload["data"]
        columns = [[row[k] for row in rows] for k in range(len(names))]
        table = pl.DataFrame(
            [pl.Series(n, c, pl.String) for n, c in zip(names, columns, strict=True)]
        )
        numeric = [n for n in _NAMES.values() if n not in _TEXT and n in names]
        return table.select(
            "designation", "dist_au", "jd_tdb", pl.all().exclude("designation", "dist_au", "jd_tdb")
        ).with_columns(pl.col(numeric).cast(pl.Float64))
    except (KeyError, TypeError, IndexError, pl.exceptions.PolarsError) as error:
        message = f"{STATE.title} answered in an unknown shape: {error}."
        raise SourceError(message, hint=f"See {STATE.documentation}.") from error
