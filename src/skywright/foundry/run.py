"""A run: one attempt at a recipe, with a folder of its own and a log of what it measured."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from skywright.errors import InputError
from skywright.foundry.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Run:
    """What a kind is given to fit."""

    recipe: Recipe
    """What to train."""
    data: Path
    """Folder of the data."""
    out: Path
    """Empty folder that becomes the model: whatever the kind writes here is hashed."""
    seed: int
    """Seed of everything random."""
    log_path: Path
    """JSON lines of what was measured; not part of the model."""
    started: float = field(default_factory=time.monotonic)
    """When the run began [s]."""

    def log(self, **values: Any) -> None:
        """Append one line to the log, with the seconds since the start."""
        line = {"t_s": round(time.monotonic() - self.started, 3), **values}
        with self.log_path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line, default=str) + "\n")

    def refuse_missing_data(self) -> None:
        """Refuse to start without the files the recipe needs.

        Raises
        ------
        InputError
            Names the missing files.
        """
        missing = [name for name in self.recipe.needs if not (self.data / name).is_file()]
        if missing:
            message = (
                f"The recipe {self.recipe.name} needs {', '.join(missing)} under {self.data}, "
                "which is not there."
            )
            raise InputError(message, hint="Name another folder with --data, or collect the data.")
