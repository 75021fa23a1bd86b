"""Where a catalogue believes an object to have been, as its orbit determination settles on a burn.

Catalogues fit their sets to an ephemeris of a better theory, not to single observations. The
ephemeris before the epoch follows the orbit that is believed now: soon after a burn that is still
mostly the old one, later the new one carried back.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from skywright.ssa.simulation.truth import Track, run

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

POSITIONS = 91
"""Positions of an arc, evenly apart."""

_LEAST_BURN_M_S = 1e-4
_APART_KM = 60.0
_LEAST_ARC_S = 0.6 * 86400.0


class Seen:
    """Believed positions of one object.

    Parameters
    ----------
    track : Track
        The truth; not to be run any further.
    arc_s : float
        How far back the ephemeris goes [s].
    settle_s : float
        Time in which belief in the old orbit falls by e after a burn [s].
    """

    def __init__(self, track: Track, arc_s: float, settle_s: float) -> None:
        self.track = track
        self.arc_s = arc_s
        self.settle_s = settle_s
        sized = [b for b in track.burns if np.linalg.norm(b[1:4]) > _LEAST_BURN_M_S]
        self.burn_s = np.array(sorted(b[0] for b in sized))
        self.carried: dict[int, tuple[int, F64]] = {}

    def arc(self, at_s: float) -> tuple[I64, F64] | None:
        """Return rows of the truth up to a time and believed positions [km] there; (m,), (m, 3).

        None where there is too little truth.
        """
        track = self.track
        last = int(at_s / track.step_s)
        first = max(int((at_s - self.arc_s) / track.step_s), track.low)
        if last > track.high or (last - first) * track.step_s < _LEAST_ARC_S:
            return None
        rows = np.unique(np.round(np.linspace(first, last, POSITIONS)).astype(np.int64))
        believed = track.states[rows, :3].copy()
        inside = np.flatnonzero((self.burn_s > first * track.step_s) & (self.burn_s <= at_s))
        for k in inside.tolist():
            self._believe(k, at_s, rows, believed)
        return rows, believed

    def _believe(self, k: int, at_s: float, rows: I64, believed: F64) -> None:
        """Blend the orbit after a burn, carried back, into what was believed before it."""
        start, back = self._back(k)
        before = rows * self.track.step_s < self.burn_s[k]
        before &= rows >= start
        if not before.any():
            return
        since = (at_s - float(self.burn_s[k])) / self.settle_s
        new = back[rows[before] - start]
        old = float(np.exp(-since))
        if np.linalg.norm(new - believed[before], axis=1).max() > _APART_KM:
            old = float(since < 1.0)  # no orbit lies between the two: one or the other
        believed[before] = (1.0 - old) * new + old * believed[before]

    def _back(self, k: int) -> tuple[int, F64]:
        """Return the first row and the positions of the orbit after a burn, carried back."""
        if k not in self.carried:
            track = self.track
            row = min(int(self.burn_s[k] / track.step_s) + 1, track.high)
            first = max(row - int(self.arc_s / track.step_s) - 2, 0)
            out = np.full((row + 1, 6), np.nan)
            out[row] = track.states[row]
            around = track.around
            low = run(
                row,
                first,
                track.step_s,
                np.empty((0, 4)),
                around.sidereal_rad,
                around.bodies_km,
                around.inverse_kelvin,
                around.log_density,
                track.body.row(),
                out,
            )
            self.carried[k] = low, out[low:, :3].copy()
        return self.carried[k]
