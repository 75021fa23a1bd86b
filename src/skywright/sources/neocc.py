"""ESA NEO Coordination Centre: the risk list, and orbits with covariance (OEF 2.0)."""

from __future__ import annotations

import polars as pl

from skywright.errors import InputError, NotFoundError, SourceError
from skywright.settings import Settings
from skywright.sources.http import Fetcher, Provenance
from skywright.sources.oef import looks_like_oef, read_oef, spaced
from skywright.sources.state import SourceState

STATE = SourceState(
    name="neocc",
    title="ESA NEO Coordination Centre",
    url_setting="neocc_url",
    status="live",
    licence="ESA terms: free to use with the credit 'ESA/NEOCC'; do not mirror the portal.",
    citation="ESA NEO Coordination Centre, https://neo.ssa.esa.int",
    documentation="https://neo.ssa.esa.int/computer-access",
    checked="2026-04-27",
    smallest="/PSDB-portlet/download?file=esa_risk_list",
)

_DOWNLOAD = "/PSDB-portlet/download"
_COLUMNS = (
    "object", "diameter_m", "assumed", "vi_max_utc", "ip_max", "ps_max", "ts", "v_km_s", "years",
    "ip_cum", "ps_cum",
)  # fmt: skip
_NUMBERS = ("diameter_m", "ip_max", "ps_max", "ts", "v_km_s", "ip_cum", "ps_cum")


def fetch_risk_list(fetcher: Fetcher, settings: Settings) -> tuple[pl.DataFrame, Provenance | None]:
    """Fetch ESA's list of objects that may hit the Earth.

    Returns
    -------
    table : polars.DataFrame
        ``designation, object, diameter_m, diameter_assumed, vi_max_utc, ip_max, ps_max, ts,
        v_km_s`` (at impact)``, years, ip_cum, ps_cum``.
    provenance : Provenance

    Raises
    ------
    SourceError
        If the portal cannot be reached or has changed its shape.
    """
    fetched = fetcher.get(
        STATE,
        settings.neocc_url.rstrip("/") + _DOWNLOAD,
        {"file": "esa_risk_list"},
        check=lambda body: read_risk_list(_decoded(body)),
    )
    return read_risk_list(_decoded(fetched.content)), fetched.provenance


def _decoded(body: bytes) -> str:
    return body.decode("utf-8", errors="replace")


def read_risk_list(text: str) -> pl.DataFrame:
    """Read the list: a date, a heading of three lines, then cells between bars.

    Raises
    ------
    SourceError
        If the heading or a line is not as expected; names the line.
    """
    lines = text.splitlines()
    head = next((k for k, line in enumerate(lines) if line.lstrip().startswith("Num/des")), None)
    if head is None:
        message = f"{STATE.title} sent a risk list without its heading 'Num/des. Name'."
        raise SourceError(message, hint=f"See {STATE.documentation}.")
    rows = [
        _cells(line, number)
        for number, line in enumerate(lines[head + 1 :], start=head + 2)
        if line.strip() and not _is_mask(line)
    ]
    table = pl.DataFrame(rows, schema=dict.fromkeys(_COLUMNS, pl.String), orient="row")
    try:
        table = table.with_columns(
            pl.col(_NUMBERS).replace({"": None, "n/a": None}).cast(pl.Float64)
        )
    except pl.exceptions.PolarsError as error:
        message = f"{STATE.title} sent a risk list with a cell that is no number: {error}."
        raise SourceError(message) from error
    first = pl.col("object").str.split(" ").list.first()
    return table.with_columns(
        first.map_elements(spaced, pl.String).alias("designation"),
        (pl.col("assumed") == "*").alias("diameter_assumed"),
    ).drop("assumed")


def _is_mask(line: str) -> bool:
    """Tell whether a line shows the format (``AAAA | NNNN``)."""
    return not set(line) - set("AN|.-+:EYMDHhms/ ")


def _cells(line: str, number: int) -> list[str]:
    cells = [" ".join(cell.split()) for cell in line.strip().rstrip("|").split("|")]
    if len(cells) != len(_COLUMNS):
        message = (
            f"Line {number} of ESA's risk list has {len(cells)} cells instead of {len(_COLUMNS)}; "
            "it is cut short or has changed."
        )
        raise SourceError(message, hint=f"See {STATE.documentation}.")
    return cells


def fetch_orbit(
    fetcher: Fetcher, settings: Settings, designation: str, *, epoch: str = "current"
) -> tuple[pl.DataFrame, Provenance | None]:
    """Fetch one orbit with covariance.

    Parameters
    ----------
    fetcher : Fetcher
        Fetches, with back-off and provenance.
    settings : Settings
        Addresses.
    designation : str
        Number or provisional designation, ``99942`` or ``2024 YR4``.
    epoch : str
        ``current``, or ``middle`` of the observations, where the covariance is smallest.

    Returns
    -------
    table : polars.DataFrame
        One row, as ``sources.files.read_objects`` gives for OEF.
    provenance : Provenance

    Raises
    ------
    NotFoundError
        If ESA has no such orbit.
    SourceError
        If the portal cannot be reached or has changed its shape.
    """
    endings = {"current": "ke1", "middle": "ke0"}
    if epoch not in endings:
        message = f"epoch must be one of {', '.join(endings)}, not {epoch!r}."
        raise InputError(message)
    name = f"{''.join(designation.split())}.{endings[epoch]}"
    url = settings.neocc_url.rstrip("/") + _DOWNLOAD
    fetched = fetcher.get(STATE, url, {"file": name}, check=_check_orbit, accept=(404,))
    text = _decoded(fetched.content)
    if fetched.status == 404 or not looks_like_oef(text):
        message = f"{STATE.title} has no orbit file {name}."
        raise NotFoundError(message, hint="Use the number, or a designation such as 2024 YR4.")
    return read_oef(text), fetched.provenance


def _check_orbit(body: bytes) -> None:
    """Refuse what is cut short; an unknown object gives an empty body, which is an answer."""
    text = _decoded(body)
    if not looks_like_oef(text):
        if text.strip():
            message = f"{STATE.title} sent something else than an orbit file: {text[:60]!r}."
            raise SourceError(message)
        return
    try:
        read_oef(text)
    except InputError as error:
        raise SourceError(error.message, hint="Try again.") from error
