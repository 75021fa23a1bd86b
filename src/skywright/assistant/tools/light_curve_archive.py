"""Light-curve files that MAST lists for an object, fetched from MAST's own host."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import polars as pl

from skywright import __version__
from skywright.assistant.messages import Origin
from skywright.assistant.tools.desk import Desk
from skywright.assistant.tools.positions import resolved
from skywright.assistant.tools.shelf import origin_from
from skywright.errors import InputError, NotFoundError, SourceError
from skywright.sources import mast, pacing, tap
from skywright.sources.collecting import visiting
from skywright.sources.cones import Cone
from skywright.sources.everyday_names import catalogued
from skywright.sources.light_curves import LightCurve, read_fits

MOST_BYTES = 64 * 1024 * 1024
"""Largest file that is fetched."""

_RADIUS_DEG = 0.003
_MOST_ROWS = 500
_CHUNK = 1 << 18
_LONGEST_NAME = 200
_WORD = re.compile(r"[A-Za-z0-9_-]{1,40}")
_NUMBERED = re.compile(r"\s*(TIC|KIC|EPIC)\s*(\d{1,12})\s*", re.IGNORECASE)
_TARGETS = {"TIC": ("TESS", "{}"), "KIC": ("Kepler", "kplr{:09d}"), "EPIC": ("K2", "ktwo{:09d}")}
"""Mission of a list of stars, and how MAST writes a star of it."""

_FAST = re.compile(r"_fast-lc\.fits$", re.IGNORECASE)
_LIGHT_CURVE = re.compile(r"_(?:fast-)?(?:lc|llc|slc)\.fits$", re.IGNORECASE)


def archived(desk: Desk, target: str, mission: str) -> tuple[LightCurve, Origin]:
    """Return the newest light curve that MAST has of an object.

    Raises
    ------
    NotFoundError
        If there is none; says what MAST lists instead.
    InputError
        If the mission is no word.
    SourceError
        If MAST cannot be reached, or the file is broken or larger than ``MOST_BYTES``.
    """
    adql = _adql(desk, target, mission)
    desk.progress(f"asking MAST for light curves of {target}")
    with visiting(mast.COLLECTOR, desk.settings) as visit:
        rows = tap.query(visit, adql, most_rows=_MOST_ROWS, stop=desk.stop).table
    urls = addresses(rows, mast.STATE.url(desk.settings))
    if not urls:
        raise _none(target, mission, rows)
    desk.check_stop()
    curve = fetched(desk, urls[0], target)
    return curve, origin_from(mast.STATE, query=adql, url=urls[0], rows=rows.height)


def _adql(desk: Desk, target: str, mission: str) -> str:
    if mission and not _WORD.fullmatch(mission):
        message = f"mission = {mission[:40]!r} is no name of a mission."
        raise InputError(message, hint="Such as TESS, Kepler, K2.")
    where = _by_number(target, mission) or _around(desk, target)
    collection = f" AND obs_collection = '{mission}'" if mission else ""
    # All columns, since not every service has access_url.
    return (
        f"SELECT TOP {_MOST_ROWS} * FROM ivoa.obscore WHERE dataproduct_type = 'timeseries'"  # noqa: S608
        f"{collection} AND {where}"
    )


def _by_number(target: str, mission: str) -> str:
    """Return the condition for a star of a mission's own list; nothing for other names."""
    numbered = _NUMBERED.fullmatch(catalogued(target) or target)
    if numbered is None:
        return ""
    theirs, written = _TARGETS[numbered[1].upper()]
    is_theirs = mission.lower() in {"", theirs.lower()}
    return f"target_name = '{written.format(int(numbered[2]))}'" if is_theirs else ""


def _around(desk: Desk, target: str) -> str:
    try:
        found = resolved(desk, target).found
    except NotFoundError:
        return "target_name = '" + target.strip().replace("'", "''") + "'"
    return Cone(found.ra_deg, found.dec_deg, _RADIUS_DEG).adql("s_ra", "s_dec")


def addresses(rows: pl.DataFrame, service: str) -> list[str]:
    """Return the light-curve files on the service's own host, the newest first."""
    if "access_url" not in rows.columns or rows.is_empty():
        return []
    ordered = rows.sort("t_min", descending=True, nulls_last=True) if "t_min" in rows else rows
    home = urlsplit(service)
    found = [str(one) for one in ordered["access_url"] if one and _LIGHT_CURVE.search(str(one))]
    here = [one for one in found if urlsplit(one)[:2] == home[:2]]
    fast = [one for one in here if _FAST.search(one)]  # of the same time, six times as large
    return [one for one in here if one not in fast] + fast


def _none(target: str, mission: str, rows: pl.DataFrame) -> NotFoundError:
    of = f"{target} by {mission}" if mission else target
    hint = "A light-curve file of your own (FITS or CSV): skywright catalogues add FILE"
    if rows.is_empty():
        return NotFoundError(f"MAST lists no time series of {of}.", hint=hint)
    missions = ", ".join(sorted({str(one) for one in rows["obs_collection"].drop_nulls()}))
    message = (
        f"MAST lists {rows.height} time series of {of} ({missions}), but no light-curve file of "
        "TESS or Kepler that can be fetched from its own host."
    )
    return NotFoundError(message, hint=hint)


def fetched(desk: Desk, url: str, target: str) -> LightCurve:
    """Fetch and read one file, at most ``MOST_BYTES``; raises SourceError."""
    import httpx

    desk.progress(f"fetching a light curve of {target}")
    with tempfile.TemporaryDirectory() as folder:
        name = url.rpartition("/")[2].rpartition(":")[2]
        path = Path(folder) / name[-_LONGEST_NAME:]
        pacing.take_turn(httpx.URL(url).netloc, mast.STATE.pause_s, time.sleep)
        headers = {"User-Agent": f"skywright/{__version__}", "Accept-Encoding": "identity"}
        timeout_s = desk.settings.http_timeout_s
        try:
            # No redirects: the file comes from the host of the setting, or not at all.
            with httpx.stream("GET", url, headers=headers, timeout=timeout_s) as answer:
                if answer.status_code != 200:
                    message = f"MAST answered HTTP {answer.status_code} for {url}."
                    raise SourceError(message, hint="Try again later, or install the file.")
                _check_size(int(answer.headers.get("Content-Length") or 0))
                _write(desk, answer.iter_bytes(_CHUNK), path)
        except httpx.HTTPError as error:
            message = f"The light curve {url} cannot be fetched: {error}."
            raise SourceError(message, hint="Try again later, or install the file.") from error
        try:
            return read_fits(path, target)
        except InputError as error:
            message = f"MAST sent what cannot be used: {error.message}"
            raise SourceError(message, hint="Try again later, or install the file.") from error


def _check_size(size: int) -> None:
    if size > MOST_BYTES:
        message = f"The light curve is larger than {MOST_BYTES // 1024**2} MiB."
        raise SourceError(message, hint="Fetch it yourself, cut it, and install the file.")


def _write(desk: Desk, chunks: Iterator[bytes], path: Path) -> None:
    size = 0
    with path.open("wb") as file:
        for chunk in chunks:
            desk.check_stop()
            size += len(chunk)
            _check_size(size)
            file.write(chunk)
