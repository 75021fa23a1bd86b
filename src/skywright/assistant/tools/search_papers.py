"""Search the literature: NASA ADS where a token is set, arXiv otherwise."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from skywright.assistant.messages import ToolResult
from skywright.assistant.tools.desk import Desk
from skywright.assistant.tools.shelf import keep_table, origin_from
from skywright.sources import ads, arxiv
from skywright.sources.papers import PaperQuery, Papers
from skywright.sources.state import SourceState

_Year = Annotated[int | None, Field(ge=1500, le=2100)]
_AUTHORS = 3


def search_papers(
    desk: Desk,
    query: Annotated[str, Field(max_length=1_000)] = "",
    since_year: _Year = None,
    until_year: _Year = None,
    author: Annotated[str, Field(max_length=200)] = "",
    limit: Annotated[int, Field(ge=1, le=100)] = 10,
    service: Literal["auto", "ads", "arxiv"] = "auto",
) -> ToolResult:
    """Find papers by subject, author and years: title, authors, year and bibcode or arXiv number.

    The papers become the newest table of the conversation and a CSV file.

    Parameters
    ----------
    query : str
        Words, phrases in double quotes, or a query in the language of the service.
    since_year, until_year : int, optional
        First and last year of publication.
    author : str
        Such as Payne, Cecelia.
    limit : int
        Most papers.
    service : str
        ads (needs a token), arxiv, or auto: ADS where its token is set, else arXiv.
    """
    wanted = PaperQuery(query, author, since_year, until_year, most=limit)
    chosen = service
    if service == "auto":
        chosen = "ads" if ads.STATE.token(desk.settings).strip() else "arxiv"
    state, search = (ads.STATE, ads.search) if chosen == "ads" else (arxiv.STATE, arxiv.search)
    desk.progress(f"asking {state.title}")
    found = search(wanted, desk.settings)
    desk.check_stop()
    url = found.provenance[0].url if found.provenance else state.url(desk.settings)
    origin = origin_from(state, query=found.query, url=url, rows=found.table.height)
    kept = (
        keep_table(desk, "papers", f"Papers: {found.query}", found.table, (origin,))
        if found.table.height
        else None
    )
    return ToolResult(
        text=_told(found, state),
        data={
            "total": found.total,
            "query": found.query,
            "papers": [_brief(row) for row in found.table.iter_rows(named=True)],
        },
        origins=(origin,),
        artifacts=(kept.artifact,) if kept else (),
        warnings=_warnings(service, chosen),
        table=kept.name if kept else "",
    )


def _warnings(service: str, chosen: str) -> tuple[str, ...]:
    if service == "auto" and chosen == "arxiv":
        variable, place = ads.STATE.token_variable(), ads.STATE.access_from
        return (f"Asked arXiv, as {variable} is not set; a token for ADS is at {place}.",)
    return ()


def _told(found: Papers, state: SourceState) -> str:
    if not found.table.height:
        return f"{state.title} has no papers for: {found.query}."
    count = f"{found.total:,} papers" if found.total != 1 else "1 paper"
    rows = [_line(row) for row in found.table.iter_rows(named=True)]
    shown = f" The first {len(rows)}:" if found.is_cut else ""
    return f"{state.title} has {count} for: {found.query}.{shown} " + " ".join(rows)


def _line(row: dict[str, Any]) -> str:
    authors = row["authors"] or []
    named = "; ".join(authors[:_AUTHORS]) + (" et al." if len(authors) > _AUTHORS else "")
    code = _code(row)
    parts = [named or "Unknown authors", f"({row['year']})" if row["year"] else ""]
    return f"{' '.join(part for part in parts if part)}: {row['title'] or 'untitled'} [{code}]."


def _code(row: dict[str, Any]) -> str:
    return str(row.get("bibcode") or row.get("arxiv_id") or row.get("url") or "no number")


def _brief(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in {"abstract", "source_url"}}
