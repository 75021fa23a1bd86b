"""Pictures of a "what if" answer: the orbits, the approaches in time, the target plane."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from skywright.errors import InputError
from skywright.neo.orbit_polyline import orbit_polyline

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INK = {"baseline": "#2f6fb0", "changed": "#c8553d"}
_PLANETS = {"mercury": 0.387, "venus": 0.723, "earth": 1.0, "mars": 1.524, "jupiter": 5.203}


def write_plots(result: dict[str, Any], folder: Path) -> list[Path]:
    """Write PNG pictures of an answer of :func:`skywright.neo.simulate.simulate`.

    Parameters
    ----------
    result : dict
        The answer.
    folder : pathlib.Path
        An existing folder.

    Returns
    -------
    list of pathlib.Path
        ``orbit.png``, ``approaches.png`` and, if a probability was worked out, ``b_plane.png``.

    Raises
    ------
    InputError
        If the folder does not exist.
    """
    if not folder.is_dir():
        message = f"The folder {folder} for the plots does not exist; make it first."
        raise InputError(message)
    written = []
    for name in DRAWINGS if _clouds(result) else ("orbit", "approaches"):
        path = folder / f"{name}.png"
        path.write_bytes(png(name, result))
        written.append(path)
    return written


DRAWINGS = ("orbit", "approaches", "b_plane")
"""Names of the pictures."""


def png(name: str, result: dict[str, Any]) -> bytes:
    """Return one of the pictures `DRAWINGS` as PNG.

    Raises
    ------
    InputError
        If the target plane is asked for and no probability was worked out.
    """
    from io import BytesIO

    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, 6.0), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    draw = {"orbit": draw_orbit, "approaches": draw_approaches, "b_plane": draw_b_plane}[name]
    draw(figure, result)
    buffer = BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def draw_orbit(figure: Figure, result: dict[str, Any]) -> None:
    """Draw the orbits seen from the north pole of the ecliptic, with the planets' mean circles."""
    axes = figure.add_subplot()
    reach = 1.3
    for name, report in _reports(result):
        line = orbit_polyline(report["elements"])
        above = np.where(line[:, 2] >= 0, line[:, 1], np.nan)
        axes.plot(line[:, 0], line[:, 1], color=_INK[name], lw=0.9, ls=":")
        axes.plot(line[:, 0], above, color=_INK[name], lw=1.8, label=name)
        reach = max(reach, 1.08 * float(np.abs(line[:, :2]).max()))
    angle = np.linspace(0, 2 * np.pi, 361)
    for planet, a_au in _PLANETS.items():
        if a_au < reach:
            shade = "#555555" if planet == "earth" else "#bbbbbb"
            axes.plot(a_au * np.cos(angle), a_au * np.sin(angle), color=shade, lw=0.8)
            axes.annotate(planet, (0, a_au), color=shade, fontsize=7, ha="center", va="bottom")
    axes.plot(0, 0, "o", color="#e8a33d", ms=7)
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    axes.set(xlabel="x, ecliptic J2000 [au]", ylabel="y [au]")
    axes.set_title(f"{_title(result)} (dotted: below the ecliptic)")
    axes.legend(loc="upper right", frameon=False)


def draw_approaches(figure: Figure, result: dict[str, Any]) -> None:
    """Draw distance against time for every close approach."""
    axes = figure.add_subplot()
    markers = {"baseline": "o", "changed": "x"}
    lowest = 1.0
    for name, report in _reports(result):
        rows = report["approaches"]
        years = [2000 + (row["jd_tdb"] - 2_451_544.5) / 365.25 for row in rows]
        dist = [max(row["dist_au"], 1e-6) for row in rows]
        axes.plot(years, dist, markers[name], color=_INK[name], label=name, ms=6)
        for row, year, au in zip(rows, years, dist, strict=True):
            if row["dist_au"] < 0.02:
                axes.annotate(row["body"], (year, au), fontsize=7, xytext=(4, 2),
                              textcoords="offset points")  # fmt: skip
        lowest = min([lowest, *dist])
    axes.set(yscale="log", xlabel="year (TDB)", ylabel="distance at closest approach [au]")
    axes.set_ylim(bottom=lowest / 2)
    axes.axhline(0.00257, color="#999999", lw=0.8, ls="--")
    axes.annotate("the Moon's distance", (0.01, 0.00257), xycoords=("axes fraction", "data"),
                  fontsize=7, color="#777777", va="bottom")  # fmt: skip
    axes.set_title(f"{_title(result)}: close approaches")
    axes.legend(loc="best", frameon=False)


def draw_b_plane(figure: Figure, result: dict[str, Any]) -> None:
    """Draw nominal passage, clones and the body's capture disc on the target plane."""
    planes = _clouds(result)
    if not planes:
        message = "There is no target plane to draw: the orbit has no covariance, or no passage."
        raise InputError(message)
    axes = figure.add_subplot()
    for name, plane in planes:
        xi, zeta = np.asarray(plane["clones_xi_km"]), np.asarray(plane["clones_zeta_km"])
        axes.plot(xi, zeta, ".", color=_INK[name], ms=3, alpha=0.5, label=f"{name}: clones")
        axes.plot(plane["xi_km"], plane["zeta_km"], "+", color=_INK[name], ms=14, mew=2)
        _disc(axes, plane["capture_radius_km"])
    axes.set_aspect("equal", adjustable="datalim")
    axes.set(xlabel="xi [km]", ylabel="zeta [km]")
    axes.set_title(f"{_title(result)}: target plane")
    axes.legend(loc="best", frameon=False)


def _disc(axes: Axes, radius_km: float) -> None:
    angle = np.linspace(0, 2 * np.pi, 181)
    label = None if axes.patches else "capture disc: inside, it hits"
    x, y = radius_km * np.cos(angle), radius_km * np.sin(angle)
    axes.fill(x, y, color="#88aa88", alpha=0.6, label=label)


def _title(result: dict[str, Any]) -> str:
    about = result["object"]
    return str(about.get("name") or about["designation"])


def _reports(result: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(name, result[name]) for name in ("baseline", "changed") if result.get(name)]


def _clouds(result: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (name, report["target_plane"])
        for name, report in _reports(result)
        if report.get("target_plane") and report["target_plane"].get("clones_xi_km")
    ]
