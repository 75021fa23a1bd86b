"""Keep the stars of a table whose colour, and magnitude where asked, lie within bounds."""

from __future__ import annotations

from typing import Annotated

import polars as pl
from pydantic import Field

from skywright.assistant.messages import ToolResult
from skywright.assistant.tools.desk import Desk
from skywright.assistant.tools.photometry import Colour, colour_named, colours, magnitudes
from skywright.assistant.tools.shelf import computed_here, keep_table
from skywright.assistant.tools.star_tables import table_meant
from skywright.errors import InputError

OFFERED_MAG = 15.0
"""Apparent magnitude that is offered as a cut where only a colour was given [mag]."""

_Mag = Annotated[float | None, Field(ge=-30, le=40)]


def colour_cut(
    desk: Desk,
    low: Annotated[float, Field(ge=-20, le=20)],
    high: Annotated[float, Field(ge=-20, le=20)],
    colour: Annotated[str, Field(max_length=20)] = "bp_rp",
    brighter_than: _Mag = None,
    fainter_than: _Mag = None,
    table: Annotated[str, Field(max_length=100)] = "",
) -> ToolResult:
    """Keep the stars of a table whose colour lies between two bounds.

    The stars that are kept become the newest table of the conversation and a CSV file.

    Parameters
    ----------
    low, high : float
        Bounds of the colour [mag], both left out: low < colour < high.
    colour : str
        Such as bp_rp (Gaia), g_r (SDSS) or b_v.
    brighter_than, fainter_than : float, optional
        Bounds of the apparent magnitude that goes with the colour, G for bp_rp [mag].
    table : str
        Name of a table of the conversation or of an installed file; empty for the newest.
    """
    if low >= high:
        message = f"low = {low:g} must be smaller than high = {high:g} of the colour."
        raise InputError(message)
    chosen, meant = colour_named(colour), table_meant(desk, table)
    values = colours(meant.rows, chosen)
    is_kept = ((values > low) & (values < high)).fill_null(value=False)
    by_colour = meant.rows.filter(is_kept)
    kept = _by_magnitude(by_colour, chosen, brighter_than, fainter_than)
    bounds = _bounds(chosen, brighter_than, fainter_than)
    title = f"Stars of {meant.name} with {low:g} < {chosen.label} < {high:g}{bounds}"
    origins = (*meant.origins, computed_here("colour-cut", f"Cut of the table {meant.name}"))
    shelved = keep_table(desk, f"{meant.name}-cut", title, kept, origins)
    known = values.count()
    text = (
        f"{by_colour.height:,} of the {known:,} stars with a {chosen.label} colour in the table "
        f"{meant.name} have {low:g} < {chosen.label} < {high:g} mag."
    )
    if bounds:
        text += f" {kept.height:,} of them also have {bounds.removeprefix(', ')} mag."
    if known < meant.rows.height:
        missing = meant.rows.height - known
        text += f" {missing:,} of its {meant.rows.height:,} rows have no {chosen.label} colour."
    warning, bright = "", None
    if brighter_than is None:
        warning, bright = _warned(by_colour, chosen)
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
            "colour": chosen.label,
            "preview": kept.head(5).to_dicts(),
        },
        origins=origins,
        artifacts=(shelved.artifact,),
        warnings=(warning,) if warning else (),
        table=shelved.name,
    )


def _by_magnitude(
    rows: pl.DataFrame, colour: Colour, brighter_than: float | None, fainter_than: float | None
) -> pl.DataFrame:
    if brighter_than is None and fainter_than is None:
        return rows
    values = magnitudes(rows, colour.magnitude)
    is_kept = values.is_not_null()
    if brighter_than is not None:
        is_kept &= values < brighter_than
    if fainter_than is not None:
        is_kept &= values > fainter_than
    return rows.filter(is_kept.fill_null(value=False))


def _bounds(colour: Colour, brighter_than: float | None, fainter_than: float | None) -> str:
    if brighter_than is None and fainter_than is None:
        return ""
    below = "" if brighter_than is None else f" < {brighter_than:g}"
    above = "" if fainter_than is None else f"{fainter_than:g} < "
    return f", {above}{colour.magnitude}{below}"


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
