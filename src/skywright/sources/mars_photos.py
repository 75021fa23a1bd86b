"""Mars rover photos on api.nasa.gov: gone; what stands in their place is told."""

from __future__ import annotations

from skywright.sources.nasa import LICENCE
from skywright.sources.state import SourceState

STATE = SourceState(
    name="mars-photos",
    title="NASA Mars Rover Photos",
    url_setting="mars_photos_url",
    status="retired",
    since="2026-03-26",
    replaced_by="the raw images of each rover, https://mars.nasa.gov/msl/multimedia/raw-images and "
    "https://mars.nasa.gov/mars2020/multimedia/raw-images",
    licence=LICENCE,
    citation="NASA/JPL-Caltech",
    documentation="https://github.com/nasa/api-docs/pull/251",
    checked="",
    rate_limit="none, as nothing is answered",
    remark="Its code was archived on 2025-10-08; copies of the service are run by volunteers, "
    "none by NASA.",
)
