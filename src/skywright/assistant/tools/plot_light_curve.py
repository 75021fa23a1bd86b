"""A light curve: normalised flux against time, with the table behind it."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import polars as pl
from pydantic import Field

from skywright.assistant.messages import Artifact, Origin, ToolResult
from skywright.assistant.tools.desk import Desk
from skywright.assistant.tools.light_curve_archive import archived
from skywright.assistant.tools.light_curves import (
    LightCurve,
    is_light_curve,
    light_curve_of,
    read_fits,
)
from skywright.assistant.tools.shelf import computed_here, keep_csv, keep_plot, now_utc
from skywright.assistant.tools.star_tables import installed_file, table_meant
from skywright.errors import NotFoundError

_FITS = (".fits", ".fits.gz", ".fit")
_Name = Annotated[str, Field(max_length=100)]


def plot_light_curve(
    desk: Desk,
    target: _Name = "",
    mission: Annotated[str, Field(max_length=40)] = "",
    table: _Name = "",
) -> ToolResult:
    """Draw a light curve: flux, divided by its median, against time.

    From a table of the conversation, an installed file (CSV, or FITS of TESS and Kepler), or MAST.

    Parameters
    ----------
    target : str
        Star, such as TIC 261136679 or WASP-39.
    mission : str
        TESS, Kepler or K2; any where empty.
    table : str
        Name of a table with columns of time and flux or magnitude instead; the newest where both
        are empty.
    """
    curve, origin = _meant(desk, target, mission, table)
    desk.check_stop()
    rows = pl.DataFrame({"time_d": curve.time_d, "normalised_flux": curve.flux})
    title = f"Light curve of {curve.name}"
    plot = _drawn(desk, curve, title, origin[0].title if origin else "")
    behind = keep_csv(desk, f"light-curve-{curve.name}", f"The table behind: {title}", rows)
    desk.target = target or desk.target
    return ToolResult(
        text=_told(curve),
        data={
            "points": rows.height,
            "left_out": curve.left_out,
            "x": f"{curve.time_label} [d]",
            "y": "flux / median",
            "offset_d": curve.offset_d,
            "span_d": float(curve.time_d[-1] - curve.time_d[0]),
            "scatter": _scatter(curve),
        },
        origins=(*origin, computed_here("plot-light-curve", f"Normalised flux of {curve.name}")),
        artifacts=(plot, behind),
    )


def _meant(
    desk: Desk, target: str, mission: str, table: str
) -> tuple[LightCurve, tuple[Origin, ...]]:
    if table or not target:
        meant = table_meant(desk, table)
        return light_curve_of(meant.rows, meant.name), meant.origins
    try:
        known = table_meant(desk, target=target)
    except NotFoundError:
        known = None
    if known is not None and is_light_curve(known.rows):
        return light_curve_of(known.rows, target), known.origins
    path = installed_file(desk.settings, target, _FITS)
    if path is not None:
        curve = read_fits(path, target)
        if mission.lower() in curve.mission.lower():
            title = f"Installed light-curve file {path.name}"
            told = Origin(service="catalogues", title=title, retrieved_utc=now_utc(),
                          rows=curve.time_d.size, state="as installed")  # fmt: skip
            return curve, (told,)
    curve, origin = archived(desk, target, mission)
    return curve, (origin,)


def _drawn(desk: Desk, curve: LightCurve, title: str, source: str) -> Artifact:
    from skywright.assistant.tools.drawing import POINT, label, new_figure

    figure, axes = new_figure(title, source, size_in=(9.4, 5.2))
    size = float(np.clip(12_000 / curve.time_d.size, 1.5, 22.0))
    axes.scatter(
        curve.time_d, curve.flux, s=size, color=POINT, alpha=0.75, linewidths=0, rasterized=True
    )
    axes.ticklabel_format(useOffset=False)
    axes.margins(0.02, 0.08)
    label(axes, f"{curve.time_label}  [d]", "flux / median")
    return keep_plot(desk, f"light-curve-{curve.name}", title, figure)


def _scatter(curve: LightCurve) -> float:
    """Return the standard deviation that the median absolute deviation stands for."""
    return float(1.4826 * np.median(np.abs(curve.flux - 1.0)))


def _told(curve: LightCurve) -> str:
    first, last = (curve.time_d[k] + curve.offset_d for k in (0, -1))
    what = f"{curve.time_d.size:,} points of {curve.quantity} over {last - first:.4g} days"
    span = f"from {curve.scale} {first:.4f} to {last:.4f}"
    values = f"runs from {curve.flux.min():.5f} to {curve.flux.max():.5f}"
    scatter = f"{1e6 * _scatter(curve):,.0f} ppm (1.4826 times the median absolute deviation)"
    lines = [
        f"The light curve of {curve.name} has {what}, {span}.",
        f"The flux is divided by its median; it {values} and scatters by {scatter}.",
        f"Time is shown as {curve.time_label} in days.",
    ]
    if curve.left_out:
        lines.append(f"{curve.left_out:,} rows without a value or with a flag were left out.")
    return "\n".join(lines)
