"""A colour-magnitude diagram, with the table behind it."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import polars as pl
from pydantic import Field

from skywright.assistant.messages import Artifact, ToolResult
from skywright.assistant.tools.desk import Desk
from skywright.assistant.tools.photometry import Colour, colours, magnitudes, usual_colour
from skywright.assistant.tools.shelf import computed_here, keep_csv, keep_plot, keep_table
from skywright.assistant.tools.star_tables import StarTable, table_meant
from skywright.errors import InputError

_Name = Annotated[str, Field(max_length=100)]


def plot_cmd(desk: Desk, target: _Name = "", table: _Name = "") -> ToolResult:
    """Draw a colour-magnitude diagram: magnitude, bright on top, against colour.

    G against BP-RP for Gaia, r against g-r for SDSS, V against B-V otherwise.

    Parameters
    ----------
    target : str
        Object, such as NGC 6397: a table of the conversation or an installed file of its stars.
    table : str
        Name of a table instead; the newest where both are empty.
    """
    meant = table_meant(desk, table, target)
    colour = usual_colour(meant.rows)
    known = _with_both(meant.rows, colour)
    if known.is_empty():
        message = f"No row of the table {meant.name} has both {colour.label} and a magnitude."
        raise InputError(message)
    desk.check_stop()
    object_name = target or _object(desk, meant)
    title = f"{object_name}: {known.height:,} stars"
    plot = _drawn(desk, meant, colour, known, title)
    behind = keep_csv(desk, f"cmd-{meant.name}", f"The table behind: {title}", known)
    beyond = _beyond(known[colour.label])
    missing = meant.rows.height - known.height
    if meant.name not in desk.tables:
        keep_table(desk, meant.name, f"Table of {object_name}", meant.rows, meant.origins)
    desk.target = target or desk.target
    text = (
        f"The colour-magnitude diagram of {object_name} shows {known.height:,} stars of the table "
        f"{meant.name}: {colour.magnitude} [mag], inverted so that bright stars are on top, "
        f"against {colour.label} [mag]."
    )
    if beyond:
        text += f" {beyond:,} of them lie beyond the colours that are drawn."
    if missing:
        text += f" {missing:,} of its {meant.rows.height:,} rows are not shown as they lack a band."
    return ToolResult(
        text=text,
        data={
            "stars": known.height,
            "rows": meant.rows.height,
            "x": f"{colour.label} [mag]",
            "y": f"{colour.magnitude} [mag], inverted",
            "colour_range_mag": _range(known[colour.label]),
            "magnitude_range_mag": _range(known[colour.magnitude]),
        },
        origins=(*meant.origins, computed_here("plot-cmd", f"Diagram of the table {meant.name}")),
        artifacts=(plot, behind),
        table=meant.name,
    )


def _with_both(rows: pl.DataFrame, colour: Colour) -> pl.DataFrame:
    """Return the rows drawn: colour and magnitude first, then the position where there is one."""
    drawn = {
        colour.label: colours(rows, colour).alias(colour.label),
        colour.magnitude: magnitudes(rows, colour.magnitude),
    }
    beside = [name for name in ("source_id", "ra", "dec") if name in rows.columns]
    return rows.select(*drawn.values(), *beside).drop_nulls([*drawn])


def _object(desk: Desk, meant: StarTable) -> str:
    return desk.target or f"Table {meant.name}"


def _drawn(
    desk: Desk, meant: StarTable, colour: Colour, known: pl.DataFrame, title: str
) -> Artifact:
    from skywright.assistant.tools.drawing import clear_range, label, new_figure, points

    source = meant.origins[0].title if meant.origins else f"Table {meant.name}"
    figure, axes = new_figure(title, source)
    x, y = (known[name].to_numpy().astype(np.float64) for name in (colour.label, colour.magnitude))
    points(figure, axes, x, y)
    axes.set_xlim(*clear_range(x))
    faint, bright = reversed(clear_range(y, share=0.0))
    axes.set_ylim(faint, bright)
    label(axes, f"{colour.blue} − {colour.red}  [mag]", f"{colour.magnitude}  [mag]")
    return keep_plot(desk, f"cmd-{meant.name}", f"Colour-magnitude diagram of {title}", figure)


def _beyond(colours_mag: pl.Series) -> int:
    from skywright.assistant.tools.drawing import clear_range

    low, high = clear_range(colours_mag.to_numpy().astype(np.float64))
    return int(((colours_mag < low) | (colours_mag > high)).sum())


def _range(values: pl.Series) -> list[float]:
    ordered = values.sort()
    return [round(float(ordered[k]), 3) for k in (0, -1)]
