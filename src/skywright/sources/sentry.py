"""JPL Sentry: objects that may hit the Earth within a century or so, by JPL."""

from __future__ import annotations

from typing import Any

import polars as pl

from skywright.errors import NotFoundError, SourceError
from skywright.settings import Settings
from skywright.sources.http import Fetcher, Provenance, parse_json
from skywright.sources.state import JPL_LICENCE, SourceState

STATE = SourceState(
    name="sentry",
    title="JPL Sentry",
    url_setting="sentry_url",
    status="live",
    licence=JPL_LICENCE,
    citation="Sentry impact monitoring, CNEOS, NASA/JPL-Caltech",
    documentation="https://ssd-api.jpl.nasa.gov/doc/sentry.html",
    checked="2026-06-30",
    smallest="?ps-min=-2",
)

_NAMES = {
    "des": "designation",
    "fullname": "full_name",
    "range": "year_range",
    "n_imp": "n_impacts",
    "ip": "ip_cum",
    "ps_cum": "ps_cum",
    "ps_max": "ps_max",
    "ts_max": "ts_max",
    "v_inf": "v_inf_km_s",
    "h": "h_mag",
    "diameter": "diameter_km",
    "last_obs": "last_obs",
}
_IMPACT_NAMES = {
    "date": "date_tdb",
    "ip": "ip",
    "ps": "ps",
    "ts": "ts",
    "energy": "energy_mt",
    "dist": "dist_re",
    "width": "width_re",
    "stretch": "stretch_re",
    "sigma_imp": "sigma_imp",
    "sigma_vi": "sigma_vi",
    "sigma_lov": "sigma_lov",
    "sigma_mc": "sigma_mc",
}
_TEXT = {"designation", "full_name", "year_range", "last_obs", "date_tdb"}


def fetch_risk_list(fetcher: Fetcher, settings: Settings) -> tuple[pl.DataFrame, Provenance | None]:
    """Fetch the summary of every object on the list.

    Returns
    -------
    table : polars.DataFrame
        ``designation, year_range, n_impacts, ip_cum, ps_cum, ps_max, ts_max, v_inf_km_s, h_mag,
        diameter_km, last_obs``; Palermo and Torino scales of JPL.
    provenance : Provenance

    Raises
    ------
    SourceError
        If the service cannot be reached or has changed its shape.
    """
    fetched = fetcher.get(STATE, settings.sentry_url, check=_check_summary)
    return read_risk_list(fetched.json(STATE.title)), fetched.provenance


def _check_summary(content: bytes) -> None:
    read_risk_list(parse_json(content, STATE.title))


def read_risk_list(payload: Any) -> pl.DataFrame:
    """Turn the summary answer into a table.

    Raises
    ------
    SourceError
        If the shape is unknown.
    """
    try:
        return _table(payload["data"], _NAMES, needed=("des", "ip", "ps_cum"))
    except (KeyError, TypeError, pl.exceptions.PolarsError) as error:
        raise _changed(error) from error


def fetch_impacts(
    fetcher: Fetcher, settings: Settings, designation: str
) -> tuple[pl.DataFrame, Provenance | None]:
    """Fetch the possible impacts of one object.

    Returns
    -------
    table : polars.DataFrame
        One row per possible impact: ``date_tdb, ip, ps, ts, energy_mt, ...``.
    provenance : Provenance

    Raises
    ------
    NotFoundError
        If the object is not, or no longer, on the list.
    SourceError
        If the service cannot be reached or has changed its shape.
    """
    fetched = fetcher.get(
        STATE, settings.sentry_url, {"des": designation}, check=_check_impacts, accept=(404,)
    )
    payload = fetched.json(STATE.title)
    if isinstance(payload, dict) and "error" in payload:
        when = f" on {payload['removed']}" if payload.get("removed") else ""
        message = f"{designation!r} is not on the Sentry list: {payload['error']}{when}."
        raise NotFoundError(message, hint="skywright collect neo --provider sentry lists them.")
    return _impacts(payload), fetched.provenance


def _check_impacts(content: bytes) -> None:
    payload = parse_json(content, STATE.title)
    if not (isinstance(payload, dict) and "error" in payload):
        _impacts(payload)


def _impacts(payload: Any) -> pl.DataFrame:
    try:
        return _table(payload["data"], _IMPACT_NAMES, needed=("date", "ip"))
    except (KeyError, TypeError, pl.exceptions.PolarsError) as error:
        raise _changed(error) from error


def _table(
    rows: list[dict[str, Any]], names: dict[str, str], *, needed: tuple[str, ...]
) -> pl.DataFrame:
    for name in needed:
        if any(name not in row for row in rows):
            raise KeyError(name)
    present = [name for name in names if any(name in row for row in rows)]
    columns = [
        pl.Series(names[name], [_word(row.get(name)) for row in rows], pl.String)
        for name in present
    ]
    table = pl.DataFrame(columns)
    numeric = [name for name in table.columns if name not in _TEXT]
    return table.with_columns(pl.col(numeric).cast(pl.Float64))


def _word(value: Any) -> str | None:
    return None if value in {None, ""} else str(value)


def _changed(error: Exception) -> SourceError:
    message = f"{STATE.title} answered in an unknown shape: {type(error).__name__} at {error}."
    return SourceError(message, hint=f"See {STATE.documentation}.")
