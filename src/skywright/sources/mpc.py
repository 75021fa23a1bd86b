"""Minor Planet Center: the list of near-Earth asteroids in MPCORB format."""

from __future__ import annotations

import polars as pl

from skywright.errors import InputError, SourceError
from skywright.settings import Settings
from skywright.sources.http import Fetcher, Provenance
from skywright.sources.mpcorb import looks_like_mpcorb, read_mpcorb
from skywright.sources.state import SourceState

STATE = SourceState(
    name="mpc",
    title="Minor Planet Center",
    url_setting="mpc_url",
    status="live",
    licence="Free to use with credit to the IAU Minor Planet Center.",
    citation="IAU Minor Planet Center, https://www.minorplanetcenter.net",
    documentation="https://www.minorplanetcenter.net/iau/info/MPOrbitFormat.html",
    checked="2026-09-19",
    smallest="/iau/MPCORB/NEA.txt",
)

_FILE = "/iau/MPCORB/NEA.txt"


def fetch_list(fetcher: Fetcher, settings: Settings) -> tuple[pl.DataFrame, Provenance | None]:
    """Fetch NEA.txt.

    Parameters
    ----------
    fetcher : Fetcher
        Fetches, with back-off and provenance; goes on with a partial file where it can.
    settings : Settings
        Addresses.

    Returns
    -------
    table : polars.DataFrame
        Elements [au, deg] at ``epoch_jd_tdb``, H, G, uncertainty code, arc, observations.
    provenance : Provenance

    Raises
    ------
    SourceError
        If the centre cannot be reached or the file has changed its shape.
    """
    fetched = fetcher.get(STATE, settings.mpc_url.rstrip("/") + _FILE, check=_read)
    return _read(fetched.content), fetched.provenance


def _read(body: bytes) -> pl.DataFrame:
    text = body.decode("utf-8", errors="replace")
    if not looks_like_mpcorb(text):
        message = f"{STATE.title} sent something else than MPCORB lines: {text[:60]!r}."
        raise SourceError(message, hint=f"See {STATE.documentation}.")
    try:
        return read_mpcorb(text)
    except InputError as error:
        raise SourceError(error.message, hint="Try again.") from error
