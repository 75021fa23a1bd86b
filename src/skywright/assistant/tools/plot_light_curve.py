"""A light curve: normalised flux against time, with the table behind it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import polars as pl
from pydantic import Field

from skywright.assistant.messages import Artifact, Origin, ToolResult
from skywright.assistant.tools.desk import Desk
from skywright.assistant.tools.light_curve_archive import archived
from skywright.assistant.tools.shelf import computed_here, keep_csv, keep_plot, now_utc
from skywright.assistant.tools.star_tables import on_the_desk, table_meant
from skywright.sources.catalogues import light_curve_files
from skywright.sources.light_curves import LightCurve, has_columns, light_curve_of, read_file

_MOST_LISTED = 5
_Name = Annotated[str, Field(max_length=100)]


def plot_light_curve(
    desk: Desk,
    target: _Name = "",
    mission: Annotated[str, Field(max_length=40)] = "",
    table: _Name = "",
) -> ToolResult:
    """Draw a light curve: flux, divided by its median, against time.

    From a table of the conversation, an installed file (CSV, or FITS of TESS, Kepler and K2), or
    MAST.

    Parameters
    ----------
    target : str
        Star, such as TIC 261136679 or WASP-39.
    mission : str
        TESS, Kepler or K2; any where empty.
    table : str
        Name of a table with columns of time and flux or magnitude instead, or of an installed file;
        the newest table where both are empty.
    """
    curve, origin, warnings = _meant(desk, target, mission, table)
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
        warnings=warnings,
    )


def _meant(
    desk: Desk, target: str, mission: str, table: str
) -> tuple[LightCurve, tuple[Origin, ...], tuple[str, ...]]:
    named = [one for one in light_curve_files(desk.settings, table) if table in _names(one)]
    if named and on_the_desk(desk, table) is None:
        return *_installed(named[0], ""), ()
    if table or not target:
        meant = table_meant(desk, table)
        return light_curve_of(meant.rows, meant.name), meant.origins, ()
    known = on_the_desk(desk, target)
    if known is not None and has_columns(known.rows.columns):
        return light_curve_of(known.rows, target), known.origins, ()
    files = light_curve_files(desk.settings, target)
    for path in files:
        curve, origin = _installed(path, target)
        if not curve.mission or mission.lower() in curve.mission.lower():
            return curve, origin, _others(path, files)
    curve, asked = archived(desk, target, mission)
    return curve, (asked,), ()


def _names(path: Path) -> tuple[str, str]:
    return path.name, path.name.partition(".")[0]


def _installed(path: Path, target: str) -> tuple[LightCurve, tuple[Origin, ...]]:
    curve = read_file(path, target)
    title = f"Installed light-curve file {path.name}"
    told = Origin(service="catalogues", title=title, retrieved_utc=now_utc(),
                  rows=curve.time_d.size, state="as installed")  # fmt: skip
    return curve, (told,)


def _others(taken: Path, files: list[Path]) -> tuple[str, ...]:
    others = [one.name for one in files if one != taken]
    if not others:
        return ()
    listed = ", ".join(others[:_MOST_LISTED]) + (" and more" if others[_MOST_LISTED:] else "")
    return (f"{taken.name} was taken; also installed of it are {listed}: name one as table.",)


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
