"""The spectral energy distribution of an object, from its magnitudes, with the table behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import polars as pl
from pydantic import Field

from skywright.assistant.messages import Artifact, Origin, ToolResult
from skywright.assistant.tools.desk import Desk
from skywright.assistant.tools.positions import Resolved, resolved
from skywright.assistant.tools.shelf import computed_here, keep_plot, keep_table, origin_from
from skywright.assistant.tools.zero_points import BANDS
from skywright.errors import NotFoundError, SourceError
from skywright.sources import simbad
from skywright.sources.collecting import visiting

_LEAST_BANDS = 2
_COLOURS = {
    "Johnson-Cousins": "#2f6fb0",
    "2MASS": "#b0492f",
    "Gaia DR3": "#3c8d5a",
    "SDSS (AB)": "#8a5aa8",
}


def plot_sed(desk: Desk, target: Annotated[str, Field(min_length=1, max_length=100)]) -> ToolResult:
    """Draw a spectral energy distribution: flux density against wavelength, both logarithmic.

    From the magnitudes that SIMBAD and OpenNGC list, by published zero points; not corrected for
    extinction.

    Parameters
    ----------
    target : str
        Object, such as M31 or Vega.
    """
    known = resolved(desk, target)
    desk.check_stop()
    by_simbad, asked, warnings = _asked(desk, target, known)
    rows = _photometry(by_simbad, known.found.magnitudes)
    name = known.found.name
    if rows.height < _LEAST_BANDS:
        bands = ", ".join(rows["band"]) or "none"
        message = f"There is too little photometry of {name} to draw: the bands known are {bands}."
        raise NotFoundError(" ".join([message, *warnings]))
    table = keep_table(desk, f"sed {name}", f"Photometry of {name}", rows, (*asked, known.origin))
    plot = _drawn(desk, name, rows)
    desk.target = target
    origins = (*asked, known.origin, computed_here("plot-sed", f"Flux densities of {name}"))
    return ToolResult(
        text=_told(name, rows),
        data={
            "bands": rows.to_dicts(),
            "x": "wavelength [um], logarithmic",
            "y": "flux density [Jy], logarithmic",
        },
        origins=origins,
        artifacts=(plot, table.artifact),
        warnings=warnings,
        table=table.name,
    )


def _asked(
    desk: Desk, target: str, known: Resolved
) -> tuple[dict[str, float], tuple[Origin, ...], tuple[str, ...]]:
    """Return the magnitudes of SIMBAD; without it, why it is missing."""
    desk.progress(f"asking SIMBAD for the magnitudes of {known.found.name}")
    names = (target, known.found.name, known.found.catalogue_name, *known.found.identifiers)
    try:
        with visiting(simbad.COLLECTOR, desk.settings) as visit:
            found = simbad.magnitudes(visit, names, desk.stop)
    except SourceError as error:
        if not known.found.magnitudes:
            raise
        return {}, (), (f"Only OpenNGC's magnitudes are shown: {error.message}",)
    if not found.magnitudes:
        return {}, (), ()
    url = visit.provenance[-1].url if visit.provenance else simbad.STATE.url(desk.settings)
    return found.magnitudes, (origin_from(simbad.STATE, query=found.adql, url=url, rows=1),), ()


def _photometry(by_simbad: Mapping[str, float], by_openngc: Mapping[str, float]) -> pl.DataFrame:
    """Return one row for each band, SIMBAD's value where both have one, by wavelength."""
    both = {band: (value, "OpenNGC") for band, value in by_openngc.items()}
    both |= {band: (value, "SIMBAD") for band, value in by_simbad.items()}
    rows = [
        {
            "band": band,
            "system": BANDS[band].system,
            "wavelength_um": BANDS[band].wavelength_um,
            "magnitude_mag": round(value, 4),
            "flux_density_jy": BANDS[band].flux_jy(value),
            "source": source,
        }
        for band, (value, source) in both.items()
        if band in BANDS
    ]
    kinds = {
        "band": pl.String, "system": pl.String, "wavelength_um": pl.Float64,
        "magnitude_mag": pl.Float64, "flux_density_jy": pl.Float64, "source": pl.String,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=kinds).sort("wavelength_um")


def _drawn(desk: Desk, name: str, rows: pl.DataFrame) -> Artifact:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    from skywright.assistant.tools.drawing import INK, label, new_figure

    title = f"Spectral energy distribution of {name}"
    sources = " and ".join(rows["source"].unique(maintain_order=True))
    below = f"magnitudes of {sources}; not corrected for extinction"
    figure, axes = new_figure(title, below, size_in=(7.8, 5.6))
    for (system,), part in rows.group_by("system", maintain_order=True):
        x, y = part["wavelength_um"].to_numpy(), part["flux_density_jy"].to_numpy()
        axes.scatter(x, y, s=52, color=_COLOURS[str(system)], label=str(system), zorder=3)
    for band, x, y in rows.select("band", "wavelength_um", "flux_density_jy").iter_rows():
        at: dict[str, Any] = {"xytext": (0, 9), "textcoords": "offset points", "ha": "center"}
        axes.annotate(band, (x, y), **at, color=INK, fontsize=11)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.margins(0.12, 0.18)
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    label(axes, "wavelength  [μm]", "flux density  [Jy]")
    axes.legend(frameon=False, fontsize=10, labelcolor=INK)
    return keep_plot(desk, f"sed-{name}", title, figure)


def _told(name: str, rows: pl.DataFrame) -> str:
    first, last = (rows.row(k, named=True) for k in (0, -1))
    values = ", ".join(
        f"{band} {magnitude:.2f} mag = {flux:.4g} Jy"
        for band, magnitude, flux in rows.select(
            "band", "magnitude_mag", "flux_density_jy"
        ).iter_rows()
    )
    bright = rows.sort("flux_density_jy").row(-1, named=True)
    return (
        f"The spectral energy distribution of {name} has {rows.height} bands from {first['band']} "
        f"({first['wavelength_um']:.3g} um) to {last['band']} ({last['wavelength_um']:.3g} um).\n"
        f"Its flux densities are {values}.\n"
        f"It is largest in {bright['band']}: {bright['flux_density_jy']:.4g} Jy.\n"
        "Nothing is corrected for extinction."
    )
