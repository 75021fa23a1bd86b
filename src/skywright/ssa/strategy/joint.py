"""The least burn found that keeps all conjunctions of one satellite at the target together."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from skywright.ssa.strategy.checks import Burn, after_burn, others_allowed
from skywright.ssa.strategy.constraints import Constraints
from skywright.ssa.strategy.encounters import Encounters

F64 = npt.NDArray[np.float64]

_SIZES = np.geomspace(1.0, 40.0, 40)
_TRIED = 400


def directions() -> F64:
    """Return directions of burns: mostly in-track, where a metre a second moves most; (n, 3)."""
    tilts = np.array([0.0, -0.25, 0.25, -0.7, 0.7])
    rows = [(r, side, n) for side in (1.0, -1.0) for r in tilts for n in tilts]
    rows += [(1.0, 0.0, 0.0), (-1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, 0.0, -1.0)]
    told = np.array(rows)
    return np.asarray(told / np.linalg.norm(told, axis=1, keepdims=True))


def least_for_all(some: Encounters, burn: Burn, limits: Constraints) -> F64 | None:
    """Return the smallest impulse of a grid that meets the target for every conjunction [km/s].

    Parameters
    ----------
    some : Encounters
        All conjunctions.
    burn : Burn
        The optimum for one of them alone: sizes of the grid are multiples of it.

    Returns
    -------
    (3,) array or None
        None if no burn of the grid does.
    """
    size = float(np.linalg.norm(burn.dv_rtn_km_s))
    own = burn.dv_rtn_km_s / max(size, 1e-15)
    ways = np.vstack([own, -own, directions()])
    burns = (ways[:, None, :] * (size * _SIZES)[None, :, None]).reshape(-1, 3)
    burns = burns[np.argsort(np.linalg.norm(burns, axis=1), kind="stable")]
    burns = burns[np.linalg.norm(burns, axis=1) <= limits.max_dv_m_s * 1e-3]
    if not len(burns):
        return None
    one = some.rows([burn.row] * len(burns))
    pc, _ = after_burn(one, np.full(len(burns), burn.before_s), burns)
    for k in np.flatnonzero(pc <= limits.target_pc)[:_TRIED]:
        checks = others_allowed(some, Burn(burn.row, burn.before_s, burns[k]), limits)
        if all(check.ok for check in checks):
            return np.asarray(burns[k])
    return None
