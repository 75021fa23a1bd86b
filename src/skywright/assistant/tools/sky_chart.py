"""How positions are drawn: a tangent plane around one point, or the whole sky.

References
----------
Calabretta & Greisen (2002), A&A 395, 1077: the gnomonic (TAN) projection, section 5.1.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.assistant.tools.drawing import INK, label, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

F64 = npt.NDArray[np.float64]

_SKY = "#0d1b2e"
_LINES = "#41566f"
_PALE = "#e8eef5"
_KINDS = {
    "galaxy": ("#f2b134", "o"),
    "cluster": ("#7fc8f8", "o"),
    "nebula": ("#ef7d95", "s"),
    "other": ("#c9d3de", "D"),
}
_MAGS_SHOWN = 4
_STEPS_DEG = np.array(
    [m * 10.0**k for k in range(-5, 2) for m in (1.0, 2.0, 5.0)] + [15.0, 30.0, 45.0, 90.0]
)


def project(ra_deg: F64, dec_deg: F64, middle: tuple[float, float]) -> tuple[F64, F64]:
    """Return standard coordinates of positions within 90 degrees of a middle [deg].

    Parameters
    ----------
    ra_deg, dec_deg : ndarray, shape (n,)
        ICRS [deg].
    middle : tuple of float
        Right ascension and declination of the point that the plane touches [deg].

    Returns
    -------
    tuple of ndarray
        To the east and to the north [deg].
    """
    a, d = np.radians(ra_deg - middle[0]), np.radians(dec_deg)
    d_0 = np.radians(middle[1])
    cosine = np.sin(d) * np.sin(d_0) + np.cos(d) * np.cos(d_0) * np.cos(a)
    east = np.cos(d) * np.sin(a) / cosine
    north = (np.sin(d) * np.cos(d_0) - np.cos(d) * np.sin(d_0) * np.cos(a)) / cosine
    return np.degrees(east), np.degrees(north)


def tangent_chart(
    rows: pl.DataFrame, middle: tuple[float, float], title: str, below: str, band: str
) -> Figure:
    """Draw positions around a middle, east to the left, with lines of equal RA and Dec.

    Parameters
    ----------
    rows : polars.DataFrame
        ``ra_deg``, ``dec_deg`` [deg], ``mag``, ``bp_rp``, and ``kind`` where there are kinds.
    middle : tuple of float
        Right ascension and declination [deg].
    title, below, band : str
        Words above the chart, and the band of ``mag``.
    """
    figure, axes = new_figure(title, below, size_in=(7.8, 7.6))
    ra, dec = (rows[name].to_numpy().astype(np.float64) for name in ("ra_deg", "dec_deg"))
    x, y = project(ra, dec, middle)
    half = max(1.05 * float(np.abs([x, y]).max()), 1e-4)
    _as_sky(axes)
    axes.set_aspect("equal")
    axes.set_xlim(half, -half)
    axes.set_ylim(-half, half)
    _lines(axes, middle, half)
    _symbols(figure, axes, x, y, rows, band)
    return figure


def whole_sky(rows: pl.DataFrame, title: str, below: str, band: str) -> Figure:
    """Draw positions on the whole sky (Mollweide), east to the left, 0 h in the middle."""
    figure, axes = new_figure(title, below, size_in=(10.4, 6.4), projection="mollweide")
    _as_sky(axes)
    ra = (rows["ra_deg"].to_numpy().astype(np.float64) + 180.0) % 360.0 - 180.0
    x, y = np.radians(-ra), np.radians(rows["dec_deg"].to_numpy().astype(np.float64))
    marks = np.arange(-150, 151, 30)
    axes.set_xticks(np.radians(marks), [f"{(-k) % 360}°" for k in marks])
    axes.tick_params(axis="x", colors=_PALE, labelsize=8.5)
    for text in axes.get_xticklabels():
        text.set_bbox({"facecolor": _SKY, "edgecolor": "none", "alpha": 0.7, "pad": 0.8})
    galactic = _galactic_plane()
    axes.plot(*galactic, color="#8fa6c0", linewidth=1.0, linestyle=(0, (4, 3)), zorder=2)
    axes.text(0.5, -0.055, "dashed: plane of the Galaxy; right ascension grows to the left",
              transform=axes.transAxes, ha="center", color="#6c7d90", fontsize=9)  # fmt: skip
    _symbols(figure, axes, x, y, rows, band)
    return figure


def _as_sky(axes: Axes) -> None:
    axes.set_facecolor(_SKY)
    axes.grid(visible=True, color=_LINES, linewidth=0.5)


def _galactic_plane() -> tuple[F64, F64]:
    from astropy.coordinates import SkyCoord

    plane = SkyCoord(l=np.linspace(0, 360, 721), b=np.zeros(721), unit="deg", frame="galactic").icrs
    ra = (plane.ra.deg + 180.0) % 360.0 - 180.0
    order = np.argsort(-ra)
    return np.radians(-ra[order]), np.radians(plane.dec.deg[order])


def _lines(axes: Axes, middle: tuple[float, float], half: float) -> None:
    """Draw lines of equal RA and Dec; their values stand where they meet the frame."""
    ra_0, dec_0 = middle
    axes.grid(visible=False)
    if abs(dec_0) + 1.5 * half > 84.0:
        axes.grid(visible=True, color=_LINES, linewidth=0.5)
        label(axes, "to the east  [deg]", "to the north  [deg]")
        return
    step_dec = _step(2.0 * half)
    step_ra = _step(2.0 * half / np.cos(np.radians(dec_0)))
    reach = 1.6 * half
    decs = np.linspace(dec_0 - reach, dec_0 + reach, 200)
    reach_ra = reach / np.cos(np.radians(min(abs(dec_0) + reach, 88.0)))
    ras = np.linspace(ra_0 - reach_ra, ra_0 + reach_ra, 400)
    ticks: dict[str, list[tuple[float, str]]] = {"x": [], "y": []}
    for ra in _multiples(ras[0], ras[-1], step_ra):
        x, y = project(np.full(decs.size, ra), decs, middle)
        _line(axes, x, y)
        ticks["x"].append((float(np.interp(-half, y, x)), _written(ra % 360.0, step_ra)))
    for dec in _multiples(decs[0], decs[-1], step_dec):
        x, y = project(ras, np.full(ras.size, dec), middle)
        _line(axes, x, y)
        ticks["y"].append((float(np.interp(half, x, y)), _written(dec, step_dec)))
    inside = {k: [(at, text) for at, text in v if abs(at) <= half] for k, v in ticks.items()}
    axes.set_xticks([at for at, _ in inside["x"]], [text for _, text in inside["x"]])
    axes.set_yticks([at for at, _ in inside["y"]], [text for _, text in inside["y"]])
    label(axes, "right ascension (ICRS)  [deg]", "declination (ICRS)  [deg]")


def _line(axes: Axes, x: F64, y: F64) -> None:
    axes.plot(x, y, color=_LINES, linewidth=0.6, zorder=1)


def _step(width_deg: float) -> float:
    """Return a round step that gives about five lines."""
    return float(_STEPS_DEG[np.argmin(np.abs(np.log(_STEPS_DEG / (width_deg / 5.0))))])


def _multiples(low: float, high: float, step: float) -> F64:
    return np.asarray(np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step, np.float64)


def _written(value: float, step: float) -> str:
    digits = max(0, int(np.ceil(-np.log10(step) - 1e-9)))
    return f"{value:.{digits}f}"


def _symbols(figure: Figure, axes: Axes, x: F64, y: F64, rows: pl.DataFrame, band: str) -> None:
    mags = rows["mag"].to_numpy().astype(np.float64)
    size = _sizes(mags)
    order = np.argsort(-size)
    if "kind" in rows.columns and rows["kind"].drop_nulls().len():
        _by_kind(axes, x[order], y[order], size[order], rows[order])
    else:
        _by_colour(figure, axes, (x[order], y[order], size[order]), rows[order])
    _legend(axes, mags, band)


def _sizes(mags: F64) -> F64:
    """Return areas of symbols: four magnitudes are a factor of about six; unknown ones small."""
    known = np.isfinite(mags)
    least, most = (3.0, 90.0) if mags.size > 300 else (10.0, 150.0)
    if mags.size > 5_000:
        least, most = 1.2, 40.0
    sizes = np.full(mags.size, least if known.any() else 2.5 * least)
    if known.any():
        bright, faint = np.quantile(mags[known], [0.0, 1.0])
        share = np.clip((faint - mags[known]) / max(faint - bright, 1e-3), 0.0, 1.0)
        sizes[known] = least + (most - least) * share**2.2
    return sizes


def _by_colour(figure: Figure, axes: Axes, at: tuple[F64, F64, F64], rows: pl.DataFrame) -> None:
    colour = rows["bp_rp"].to_numpy().astype(np.float64)
    known = np.isfinite(colour)
    x, y, size = at
    axes.scatter(x[~known], y[~known], s=size[~known], color=_PALE, linewidths=0, zorder=3)
    if not known.any():
        return
    low, high = np.quantile(colour[known], [0.02, 0.98])
    drawn: Any = axes.scatter(
        x[known], y[known], s=size[known], c=colour[known], cmap="RdYlBu_r", linewidths=0,
        vmin=low, vmax=max(high, low + 0.1), alpha=0.95, zorder=3,
    )  # fmt: skip
    bar = figure.colorbar(drawn, ax=axes, pad=0.02, aspect=40, shrink=0.75)
    bar.set_label("BP − RP  [mag]", color=INK, fontsize=10)
    bar.ax.tick_params(colors=INK, labelsize=9)
    bar.outline.set_visible(False)


def _by_kind(axes: Axes, x: F64, y: F64, size: F64, rows: pl.DataFrame) -> None:
    groups = np.array([_group(kind) for kind in rows["kind"].to_list()])
    for name, (colour, marker) in _KINDS.items():
        own = groups == name
        if own.any():
            axes.scatter(
                x[own], y[own], s=size[own], color=colour, marker=marker, alpha=0.85,
                linewidths=0, zorder=3, label=f"{name} ({own.sum():,})",
            )  # fmt: skip


def _group(kind: str | None) -> str:
    text = (kind or "").lower()
    for name, words in (
        ("galaxy", ("galax",)),
        ("nebula", ("nebula", "hii", "supernova", "region")),
        ("cluster", ("cluster", "association")),
    ):
        if any(word in text for word in words):
            return name
    return "other"


def _legend(axes: Axes, mags: F64, band: str) -> None:
    """Show kinds by colour, and what sizes mean."""
    handles, labels = axes.get_legend_handles_labels()
    known = mags[np.isfinite(mags)]
    if known.size > 1 and band:
        every = _sizes(mags)[np.isfinite(mags)]
        for mag in np.unique(np.round(np.linspace(known.min(), known.max(), _MAGS_SHOWN))):
            nearest = every[np.argmin(np.abs(known - mag))]
            handles.append(axes.scatter([], [], s=nearest, color=_PALE, linewidths=0))
            labels.append(f"{band} = {mag:g}")
    if not handles:
        return
    shown = axes.legend(
        handles, labels, loc="upper center", bbox_to_anchor=(0.5, -0.10), ncols=4,
        frameon=True, facecolor=_SKY, edgecolor="none", labelcolor=_PALE, fontsize=9,
    )  # fmt: skip
    if shown.legend_handles and len(handles) > len(_KINDS):
        shown.set_zorder(5)
