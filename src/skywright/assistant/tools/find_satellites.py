"""Find satellites: what they are in GCAT, where they are by CelesTrak's element sets."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Annotated

import polars as pl
from pydantic import Field

from skywright.assistant.messages import Origin, ToolResult
from skywright.assistant.tools.collected import Collected, collected_table, kept_table, live_table
from skywright.assistant.tools.desk import Desk
from skywright.assistant.tools.launch_tables import plain
from skywright.assistant.tools.shelf import keep_table
from skywright.errors import InputError, SourceError
from skywright.sources.celestrak import element_sets
from skywright.sources.collecting import Visit

_SPOKEN = {
    "iss": 25544, "international space station": 25544, "zarya": 25544,
    "hubble": 20580, "hst": 20580, "hubble space telescope": 20580,
    "tiangong": 48274, "tianhe": 48274,
}  # fmt: skip
"""Names that the catalogues do not begin with: their NORAD numbers."""
_OLD_D = 14.0
_ASKED = "No element sets are collected here, so CelesTrak was asked for these alone."
_NOT_COLLECTED = (
    "Launch, status, owner and mass are left out, as GCAT is not collected here: "
    "skywright collect gcat."
)


def find_satellites(
    desk: Desk,
    name: Annotated[str, Field(max_length=100)] = "",
    norad_id: Annotated[int | None, Field(ge=1, le=999_999_999)] = None,
    limit: Annotated[int, Field(ge=1, le=100)] = 20,
) -> ToolResult:
    """Find satellites by name or NORAD number: orbit, launch, status, age of the elements.

    All that were found become a table of the conversation and a CSV file.

    Parameters
    ----------
    name : str
        Name or its beginning, such as ISS or Starlink.
    norad_id : int, optional
        Number in the catalogue of the US Space Force.
    limit : int
        Most satellites told in words.
    """
    if not name.strip() and norad_id is None:
        message = "Neither name nor norad_id was given; one of them is needed."
        raise InputError(message)
    number = norad_id if norad_id is not None else _SPOKEN.get(plain(name))
    elements, catalogue, notes = _asked(desk, name, number)
    parts = []
    if elements is not None:
        parts.append(_elements_table(elements.table))
    if catalogue is not None:
        parts.append(_catalogue_table(catalogue.table))
    found = _joined(parts)
    origins = tuple(one.origin for one in (elements, catalogue) if one is not None)
    who = f"NORAD {number}" if number is not None else name
    kept = (
        keep_table(desk, f"satellites {who}", f"Satellites: {who}", found, origins)
        if found.height
        else None
    )
    return ToolResult(
        text=_told(found, who, origins, limit),
        data={"count": found.height, "satellites": found.head(limit).to_dicts()},
        origins=origins,
        artifacts=(kept.artifact,) if kept else (),
        warnings=(*_age_warning(found), *notes),
        table=kept.name if kept else "",
    )


def _asked(
    desk: Desk, name: str, number: int | None
) -> tuple[Collected | None, Collected | None, tuple[str, ...]]:
    """Return what both know, as far as it can be had, and notes; SourceError if neither can."""
    elements = catalogue = failure = None
    notes: list[str] = []
    try:
        elements = _of_celestrak(desk, name, number, notes)
    except SourceError as error:
        failure = error
        notes.append(error.message)
    try:
        catalogue = _of_gcat(
            desk, notes, is_known=elements is not None and not elements.table.is_empty()
        )
    except SourceError as error:
        notes.append(error.message)
    if elements is None and catalogue is None and failure is not None:
        raise failure
    if catalogue is not None:
        catalogue = replace(catalogue, table=_meant(catalogue.table, name, number))
    return elements, catalogue, tuple(notes)


def _of_celestrak(desk: Desk, name: str, number: int | None, notes: list[str]) -> Collected:
    """Return the element sets that are meant: those collected, else asked for by name or number."""
    found = kept_table(desk, "celestrak", "active")
    if found is None:
        found = live_table(desk, "celestrak", lambda _, opened: _element_sets(opened, name, number))
        notes.append(_ASKED)
    return replace(found, table=_meant(found.table, name, number))


def _element_sets(visit: Visit, name: str, number: int | None) -> pl.DataFrame:
    if number is not None:
        return element_sets(visit, norad_id=number)
    found = element_sets(visit, name=name.strip())
    hyphened = "-".join(name.split())  # STARLINK-1008
    return found if found.height or " " not in name.strip() else element_sets(visit, name=hyphened)


def _of_gcat(desk: Desk, notes: list[str], *, is_known: bool) -> Collected | None:
    """Return the catalogue as collected; asked for whole only where nothing else is known."""
    found = kept_table(desk, "gcat", "satellites")
    if found is None and not is_known:
        found = collected_table(desk, "gcat", "satellites")
    elif found is None:
        notes.append(_NOT_COLLECTED)
    return found


def _meant(table: pl.DataFrame, name: str, number: int | None) -> pl.DataFrame:
    if number is not None:
        return table.filter(pl.col("norad_id") == number)
    wanted = plain(name)
    columns = [column for column in ("name", "payload_name") if column in table.columns]
    is_meant = [
        any(plain(text or "").startswith(wanted) for text in row)
        for row in table.select(columns).iter_rows()
    ]
    return table.filter(pl.Series(is_meant, dtype=pl.Boolean))


def _elements_table(table: pl.DataFrame) -> pl.DataFrame:
    return table.select(
        "norad_id",
        "name",
        "epoch_utc",
        period_min=1440.0 / pl.col("mean_motion_rev_d"),
        elements_inclination_deg=pl.col("inclination_deg"),
        eccentricity="eccentricity",
    )


def _catalogue_table(table: pl.DataFrame) -> pl.DataFrame:
    return table.filter(pl.col("norad_id").is_not_null()).select(
        "norad_id",
        catalogue_name=pl.col("payload_name").fill_null(pl.col("name")),
        launch_date_utc="launch_date_utc",
        end_date_utc="end_date_utc",
        status="status",
        owner_code="owner_code",
        mass_kg="mass_kg",
        perigee_km="perigee_km",
        apogee_km="apogee_km",
        inclination_deg="inclination_deg",
    )


def _joined(parts: list[pl.DataFrame]) -> pl.DataFrame:
    if len(parts) == 1:
        return parts[0].unique("norad_id", keep="first", maintain_order=True)
    one, other = (part.unique("norad_id", keep="first", maintain_order=True) for part in parts)
    return one.join(other, on="norad_id", how="full", coalesce=True).sort("norad_id")


def _told(found: pl.DataFrame, who: str, origins: tuple[Origin, ...], limit: int) -> str:
    titles = " and ".join(one.title for one in origins)
    if not found.height:
        return f"No satellite {who} is known to {titles}."
    noun = "satellite" if found.height == 1 else "satellites"
    shown = min(limit, found.height, 10)
    rows = [_one(row) for row in found.head(shown).iter_rows(named=True)]
    first = f"{titles}: {found.height:,} {noun} for {who}."
    cut = f" The first {shown}:" if shown < found.height else ""
    return f"{first}{cut} {' '.join(rows)}"


def _one(row: dict[str, object]) -> str:
    name = row.get("name") or row.get("catalogue_name") or "unnamed"
    parts = [f"NORAD {row['norad_id']}"]
    if row.get("launch_date_utc"):
        parts.append(f"launched {str(row['launch_date_utc'])[:10]}")
    if row.get("end_date_utc"):
        parts.append(f"phase ended {str(row['end_date_utc'])[:10]}")
    if row.get("perigee_km") is not None and row.get("apogee_km") is not None:
        parts.append(f"{row['perigee_km']:.0f} x {row['apogee_km']:.0f} km")
    inclination = row.get("elements_inclination_deg") or row.get("inclination_deg")
    if inclination is not None:
        parts.append(f"inclination {inclination:.2f} deg")
    if row.get("period_min") is not None:
        parts.append(f"period {row['period_min']:.2f} min")
    if row.get("epoch_utc"):
        parts.append(f"elements of {str(row['epoch_utc'])[:16].replace('T', ' ')} UTC")
    return f"{name}: {', '.join(parts)}."


def _age_warning(found: pl.DataFrame) -> tuple[str, ...]:
    """Say when element sets are too old to place a satellite."""
    if "epoch_utc" not in found.columns or not found["epoch_utc"].drop_nulls().len():
        return ()
    newest = dt.datetime.fromisoformat(str(found["epoch_utc"].max())[:19]).replace(tzinfo=dt.UTC)
    age_d = (dt.datetime.now(dt.UTC) - newest).total_seconds() / 86_400.0
    if age_d < _OLD_D:
        return ()
    return (f"The newest element set is {age_d:.0f} days old: too old to place a satellite.",)
