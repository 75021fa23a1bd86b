"""Keep the stars of a table whose colour, and magnitude where asked, lie within bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import polars as pl
from pydantic import Field

from skywright.assistant.messages import ToolResult
from skywright.assistant.tools.desk import Desk
from skywright.assistant.tools.photometry import Colour, colour_named, colours, magnitudes
from skywright.assistant.tools.shelf import computed_here, keep_table
from skywright.assistant.tools.star_tables import StarTable, table_meant
from skywright.errors import InputError

OFFERED_MAG = 15.0
"""Apparent magnitude that is offered as a cut where only a colour was given [mag]."""

_Bound = Annotated[float | None, Field(ge=-20, le=20)]
_Mag = Annotated[float | None, Field(ge=-30, le=40)]


@dataclass(frozen=True, slots=True)
class _Bounds:
    """What is kept: a bound that is None does not bind."""

    colour: Colour
    low: float | None
    high: float | None
    brighter_than: float | None
    fainter_than: float | None

    def check(self) -> None:
        """Raise InputError where nothing is bound, or nothing can lie within."""
        if self.low is not None and self.high is not None and self.low >= self.high:
            message = f"low = {self.low:g} must be smaller than high = {self.high:g} of the colour."
            raise InputError(message)
        if not (self.colour_told or self.magnitude_told):
            message = "There is no bound: give low or high, brighter_than or fainter_than."
            raise InputError(message, hint="Such as low = 0.8 and high = 1.5.")

    @property
    def colour_told(self) -> str:
        """Such as ``0.8 < BP-RP < 1.5``; empty where the colour is free."""
        return _between(self.colour.label, self.low, self.high)

    @property
    def magnitude_told(self) -> str:
        """Such as ``G < 15``; empty where the magnitude is free."""
        return _between(self.colour.magnitude, self.fainter_than, self.brighter_than)

    def by_colour(self, rows: pl.DataFrame, values: pl.Series) -> pl.DataFrame:
        """Return the rows whose colour fits; all where it is free."""
        return _within(rows, values, self.low, self.high) if self.colour_told else rows

    def by_magnitude(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the rows whose magnitude fits; all where it is free."""
        if not self.magnitude_told:
            return rows
        values = magnitudes(rows, self.colour.magnitude)
        return _within(rows, values, self.fainter_than, self.brighter_than)


def _between(label: str, low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return ""
    above = "" if low is None else f"{low:g} < "
    return f"{above}{label}" + ("" if high is None else f" < {high:g}")


def _within(
    rows: pl.DataFrame, values: pl.Series, low: float | None, high: float | None
) -> pl.DataFrame:
    is_kept = values.is_not_null()
    if low is not None:
        is_kept &= values > low
    if high is not None:
        is_kept &= values < high
    return rows.filter(is_kept.fill_null(value=False))


def colour_cut(
    desk: Desk,
    low: _Bound = None,
    high: _Bound = None,
    colour: Annotated[str, Field(max_length=20)] = "bp_rp",
    brighter_than: _Mag = None,
    fainter_than: _Mag = None,
    table: Annotated[str, Field(max_length=100)] = "",
) -> ToolResult:
    """Keep the stars of a table whose colour lies between two bounds.

    The stars that are kept become the newest table of the conversation and a CSV file.

    Parameters
    ----------
    low, high : float, optional
        Bounds of the colour [mag], themselves left out: low < colour < high. Without both, stars
        without a colour stay too.
    colour : str
        Such as bp_rp (Gaia), g_r (SDSS) or b_v.
    brighter_than, fainter_than : float, optional
        Bounds of the apparent magnitude that goes with the colour, G for bp_rp [mag].
    table : str
        Name of a table of the conversation or of an installed file; empty for the newest.
    """
    bounds = _Bounds(colour_named(colour), low, high, brighter_than, fainter_than)
    bounds.check()
    meant = table_meant(desk, table)
    values = colours(meant.rows, bounds.colour)
    by_colour = bounds.by_colour(meant.rows, values)
    kept = bounds.by_magnitude(by_colour)
    origins = (*meant.origins, computed_here("colour-cut", f"Cut of the table {meant.name}"))
    both = ", ".join(one for one in (bounds.colour_told, bounds.magnitude_told) if one)
    title = f"Stars of {meant.name} with {both}"
    shelved = keep_table(desk, f"{meant.name}-cut", title, kept, origins)
    known = values.count()
    text = _told(meant, bounds, known, by_colour, kept)
    warning, bright = "", None
    if bounds.colour_told and brighter_than is None:
        warning, bright = _warned(by_colour, bounds.colour)
    return ToolResult(
        text=f"{text} {warning}".strip(),
        data={
            "table": meant.name,
            "rows": meant.rows.height,
            "with_colour": known,
            "in_colour": by_colour.height,
            "kept": kept.height,
            "bright": bright,
            "bright_limit_mag": None if bright is None else OFFERED_MAG,
            "colour": bounds.colour.label,
            "preview": kept.head(5).to_dicts(),
        },
        origins=origins,
        artifacts=(shelved.artifact,),
        warnings=(warning,) if warning else (),
        table=shelved.name,
    )


def _told(
    meant: StarTable, bounds: _Bounds, known: int, by_colour: pl.DataFrame, kept: pl.DataFrame
) -> str:
    rows = meant.rows.height
    if not bounds.colour_told:
        whole = f"the {rows:,} rows of the table {meant.name}"
        return f"{kept.height:,} of {whole} have {bounds.magnitude_told} mag."
    label = bounds.colour.label
    text = (
        f"{by_colour.height:,} of the {known:,} stars with a {label} colour in the table "
        f"{meant.name} have {bounds.colour_told} mag."
    )
    if bounds.magnitude_told:
        text += f" {kept.height:,} of them also have {bounds.magnitude_told} mag."
    if known < rows:
        text += f" {rows - known:,} of its {rows:,} rows have no {label} colour."
    return text


def _warned(rows: pl.DataFrame, colour: Colour) -> tuple[str, int | None]:
    """Say that dwarfs are kept too, and how many stars a cut in magnitude would leave."""
    words = "A colour cut alone does not select giants: it keeps dwarfs of the same colour."
    try:
        values = magnitudes(rows, colour.magnitude)
    except InputError:
        return words, None
    bright = int((values < OFFERED_MAG).sum())
    offered = (
        f" Only {bright:,} of these {rows.height:,} stars are brighter than "
        f"{colour.magnitude} = {OFFERED_MAG:g} mag; brighter_than = {OFFERED_MAG:g} keeps those."
    )
    return words + offered, bright
