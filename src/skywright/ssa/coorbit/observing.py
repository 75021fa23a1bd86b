"""What a policy is shown of a world: numbers near one, in a fixed order."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from skywright.ssa.clohessy_wiltshire import state_transition
from skywright.ssa.coorbit.drawing import KEEP_KM, STEP_S
from skywright.ssa.coorbit.planner import Planner
from skywright.ssa.coorbit.worlds import HARD_BOX_KM, NEIGHBOURS, Worlds

F32 = npt.NDArray[np.float32]

SLOTS = (
    *(
        f"neighbour_{k}_{name}"
        for k in range(1, NEIGHBOURS + 1)
        for name in ("there", "x", "y", "z", "vx", "vy", "vz", "sigma")
    ),
    "fuel", "box_x", "box_y", "box_vx", "box_vy", "time",
    *(f"dark_{k}" for k in range(6)),
    "approach_range", "approach_ahead", "approach_x", "approach_y", "approach_z",
    *(f"gain_{a}{b}" for a in "xyz" for b in "xyz"),
)  # fmt: skip
"""Names of the numbers of an observation: signed square roots of km over 10 km, speeds over n."""


def observe(worlds: Worlds, planner: Planner) -> F32:
    """Return the observations of all worlds, shape (count, 44); estimates only, never the truth."""
    w = worlds
    seen = np.where(w.there[..., None], w.seen(), 0.0)
    seen[..., 3:] /= w.n[:, None, None]
    people = np.concatenate([w.there[..., None], _root(seen), w.sigma_km[..., None] * 100], axis=-1)
    off = w.own[:, [0, 1, 3, 4]] / np.array([1.0, HARD_BOX_KM, 1e-3, 1e-3])
    whole = np.stack([w.fuel_m_s / 2, w.step_number / w.setting.steps], axis=1)
    ahead = np.minimum(w.step_number[:, None] + np.arange(6), w.setting.steps)
    dark = w.blackout[np.arange(w.count)[:, None], ahead]
    found = planner.approach()
    near = np.where(np.isfinite(found.range_km), found.range_km, 99.0)
    close = near[:, None] < 5 * KEEP_KM
    gain = state_transition(w.n, found.ahead_s)[:, :3, 3:] * w.n[:, None, None] / 20
    parts = [
        people.reshape(w.count, -1), whole[:, :1], off, whole[:, 1:], dark,
        np.minimum(near, 5.0)[:, None], found.ahead_s[:, None] / (36 * STEP_S),
        np.where(close, found.place_km, 0.0), gain.reshape(w.count, -1),
    ]  # fmt: skip
    return np.asarray(np.clip(np.concatenate(parts, axis=1), -10, 10), np.float32)


def _root(value: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(np.sign(value) * np.sqrt(np.abs(value) / 10))
