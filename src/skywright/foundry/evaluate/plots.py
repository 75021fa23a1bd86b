"""Pictures of a judgement."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from skywright.foundry.evaluate.report import Arrays


def write_plots(report: Mapping[str, Any], arrays: Arrays, folder: Path) -> list[str]:
    """Write the pictures of a report as PNG files; returns their names."""
    return []
