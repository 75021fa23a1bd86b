"""Earth imagery (Landsat) on api.nasa.gov: archived; what stands in its place is told."""

from __future__ import annotations

from skywright.sources.nasa import LICENCE
from skywright.sources.state import SourceState

STATE = SourceState(
    name="earth-imagery",
    title="NASA Earth imagery",
    url_setting="earth_imagery_url",
    status="retired",
    since="2025-07-07",
    replaced_by="Earthdata GIBS, https://nasa-gibs.github.io/gibs-api-docs",
    licence=LICENCE,
    citation="NASA Earthdata",
    documentation="https://github.com/nasa/earth-imagery-api/pull/4",
    checked="",
    rate_limit="none, as nothing is answered",
    remark="GIBS serves map tiles (WMTS, WMS) of more than a thousand layers, without a key.",
)
