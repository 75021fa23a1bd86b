"""JPL Small-Body Database: the catalogue of near-Earth objects, and one object with covariance."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl

from skywright.errors import InputError, NotFoundError, SourceError
from skywright.settings import Settings
from skywright.sources.http import Fetched, Fetcher, Provenance, parse_json
from skywright.sources.sbdb_json import read_sbdb_object, read_sbdb_query
from skywright.sources.state import JPL_LICENCE, SourceState

STATE = SourceState(
    name="sbdb",
    title="JPL Small-Body Database",
    url_setting="sbdb_query_url",
    status="live",
    licence=JPL_LICENCE,
    citation="Small-Body Database, Solar System Dynamics group, NASA/JPL-Caltech",
    documentation="https://ssd-api.jpl.nasa.gov/doc/sbdb_query.html",
    checked="2026-02-09",
    smallest="?fields=spkid&limit=1",
)
OBJECT_STATE = SourceState(
    name="sbdb-object",
    title="JPL Small-Body Database (one object)",
    url_setting="sbdb_object_url",
    status="live",
    licence=JPL_LICENCE,
    citation=STATE.citation,
    documentation="https://ssd-api.jpl.nasa.gov/doc/sbdb.html",
    checked="2026-02-09",
    smallest="?sstr=433",
)

FIELDS = (
    "spkid", "full_name", "pdes", "name", "prefix", "neo", "pha", "class", "orbit_id", "epoch", "e",
    "a", "q", "i", "om", "w", "ma", "tp", "moid", "t_jup", "H", "H_sigma", "G", "diameter",
    "diameter_sigma", "albedo", "GM", "rot_per", "spec_B", "spec_T", "A1", "A2", "A3", "data_arc",
    "first_obs", "last_obs", "n_obs_used", "condition_code", "rms", "soln_date",
)  # fmt: skip
"""Fields of the query service that we ask for."""

_PAGE = 5000
_PAGES_BELONG_TOGETHER = dt.timedelta(hours=12)
Progress = Callable[[int, int], None]
"""Called with rows so far and rows in all (0 where unknown)."""


def fetch_catalogue(
    fetcher: Fetcher,
    settings: Settings,
    *,
    limit: int | None = None,
    page: int = _PAGE,
    progress: Progress | None = None,
) -> tuple[pl.DataFrame, list[Provenance]]:
    """Fetch every near-Earth object at full precision, page by page.

    A cursor file remembers finished pages, so that an interrupted run goes on where it stopped.

    Parameters
    ----------
    fetcher : Fetcher
        Fetches, with back-off and provenance.
    settings : Settings
        Addresses.
    limit : int, optional
        Most rows; all where None.
    page : int
        Rows of one request.
    progress : callable, optional
        Told after each page.

    Returns
    -------
    table : polars.DataFrame
        Our columns, at the epoch of each orbit [JD TDB], au, degrees.
    provenance : list of Provenance
        One row per page.

    Raises
    ------
    SourceError
        If the service cannot be reached or has changed its shape.
    """
    cursor = _Cursor(fetcher, settings.sbdb_query_url, limit, page)
    tables: list[pl.DataFrame] = []
    total, rows = 0, 0
    while limit is None or rows < limit:
        size = page if limit is None else min(page, limit - rows)
        fetched = cursor.page(rows) or _fetch_page(fetcher, settings, rows, size)
        payload = fetched.json(STATE.title)
        total = _count(payload, total)
        table = _page_table(payload)
        cursor.done(rows, fetched)
        tables.append(table)
        rows += table.height
        if progress is not None:
            progress(rows, total if limit is None else min(total, limit))
        if table.height < size:
            break
    cursor.forget()
    together = pl.concat(tables, how="vertical_relaxed")
    return together.unique("spkid", keep="last", maintain_order=True), cursor.provenance


def _fetch_page(fetcher: Fetcher, settings: Settings, start: int, size: int) -> Fetched:
    params = {
        "fields": ",".join(FIELDS),
        "sb-group": "neo",
        "full-prec": "true",
        "sort": "spkid",
        "limit": str(size),
    }
    if start:
        params["limit-from"] = str(start)
    return fetcher.get(STATE, settings.sbdb_query_url, params, check=_check_page)


def _check_page(body: bytes) -> None:
    _page_table(parse_json(body, STATE.title))


def _page_table(payload: Any) -> pl.DataFrame:
    """Read a page; a page without rows (past the end) has no ``data``."""
    if not isinstance(payload, dict) or "fields" not in payload:
        said = payload.get("message", "") if isinstance(payload, dict) else ""
        message = f"{STATE.title} answered without 'fields' and 'data'. {said}".rstrip()
        raise SourceError(message, hint=f"See {STATE.documentation} for a change of the service.")
    missing = [
        name for name in ("spkid", "pdes", "epoch", "e", "q") if name not in payload["fields"]
    ]
    if missing:
        message = f"{STATE.title} no longer gives the fields {', '.join(missing)}."
        raise SourceError(message, hint=f"See {STATE.documentation} for a change of the service.")
    try:
        return read_sbdb_query({**payload, "data": payload.get("data") or []})
    except InputError as error:
        raise SourceError(error.message, hint=f"See {STATE.documentation}.") from error


def _count(payload: dict[str, Any], before: int) -> int:
    try:
        return max(int(payload.get("count", 0)), before)
    except (TypeError, ValueError):
        return before


class _Cursor:
    """Which pages are done: their blobs are read again instead of asked for again."""

    def __init__(self, fetcher: Fetcher, url: str, limit: int | None, page: int) -> None:
        self._fetcher = fetcher
        self._path: Path = fetcher.folder / "sbdb-cursor.json"
        self._key = f"{url} {limit} {page} {','.join(FIELDS)}"
        self._pages: dict[str, dict[str, Any]] = {}
        self.provenance: list[Provenance] = []
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
            self._pages = kept["pages"] if kept["key"] == self._key else {}
        except (OSError, ValueError, KeyError, TypeError):
            self._pages = {}

    def page(self, start: int) -> Fetched | None:
        row = self._pages.get(str(start))
        if row is None or row["sha256"] not in self._fetcher.blobs or _is_old(row):
            return None
        return Fetched(self._fetcher.blobs.read(row["sha256"]), 200, Provenance(**row))

    def done(self, start: int, fetched: Fetched) -> None:
        if fetched.provenance is None:
            return
        self.provenance.append(fetched.provenance)
        self._pages[str(start)] = asdict(fetched.provenance)
        partial = self._path.with_suffix(".partial")
        partial.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps({"key": self._key, "pages": self._pages}), encoding="utf-8")
        partial.replace(self._path)

    def forget(self) -> None:
        self._path.unlink(missing_ok=True)


def _is_old(row: dict[str, Any]) -> bool:
    """Tell whether a page is of another day: pages of one catalogue must belong together."""
    age = dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(row["retrieved_utc"])
    return age > _PAGES_BELONG_TOGETHER


def fetch_object(
    fetcher: Fetcher, settings: Settings, name: str
) -> tuple[dict[str, Any], Provenance | None]:
    """Fetch one object with covariance, non-gravitational and physical parameters.

    Parameters
    ----------
    fetcher : Fetcher
        Fetches, with back-off and provenance.
    settings : Settings
        Addresses.
    name : str
        Number, name or designation, as ``99942``, ``Apophis`` or ``2004 MN4``.

    Returns
    -------
    row : dict
        Our columns; the covariance is over e, q, tp, node, peri, i (au, d, deg).
    provenance : Provenance

    Raises
    ------
    NotFoundError
        If there is no such object, or several match (lists them).
    SourceError
        If the service cannot be reached or has changed its shape.
    """
    params = {"sstr": name, "cov": "mat", "full-prec": "1", "phys-par": "1"}
    fetched = fetcher.get(
        OBJECT_STATE, settings.sbdb_object_url, params, check=_check_object, accept=(300, 404)
    )
    payload = fetched.json(OBJECT_STATE.title)
    if isinstance(payload, dict) and isinstance(payload.get("list"), list):
        found = [f"{entry.get('name')} ({entry.get('pdes')})" for entry in payload["list"]]
        message = f"{name!r} matches {len(found)} objects: {', '.join(found[:10])}."
        raise NotFoundError(message, hint="Ask for one of them by its designation in brackets.")
    if not isinstance(payload, dict) or "orbit" not in payload:
        said = payload.get("message", "no orbit") if isinstance(payload, dict) else "no orbit"
        message = f"{OBJECT_STATE.title} has nothing for {name!r}: {said}."
        raise NotFoundError(message, hint="Check the name or use a designation such as 2004 MN4.")
    return _object_row(payload), fetched.provenance


def _check_object(body: bytes) -> None:
    payload = parse_json(body, OBJECT_STATE.title)
    if isinstance(payload, dict) and "orbit" in payload:
        _object_row(payload)


def _object_row(payload: dict[str, Any]) -> dict[str, Any]:
    try:
        return read_sbdb_object(payload)
    except InputError as error:
        raise SourceError(error.message, hint=f"See {OBJECT_STATE.documentation}.") from error
