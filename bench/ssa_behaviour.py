"""The encoder of behaviour beside its yardsticks: ``python bench/ssa_behaviour.py --data FOLDER``.

Prints one JSON object. Windows of 30 days of ten real satellites: those with a manoeuvre that the
operator reported against quiet ones of the same satellite, every satellite judged by models that
never saw it; area under the ROC curve and average precision with intervals by satellite, for the
network, an isolation forest on the same slots, one threshold, cadence only, and boosted trees that
were told the labels. Then alarms a year on objects that cannot manoeuvre and on quiet stretches of
satellites that can, which are never mixed with what was simulated. ``--windows`` keeps the windows
in a file, to be read again.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np

from skywright.foundry.recipe import load_recipe
from skywright.foundry.run import Run
from skywright.ssa.behaviour.judging import figures, judge
from skywright.ssa.behaviour.training import TERMS, gathered, settings_of
from skywright.ssa.behaviour.windows import Windows, read, save


def main() -> None:
    """Score and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data/ssa"))
    parser.add_argument("--windows", type=Path, help="read windows from here, or keep them here")
    parser.add_argument("--level", type=float, default=0.01, help="p-value of an alarm")
    options = parser.parse_args()
    recipe = load_recipe("ssa-behaviour")
    windows = _windows(options.data, options.windows)
    told = figures(judge(windows, settings_of(recipe.params, recipe.seed)), options.level)
    sources = {
        name: {
            "objects": len(np.unique(windows.name[windows.source == name])),
            "quiet_windows": int(((windows.source == name) & ~windows.moved).sum()),
            "windows_with_a_manoeuvre": int(((windows.source == name) & windows.moved).sum()),
        }
        for name in np.unique(windows.source).tolist()
    }
    print(json.dumps({"level": options.level, "windows": sources, **told, "data": TERMS}, indent=1))


def _windows(data: Path, kept: Path | None) -> Windows:
    if kept is not None and kept.is_file():
        return read(kept)
    recipe = load_recipe("ssa-behaviour")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        made = gathered(Run(recipe, data, out, recipe.seed, out / "log"))
    if kept is not None:
        save(kept, made)
    return made


if __name__ == "__main__":
    main()
