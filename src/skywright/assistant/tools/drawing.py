"""How our figures look: one style, axes with units, many points coloured by how dense they lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

F64 = npt.NDArray[np.float64]

INK = "#1b2a3a"
"""Of texts and axes."""
POINT = "#2f6fb0"
"""Of points that are few."""
MANY = 1_000
"""From so many points on, density is shown."""

_FAINT = "#8494a5"
_BINS = 180
_SMOOTH_BINS = 1.6


def new_figure(
    title: str,
    below: str = "",
    size_in: tuple[float, float] = (7.4, 7.2),
    projection: str | None = None,
) -> tuple[Figure, Axes]:
    """Return an empty figure with a title and a smaller line below it.

    Parameters
    ----------
    title, below : str
        What is shown, and of what data.
    size_in : tuple of float
        Width and height [inch].
    projection : str, optional
        Of matplotlib, such as ``mollweide``.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=size_in, facecolor="white", layout="constrained")
    figure.get_layout_engine().set(w_pad=0.12, h_pad=0.10)  # type: ignore[union-attr, call-arg]
    axes = figure.add_subplot(projection=projection)
    figure.suptitle(title, color=INK, fontsize=15, fontweight="bold", x=0.5)
    axes.set_title(below, color=_FAINT, fontsize=9.5, pad=10)
    if projection is None:
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    for spine in axes.spines.values():
        spine.set_color(_FAINT)
    axes.tick_params(colors=INK, labelsize=10)
    axes.set_axisbelow(True)
    axes.grid(visible=True, color="#dfe5eb", linewidth=0.7)
    return figure, axes


def label(axes: Axes, x: str, y: str) -> None:
    """Name both axes, units in brackets."""
    axes.set_xlabel(x, color=INK, fontsize=12, labelpad=8)
    axes.set_ylabel(y, color=INK, fontsize=12, labelpad=8)


def points(figure: Figure, axes: Axes, x: F64, y: F64) -> None:
    """Draw points; many are coloured by their density, the densest on top.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
        Finite, in the units of the axes.
    """
    if x.size < MANY:
        size = 26.0 if x.size < 200 else 12.0
        axes.scatter(x, y, s=size, color=POINT, alpha=0.8, linewidths=0)
        return
    from matplotlib.colors import LogNorm

    density = densities(x, y)
    order = np.argsort(density)
    size = float(np.clip(60_000 / x.size, 1.5, 9.0))
    drawn: Any = axes.scatter(
        x[order],
        y[order],
        c=density[order],
        s=size,
        cmap="viridis",
        norm=LogNorm(vmin=max(float(np.percentile(density, 1)), 1e-3)),
        linewidths=0,
        rasterized=True,
    )
    bar = figure.colorbar(drawn, ax=axes, pad=0.02, aspect=40, shrink=0.75)
    bar.set_label("stars in a cell of the diagram", color=INK, fontsize=10)
    bar.ax.tick_params(colors=INK, labelsize=9)
    bar.outline.set_visible(False)


def densities(x: F64, y: F64) -> F64:
    """Return the number of points near each point, by a smoothed histogram, shape (n,)."""
    from scipy.ndimage import gaussian_filter

    edges = [_edges(values) for values in (x, y)]
    counts, _, _ = np.histogram2d(x, y, bins=edges)
    smooth = gaussian_filter(counts, _SMOOTH_BINS)
    i, j = (
        np.clip(np.searchsorted(edge, values, side="right") - 1, 0, _BINS - 1)
        for edge, values in zip(edges, (x, y), strict=True)
    )
    return np.asarray(np.maximum(smooth[i, j], 1e-3), dtype=np.float64)


def clear_range(values: F64, share: float = 0.0015, margin: float = 0.06) -> tuple[float, float]:
    """Return limits that leave out the farthest few, so that one outlier hides nothing."""
    low, high = np.quantile(values, [share, 1 - share]) if values.size > 200 else _ends(values)
    pad = margin * (high - low) or 0.5
    return float(low - pad), float(high + pad)


def _ends(values: F64) -> tuple[float, float]:
    return float(values.min()), float(values.max())


def _edges(values: F64) -> F64:
    low, high = clear_range(values)
    return np.linspace(low, high, _BINS + 1)
