"""Launch Library 2 of The Space Devs: launches to come and launches past, page by page."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import polars as pl

from skywright.sources.collecting import Collector, Part, Text, Visit
from skywright.sources.http import parse_json
from skywright.sources.records import Column, read_json_records
from skywright.sources.state import SourceState

STATE = SourceState(
    name="launch-library",
    title="Launch Library 2",
    url_setting="launch_library_url",
    status="live",
    licence="Free to use with credit to The Space Devs; pictures belong to their owners.",
    citation="Launch Library 2, The Space Devs, https://thespacedevs.com/llapi",
    documentation="https://thespacedevs.com/llapi",
    checked="2024-09-30",
    rate_limit="15 requests an hour",
    fresh_s=21_600.0,
    most="100 rows a request; 500 of each table unless --since or --limit asks for others",
    remark="An answer is used for six hours, so a long collection goes on where the limit cut it.",
    smallest="/launches/upcoming/?limit=1&mode=list",
)

_PAGE = 100
_UNASKED = 500  # ten of the fifteen requests of an hour, for both tables
_COLUMNS = (
    Column("id", "id", needed=True),
    Column("name", "name", needed=True),
    Column("status", "status.name"),
    Column("net_utc", "net"),
    Column("net_precision", "net_precision.name"),
    Column("window_start_utc", "window_start"),
    Column("window_end_utc", "window_end"),
    Column("provider", "launch_service_provider.name"),
    Column("provider_kind", "launch_service_provider.type.name|launch_service_provider.type"),
    Column("rocket", "rocket.configuration.full_name|rocket.configuration.name"),
    Column("mission", "mission.name"),
    Column("mission_kind", "mission.type"),
    Column("mission_description", "mission.description"),
    Column("orbit", "mission.orbit.name"),
    Column("pad", "pad.name"),
    Column("location", "pad.location.name"),
    Column("latitude_deg", "pad.latitude", pl.Float64),
    Column("longitude_deg", "pad.longitude", pl.Float64),
    Column("fail_reason", "failreason"),
    Column("url", "url"),
)
_read = partial(read_json_records, state=STATE, columns=_COLUMNS, under="results")


def _launches(visit: Visit, route: str) -> pl.DataFrame:
    """Fetch page after page; the links of the answers are not followed, as they name their host."""
    wish = visit.wish
    most = wish.limit or (math.inf if wish.since else _UNASKED)
    params = {"net__gte": f"{wish.since.isoformat()}T00:00:00Z"} if wish.since else {}
    pages: list[pl.DataFrame] = []
    rows = 0
    total = [0]

    def read(content: bytes) -> pl.DataFrame:
        table = _read(content)
        total[0] = int(parse_json(content, STATE.title).get("count") or 0)
        return table

    while True:
        asked = {"limit": str(_PAGE), "offset": str(rows), "mode": "normal", **params}
        pages.append(visit.table(f"/launches/{route}/", asked, read))
        rows += pages[-1].height
        visit.progress(route, rows, int(min(total[0], most)))
        if not pages[-1].height or rows >= min(total[0], most):
            return pl.concat(pages).unique("id", keep="first", maintain_order=True)


_FACTS = {
    "provider": "Launch provider",
    "rocket": "Rocket",
    "net_utc": "No earlier than",
    "status": "Status",
    "fail_reason": "Reason of the failure",
    "mission_kind": "Mission",
    "orbit": "Orbit",
    "pad": "Pad",
    "location": "Location",
}


def _text(row: Mapping[str, Any]) -> Text | None:
    if not row["mission_description"]:
        return None
    facts = "\n".join(f"{words}: {row[name]}" for name, words in _FACTS.items() if row[name])
    url = row["url"] or f"launch-library:{row['id']}"
    return Text(row["name"], f"{row['mission_description']}\n\n{facts}", url, row["net_utc"] or "")


COLLECTOR = Collector(
    STATE,
    {
        "upcoming": Part(lambda one: _launches(one, "upcoming"), dated="net_utc", text=_text),
        "previous": Part(lambda one: _launches(one, "previous"), dated="net_utc", text=_text),
    },
)
