"""TAP, the query protocol of the Virtual Observatory: at once, or as a job for what takes long.

References
----------
IVOA TAP 1.1 (sync, async, MAXREC), IVOA UWS 1.1 (jobs), IVOA VOSI 1.1 (tables).
"""

from __future__ import annotations

import dataclasses
import re
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TypeVar
from xml.etree import ElementTree as ET

import polars as pl

from skywright.errors import InputError, SourceError, StoppedError
from skywright.sources.adql import Parsed, check
from skywright.sources.adql_names import Known
from skywright.sources.collecting import Visit
from skywright.sources.http import Fetched, Provenance
from skywright.sources.records import unknown_shape
from skywright.sources.state import SourceState
from skywright.sources.tap_jobs import job_result
from skywright.sources.votable import read_votable, refusal_in

MOST_ROWS = 100_000
"""Most rows of one query, whatever is asked for."""

_LONGEST_GET = 6_000  # bytes of a query; servers refuse addresses above about 8,000
_TABLES_FRESH_S = 86_400.0
_MOST_COLUMNS = 5_000
_LOOK_S = 0.02
_WORDS = 300
_TOP = re.compile(r"\s*select\s+(?:(?:all|distinct)\s+)?top\s+(\d+)\b", re.IGNORECASE)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class TapTable:
    """The answer to a query."""

    table: pl.DataFrame
    """The rows, not more than were asked for."""
    is_cut: bool
    """True where rows were left out, or where the limit was just reached (there may be more)."""
    adql: str
    """What was asked."""
    units: dict[str, str] = field(default_factory=dict)
    """Of the columns that have one."""
    provenance: Provenance | None = None
    """Where the bytes came from."""


def query(
    visit: Visit,
    adql: str,
    *,
    most_rows: int,
    stop: threading.Event | None = None,
    as_job: bool = False,
) -> TapTable:
    """Ask a TAP service.

    Parameters
    ----------
    visit : Visit
        Whom to ask; gets a provenance row.
    adql : str
        One SELECT; check it first with ``adql.check``.
    most_rows : int
        Most rows wanted, 1 to ``MOST_ROWS``. One more is asked for, to know whether there are.
    stop : threading.Event, optional
        Ends the query when set; a job is also aborted on the server.
    as_job : bool
        Run it as a job, for what takes longer than a server lets a request wait.

    Raises
    ------
    InputError
        If ``most_rows`` is out of its range.
    SourceError
        If the service cannot be reached, refuses (its words are passed on), or answers with
        anything but a whole VOTable.
    StoppedError
        If ``stop`` was set.
    """
    if not 1 <= most_rows <= MOST_ROWS:
        message = f"{most_rows} rows were asked for; one query may return 1 to {MOST_ROWS}."
        raise InputError(message)
    asked = {
        "REQUEST": "doQuery",
        "LANG": "ADQL",
        "FORMAT": "votable",
        "MAXREC": str(most_rows + 1),
        "QUERY": adql,
    }
    address = visit.state.url(visit.settings).rstrip("/")
    if as_job or len(adql.encode()) > _LONGEST_GET:
        params: dict[str, str] = {}
        where = job_result(visit, asked, stop)
    else:
        where, params = f"{address}/sync", asked
    fetched = unless_stopped(lambda: _fetched(visit, where, params), stop)
    if fetched.provenance is not None:
        visit.provenance.append(fetched.provenance)
    return _told(fetched, visit.state, adql, most_rows)


def rows(visit: Visit, adql: str, *, most_rows: int, as_job: bool = False) -> pl.DataFrame:
    """Return the rows of a query with their ``source_url``, as collectors keep them."""
    answer = query(visit, adql, most_rows=most_rows, as_job=as_job)
    url = answer.provenance.url if answer.provenance else visit.state.url(visit.settings)
    return answer.table.with_columns(pl.lit(url).alias("source_url"))


def tables(visit: Visit, stop: threading.Event | None = None) -> dict[str, tuple[str, ...]]:
    """Return the names of the columns of each table of a service, kept for a day.

    Raises
    ------
    SourceError, StoppedError
        Like ``query``.
    """
    state = dataclasses.replace(visit.state, fresh_s=_TABLES_FRESH_S)
    address = visit.state.url(visit.settings).rstrip("/") + "/tables"

    def read(content: bytes) -> dict[str, tuple[str, ...]]:
        return read_tables(content, state)

    fetched = unless_stopped(lambda: visit.fetcher.get(state, address, check=read), stop)
    return read(fetched.content)


def read_tables(content: bytes, state: SourceState) -> dict[str, tuple[str, ...]]:
    """Read the tables document of a service (VOSI), with or without namespaces.

    Raises
    ------
    SourceError
        If it is no such document, or names no table.
    """
    try:
        root = ET.fromstring(content)  # noqa: S314 - expat refuses entities that grow
    except ET.ParseError as error:
        message = f"{state.title} answered with a list of tables that is damaged: {error}."
        raise SourceError(message, hint="Try again.") from error
    found = {
        name: tuple(filter(None, (_text(column, "name") for column in _children(table, "column"))))
        for table in root.iter()
        if _local(table) == "table" and (name := _text(table, "name"))
    }
    if not found:
        what = "a list of tables that names none"
        raise unknown_shape(state, what)
    return found


def unless_stopped(call: Callable[[], _T], stop: threading.Event | None) -> _T:
    """Return what ``call`` returns; once ``stop`` is set, wait no longer and raise StoppedError.

    What was under way goes on beside until the server answers or its time is over, unheard.
    """
    if stop is None:
        return call()
    results: list[_T] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            results.append(call())
        except Exception as error:  # raised in the thread that asked
            errors.append(error)

    beside = threading.Thread(target=run, daemon=True)
    while not stop.is_set():
        if beside.ident is None:
            beside.start()
        beside.join(_LOOK_S)
        if not beside.is_alive():
            break
    else:
        message = "The query was stopped."
        raise StoppedError(message)
    if errors:
        raise errors[0]
    return results[0]


def _fetched(visit: Visit, address: str, params: dict[str, str]) -> Fetched:
    """Fetch an answer; a refusal of the query may come as 200, 400 or 500."""
    state = visit.state

    def read(content: bytes) -> object:
        return read_votable(content, state)

    fetched = visit.fetcher.get(state, address, params, check=read, accept=(400, 500))
    if fetched.status == 200:
        return fetched
    said = refusal_in(fetched.content, state)
    if fetched.status == 400:
        said = said or _plain(fetched.content)
    if said or fetched.status == 400:
        told = f" and said: {said}" if said else ""
        message = f"{state.title} refused the query{told}."
        raise SourceError(message, hint=f"See {state.documentation}.")
    return visit.fetcher.get(state, address, params, check=read)


def _plain(content: bytes) -> str:
    text = content[:_WORDS].decode("utf-8", "replace")
    return "" if "<" in text else " ".join(text.split()).rstrip(".")


def _told(fetched: Fetched, state: SourceState, adql: str, most_rows: int) -> TapTable:
    read = read_votable(fetched.content, state)
    top = _TOP.match(adql)
    is_reached = top is not None and int(top[1]) == most_rows == read.table.height
    is_cut = read.is_cut or read.table.height > most_rows or is_reached
    return TapTable(read.table.head(most_rows), is_cut, adql, read.units, fetched.provenance)


def _local(element: ET.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _children(element: ET.Element, name: str) -> list[ET.Element]:
    return [child for child in element if _local(child) == name]


def _text(element: ET.Element, name: str) -> str:
    return next(((child.text or "").strip() for child in _children(element, name)), "")


def columns_of(
    visit: Visit, names: Collection[str], stop: threading.Event | None = None
) -> dict[str, tuple[str, ...]]:
    """Return the columns of some tables, as the service describes itself; kept for a day.

    Tables that it does not have are left out. Raises like ``query``.
    """
    if not names:
        return {}
    spelt = sorted({*names, *(name.lower() for name in names)})
    listed = ", ".join("'" + name.replace("'", "''") + "'" for name in spelt)
    state = dataclasses.replace(visit.state, fresh_s=_TABLES_FRESH_S)
    beside = dataclasses.replace(visit, state=state, provenance=[])
    adql = (
        "SELECT table_name, column_name FROM TAP_SCHEMA.columns "  # noqa: S608
        f"WHERE table_name IN ({listed})"
    )
    told = query(beside, adql, most_rows=_MOST_COLUMNS, stop=stop).table
    found: dict[str, list[str]] = {}
    for table, column in told.select("table_name", "column_name").iter_rows():
        found.setdefault(str(table).replace('"', ""), []).append(str(column).replace('"', ""))
    return {table: tuple(columns) for table, columns in found.items()}


def checked(visit: Visit, adql: str, known: Known, stop: threading.Event | None = None) -> Parsed:
    """Read a query before it is sent; tables that are not in ``known`` are asked for.

    Raises
    ------
    InputError
        If it breaks the grammar or names a table or column that the service does not have.
    SourceError, StoppedError
        Like ``query``, while asking for columns.
    """
    named = check(adql).tables
    lower = {name.lower() for name in known}
    more = columns_of(visit, [one for one in named if one.lower() not in lower], stop)
    return check(adql, {**known, **more})
