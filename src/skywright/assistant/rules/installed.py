"""Which installed catalogue files hold stars, and of which object."""

from __future__ import annotations

import csv
import gzip
import re
from pathlib import Path

from skywright.settings import Settings

_SUFFIXES = (".csv", ".csv.gz")


def is_installed(settings: Settings, name: str) -> bool:
    """Tell whether the name of an installed file holds an object's: ``ngc6397_gaia.csv``."""
    wanted = re.sub(r"[^a-z0-9]", "", name.lower())
    return bool(wanted) and any(wanted in _runs(path.name) for path in _files(settings))


def installed_star_tables(settings: Settings) -> list[str]:
    """Return the names of installed files with the bands BP and RP, without their suffix."""
    return [path.name.partition(".csv")[0] for path in _files(settings) if _has_colours(path)]


def _files(settings: Settings) -> list[Path]:
    folder = settings.catalogues_dir
    if not folder.is_dir():
        return []
    return sorted(one for one in folder.iterdir() if one.name.lower().endswith(_SUFFIXES))


def _runs(name: str) -> set[str]:
    """Return runs of words of a file's name, joined: ``ngc_6397_gaia`` holds ``ngc6397``."""
    words = re.findall(r"[a-z0-9]+", name.lower().partition(".csv")[0])
    n = len(words)
    return {"".join(words[i:j]) for i in range(n) for j in range(i + 1, n + 1)}


def _has_colours(path: Path) -> bool:
    try:
        if path.suffix == ".gz":
            with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
                names = next(csv.reader(file), [])
        else:
            with path.open(encoding="utf-8", newline="") as file:
                names = next(csv.reader(file), [])
    except (OSError, UnicodeDecodeError):
        return False  # whoever asks for it by name is told why it cannot be read
    joined = " ".join(names).lower()
    return "bp" in joined and "rp" in joined
