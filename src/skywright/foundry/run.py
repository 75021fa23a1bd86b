"""A run: one attempt at a recipe, with a folder of its own and a log of what it measured."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from skywright.errors import InputError
from skywright.foundry.data.splits import Split
from skywright.foundry.recipe import Recipe

_KEPT_CHECKPOINTS = 2


@dataclass(frozen=True, slots=True)
class Run:
    """What a kind is given to fit."""

    recipe: Recipe
    """What to train."""
    data: Path
    """Folder of the files that the recipe needs, for kinds that read files of their own."""
    out: Path
    """Empty folder that becomes the model: whatever the kind writes here is hashed."""
    seed: int
    """Seed of everything random."""
    log_path: Path
    """JSON lines of what was measured; not part of the model."""
    split: Split | None = None
    """Prepared rows, for kinds that learn from a table."""
    checkpoints: Path | None = None
    """Folder of the checkpoints of this job; None keeps none."""
    start: Path | None = None
    """Folder of a model of the same kind to begin from (retraining, federated rounds)."""
    also: Mapping[str, Path] = field(default_factory=dict)
    """Further tables of the job by name, as Parquet, such as the labels that people gave."""
    emit: Callable[[dict[str, Any]], None] | None = None
    """Where lines go besides the log: the supervisor's pipe."""
    started: float = field(default_factory=time.monotonic)
    """When the run began [s]."""

    def log(self, step: float | None = None, **values: Any) -> None:
        """Append one line to the log, with the seconds since the start.

        Parameters
        ----------
        step : float, optional
            Epoch, round or step that the numbers belong to.
        **values
            Numbers become points of a curve; anything else is told as it is.
        """
        line = {"t_s": round(time.monotonic() - self.started, 3), **values}
        if step is not None:
            line["step"] = step
        with self.log_path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line, default=str) + "\n")
        if self.emit is not None:
            self.emit(line)

    def rows(self) -> Split:
        """Return the prepared rows.

        Raises
        ------
        InputError
            If the recipe names no data.
        """
        if self.split is None:
            message = f"The recipe {self.recipe.name} names no data, which its kind needs."
            raise InputError(message, hint="Set data = 'NAME@latest' or the path of a file.")
        return self.split

    def resume(self) -> Path | None:
        """Return the folder of the newest complete checkpoint, None at the beginning."""
        found = self._complete()
        return found[-1] if found else None

    @contextmanager
    def checkpoint(self, step: int) -> Iterator[Path]:
        """Give a folder to write a checkpoint into; it counts only once all of it is written.

        Parameters
        ----------
        step : int
            Steps or epochs done; the newest checkpoint has the most.
        """
        if self.checkpoints is None:
            message = "This run keeps no checkpoints."
            raise InputError(message)
        partial = self.checkpoints / f"partial-{step:09d}"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        yield partial
        final = self.checkpoints / f"step-{step:09d}"
        shutil.rmtree(final, ignore_errors=True)
        partial.replace(final)
        for old in self._complete()[:-_KEPT_CHECKPOINTS]:
            shutil.rmtree(old)

    def _complete(self) -> list[Path]:
        return [] if self.checkpoints is None else sorted(self.checkpoints.glob("step-*"))

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
