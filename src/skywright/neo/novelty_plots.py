"""Pictures of novelty: where a score lies among all, and where an object lies in two features."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from skywright.errors import InputError
from skywright.neo.explanation import REASONS
from skywright.neo.novelty import CORE_VIEWS, NoveltyModel, load_model
from skywright.neo.novelty_features import from_scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INK, _MARK = "#2f6fb0", "#c8553d"
_AXES = CORE_VIEWS["orbit and size"]
_LABELS = {
    "a_au": "Semi-major axis [au]",
    "e": "Eccentricity",
    "i_deg": "Inclination [deg]",
    "h_mag": "Absolute magnitude H",
}


def write_plots(scored: pl.DataFrame, folder: Path) -> list[Path]:
    """Write the histogram of all scores, and features and reasons of the most unusual object.

    Parameters
    ----------
    scored : polars.DataFrame
        As :func:`skywright.neo.anomalies.add_anomalies` returns, with ``designation``.
    folder : pathlib.Path
        An existing folder.

    Returns
    -------
    list of pathlib.Path
        ``novelty.png``, ``novelty_features.png`` and ``novelty_reasons.png``.

    Raises
    ------
    InputError
        If the folder does not exist.
    """
    if not folder.is_dir():
        message = f"The folder {folder} for the plots does not exist; make it first."
        raise InputError(message)
    top = str(scored.sort("novelty_percentile", descending=True)["designation"][0])
    pictures = {
        "novelty": plot_scores(scored, [top]),
        "novelty_features": plot_features(scored, top),
        "novelty_reasons": plot_reasons(scored, top),
    }
    for name, picture in pictures.items():
        (folder / f"{name}.png").write_bytes(picture)
    return [folder / f"{name}.png" for name in pictures]


def plot_scores(scored: pl.DataFrame, designations: Sequence[str] = ()) -> bytes:
    """Draw the histogram of novelty percentiles of a scored table and mark some objects.

    Parameters
    ----------
    scored : polars.DataFrame
        As :func:`skywright.neo.anomalies.add_anomalies` returns.
    designations : sequence of str
        Objects to mark, by their ``designation``.

    Returns
    -------
    bytes
        A PNG picture.
    """
    surprise = -np.log10(np.maximum(1.0 - scored["novelty_percentile"].to_numpy() / 100.0, 1e-9))

    def draw(axes: Axes) -> None:
        axes.hist(surprise, bins=60, color=_INK, alpha=0.8)
        axes.set_yscale("log")
        ticks = np.arange(0, np.ceil(surprise.max()) + 1)
        axes.set_xticks(ticks, [f"{100 * (1 - 10.0**-t):.10g}" for t in ticks])
        axes.set_xlabel("Novelty percentile (logarithm of the share above)")
        axes.set_ylabel("Objects")
        for name in designations:
            place = float(surprise[_row(scored, name)])
            axes.axvline(place, color=_MARK)
            axes.annotate(name, (place, 1.0), xycoords=("data", "axes fraction"), rotation=90,
                          ha="right", va="top", color=_MARK)  # fmt: skip

    return _png(draw)


def plot_features(
    scored: pl.DataFrame,
    designation: str,
    *,
    x: str = "a_au",
    y: str = "e",
    model: NoveltyModel | None = None,
) -> bytes:
    """Draw the catalogue in two features, with one object and its nearest neighbours marked.

    Parameters
    ----------
    scored : polars.DataFrame
        As :func:`skywright.neo.anomalies.add_anomalies` returns.
    designation : str
        The object.
    x, y : str
        Two of ``a_au``, ``e``, ``i_deg``, ``h_mag``; also columns of the table.
    model : NoveltyModel, optional
        Knows the catalogue; by default the one that ships.

    Returns
    -------
    bytes
        A PNG picture.

    Raises
    ------
    InputError
        If a feature or the object is unknown.
    """
    for name in (x, y):
        if name not in _AXES:
            message = f"The plot takes two of {', '.join(_AXES)}; got {name!r}."
            raise InputError(message)
    known = model or load_model()
    row = scored.row(_row(scored, designation), named=True)
    columns = [_AXES.index(name) for name in (x, y)]
    points = [from_scale(n, known.neighbours[:, c]) for n, c in zip((x, y), columns, strict=True)]
    near = [known.names.index(name) for name in row["neighbours"] if name in known.names]

    def draw(axes: Axes) -> None:
        axes.plot(*points, ",", color=_INK, alpha=0.5)
        axes.plot(points[0][near], points[1][near], "o", mfc="none", color=_MARK, label="nearest")
        axes.plot(row[x], row[y], "*", ms=14, color=_MARK, label=designation)
        axes.set_xlabel(_LABELS[x])
        axes.set_ylabel(_LABELS[y])
        if x == "a_au":
            axes.set_xscale("log")
        if y == "a_au":
            axes.set_yscale("log")
        axes.legend()

    return _png(draw)


def plot_reasons(scored: pl.DataFrame, designation: str) -> bytes:
    """Draw the surprise that repairing each feature takes away from one object.

    Raises
    ------
    InputError
        If the object is unknown.
    """
    drops = scored.row(_row(scored, designation), named=True)["feature_drops"]

    def draw(axes: Axes) -> None:
        axes.barh(REASONS[::-1], drops[::-1], color=_INK)
        axes.set_xlabel("Surprise taken away by repairing the feature [powers of ten]")
        axes.set_title(designation)

    return _png(draw)


def _row(scored: pl.DataFrame, designation: str) -> int:
    names = scored["designation"].to_list() if "designation" in scored.columns else []
    if designation not in names:
        message = f"The scored table has no object {designation!r}."
        raise InputError(message)
    return int(names.index(designation))


def _png(draw: Callable[[Axes], None]) -> bytes:
    from io import BytesIO

    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, 5.0), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    draw(figure.add_subplot())
    buffer = BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()
