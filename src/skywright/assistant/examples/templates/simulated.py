"""Light curves where a user has them: files, or transits that are simulated and named so."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from skywright.assistant.examples.scene import Scene
from skywright.assistant.examples.subject import Subject
from skywright.assistant.examples.templates.steps import refuse_fewer

_EARTH_OVER_SUN = 0.0091577  # nominal radii of IAU 2015 resolution B3
_POINTS = 360
_PERIODS = 2.5
_IN_TRANSIT = 0.04  # of a period, longer than most: these are for drawing, not for fitting
_FIRST_BJD = 2_460_000.5


def install_light_curve(scene: Scene, planet: Subject) -> str:
    """Put a light curve with box-shaped transits where the user's catalogues lie.

    The depth is that of the planet in front of a star of the size of the Sun.

    Returns
    -------
    str
        Name by which the file is found.
    """
    period_d, radius_re = (float(planet.facts[one]) for one in ("pl_orbper", "pl_rade"))
    depth = (radius_re * _EARTH_OVER_SUN) ** 2
    refuse_fewer(int(1e6 * depth), 300, "parts per million of depth")
    slug = re.sub(r"[^a-z0-9]+", "-", planet.name.lower()).strip("-")
    lines = ["bjd,flux"]
    for k in range(_POINTS):
        phase = (k * _PERIODS / _POINTS + 0.5) % 1.0
        flux = 1.0 - depth * (abs(phase - 0.5) < _IN_TRANSIT / 2) + scene.draw.gauss(0, depth / 8)
        time_d = _FIRST_BJD + k * _PERIODS * period_d / _POINTS
        lines.append(f"{time_d:.6f},{flux:.7f}")
    text = "\n".join(lines) + "\n"
    (_catalogues(scene) / f"simulated-{slug}.csv").write_text(text, encoding="utf-8")
    return f"simulated-{slug}"


def install_file(scene: Scene, file: Path) -> None:
    """Put a file where the user's catalogues lie."""
    shutil.copyfile(file, _catalogues(scene) / file.name)


def _catalogues(scene: Scene) -> Path:
    """Return a folder of catalogues of this scene alone."""
    folder = scene.desk.folder / "catalogues"
    folder.mkdir(parents=True, exist_ok=True)
    scene.desk.settings = scene.desk.settings.model_copy(update={"catalogues_dir": folder})
    return folder
