"""Run a query in ADQL, read and checked before it is sent."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field

from skywright.assistant.messages import ToolResult
from skywright.assistant.tools.desk import Desk
from skywright.assistant.tools.shelf import keep_table, origin_from
from skywright.sources import adql, tap
from skywright.sources.collecting import Collector, Visit, collector_named, visiting

MOST_ROWS = 50_000
_PREVIEW = 5


def run_adql(
    desk: Desk,
    query: Annotated[str, Field(min_length=1, max_length=20_000)],
    service: Literal["gaia", "simbad", "vizier", "cadc", "exoplanets", "mast"] = "gaia",
    limit: Annotated[int, Field(ge=1, le=MOST_ROWS)] = 2_000,
) -> ToolResult:
    """Run an ADQL query on a TAP service; tables and columns are checked before it is sent.

    The rows become the newest table of the conversation and a CSV file.

    Parameters
    ----------
    query : str
        One SELECT in ADQL 2.0, such as SELECT TOP 5 ra, dec FROM gaiadr3.gaia_source.
    service : str
        gaia, simbad, vizier, cadc, exoplanets or mast.
    limit : int
        Most rows; TOP is lowered to it.
    """
    parsed = adql.check(query)  # what cannot be read is not worth asking a service about
    collector = collector_named(service, desk.settings)
    desk.progress(f"asking {collector.state.title}")
    with visiting(collector, desk.settings) as visit:
        parsed = adql.check(query, _known(collector, visit, desk.stop))
        desk.check_stop()
        answer = tap.query(visit, parsed.limited(limit), most_rows=limit, stop=desk.stop)
    table = answer.table
    url = answer.provenance.url if answer.provenance else collector.state.url(desk.settings)
    origin = origin_from(collector.state, query=answer.adql, url=url, rows=table.height)
    kept = (
        keep_table(desk, f"{service} query", f"{collector.state.title}: query", table, (origin,))
        if table.height
        else None
    )
    who = "The service itself cut the result" if table.height < limit else "The result was cut"
    cut = f" {who} at {table.height:,} rows." if answer.is_cut else ""
    noun = "row" if table.height == 1 else "rows"
    first = f" The first row: {_row(table.row(0, named=True))}." if table.height else ""
    return ToolResult(
        text=f"{collector.state.title} answered {table.height:,} {noun} with the columns "
        f"{', '.join(table.columns[:20])}.{cut}{first}",
        data={
            "count": table.height,
            "is_cut": answer.is_cut,
            "query": answer.adql,
            "tables": list(parsed.tables),
            "columns": table.columns,
            "units": dict(answer.units),
            "rows": table.head(_PREVIEW).to_dicts(),
        },
        origins=(origin,),
        artifacts=(kept.artifact,) if kept else (),
        warnings=(cut.strip(),) if cut else (),
        table=kept.name if kept else "",
    )


def _known(
    collector: Collector, visit: Visit, stop: threading.Event
) -> Mapping[str, Sequence[str]] | None:
    """Return the tables that the service lists, kept for a day; none where it has too many."""
    if collector.state.name == "vizier":
        return None  # some 50,000 tables: the service itself says which it does not have
    return tap.tables(visit, stop)


def _row(row: dict[str, object]) -> str:
    told = [f"{name} = {_value(value)}" for name, value in list(row.items())[:12]]
    return ", ".join(told)


def _value(value: object) -> str:
    return f"{value:.8g}" if isinstance(value, float) else str(value)
