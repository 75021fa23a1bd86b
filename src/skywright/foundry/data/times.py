"""Times as people write them: ISO 8601 in its shapes, with or without a zone, day of year too."""

from __future__ import annotations

import polars as pl

_ZONED = ("%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f%#z")
_PLAIN = (
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M",
    "%Y-%jT%H:%M:%S%.f",
    "%Y/%m/%d %H:%M:%S%.f",
)
_DAYS = ("%Y-%m-%d", "%Y/%m/%d", "%Y-%j", "%Y%m%d", "%Y-%b-%d")


def parsed_times(texts: pl.Series) -> pl.Series:
    """Return texts as moments of UTC, null where one is no time; without a zone UTC is meant.

    Only shapes whose order of year, month and day is certain are read: 03/04/2026 is no time here.
    """
    plain = texts.str.strip_chars()
    tries = [
        plain.str.to_datetime(form, strict=False, time_unit="us").dt.replace_time_zone(None)
        for form in _ZONED
    ]
    tries += [plain.str.to_datetime(form, strict=False, time_unit="us") for form in _PLAIN]
    tries += [plain.str.to_date(form, strict=False).cast(pl.Datetime("us")) for form in _DAYS]
    found = tries[0]
    for other in tries[1:]:
        found = found.fill_null(other) if found.null_count() else found
    return found.alias(texts.name)
