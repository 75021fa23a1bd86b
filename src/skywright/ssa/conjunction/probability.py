"""The probability of a conjunction by the simplest method that holds for it.

The two-dimensional formula assumes a short, straight encounter of Gaussian positions. It is
computed, tested against the three-dimensional expectation, which assumes neither, and used where
both agree and no rule is broken; else the three-dimensional one is; where that does not settle, or
collisions may happen more than once, sampled pairs are counted.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from skywright.ssa.conjunction.conjunction import Conjunction
from skywright.ssa.conjunction.foster import encounter_plane, pc_2d
from skywright.ssa.conjunction.maximum import Maximum, maximum
from skywright.ssa.conjunction.monte_carlo import Counted, count_collisions
from skywright.ssa.conjunction.nc3d import Expected, expected_collisions, period_s
from skywright.ssa.conjunction.slow import SLOW_KM_S, Neighbour, slow_neighbour
from skywright.ssa.conjunction.tiers import Tier, Tiers

F64 = npt.NDArray[np.float64]

AGREES_DEX = 0.04
"""Largest difference of both methods at which the two-dimensional one counts as valid."""

LONGEST_SHARE = 0.1
"""Largest share of a revolution that an encounter may last for the two-dimensional formula."""

RULES = {
    "covariance repaired": "a covariance is not positive definite and was clipped",
    "long encounter": f"the encounter lasts more than {LONGEST_SHARE:g} of a revolution",
    "curved": f"motion or uncertainty is curved: the methods differ by over {AGREES_DEX:g} dex",
    "not settled": "the three-dimensional expansion did not settle",
}
"""Why the two-dimensional formula may not hold."""

_COUNT_FROM = 0.02
_COUNTABLE = 1e-5
_SAMPLES = 100_000
_SIGMAS = 4.0
_NOTHING = 1e-300
_NEGLIGIBLE = 1e-30


@dataclass(frozen=True, slots=True)
class Probability:
    """The answer, and how far to trust it."""

    pc: float
    method: str
    """``2D``, ``3D-Nc`` or ``Monte Carlo``."""
    valid_2d: bool
    violations: tuple[str, ...]
    """Keys of `RULES`."""
    pc_2d: float
    expected: Expected
    worst: Maximum
    counted: Counted | None
    neighbour: Neighbour | None
    mahalanobis: float
    """Distance of the offset in the encounter plane in standard deviations."""
    encounter_s: float
    """Time to pass through four standard deviations on either side [s]."""
    tier: Tier


def probability(
    conjunction: Conjunction, tiers: Tiers | None = None, *, seed: int = 1
) -> Probability:
    """Return the collision probability of a conjunction.

    Parameters
    ----------
    conjunction : Conjunction
        States, covariances and radius.
    tiers : Tiers, optional
        Limits of what asks for attention.
    seed : int
        Of the counting, where that is needed.
    """
    miss, covariance = encounter_plane(conjunction)
    flat = float(pc_2d(miss, covariance, conjunction.hbr_m * 1e-3)[0])
    expected = expected_collisions(conjunction)
    lasting = _encounter_s(conjunction)
    violations = _violations(conjunction, flat, expected, lasting)
    counted = None
    if not violations:
        pc, method = flat, "2D"
    elif max(flat, expected.number) < _COUNTABLE or (
        expected.settled and expected.number < _COUNT_FROM
    ):
        pc, method = expected.number, "3D-Nc"
    else:
        counted = count_collisions(conjunction, samples=_SAMPLES, seed=seed)
        pc, method = counted.probability, "Monte Carlo"
    slow = conjunction.speed_km_s < SLOW_KM_S
    return Probability(
        pc,
        method,
        not violations,
        violations,
        flat,
        expected,
        maximum(miss, covariance, conjunction.hbr_m * 1e-3),
        counted,
        slow_neighbour(conjunction) if slow else None,
        float(np.sqrt(miss @ np.linalg.solve(covariance, miss))),
        lasting,
        (tiers or Tiers()).of(pc),
    )


def told(conjunction: Conjunction, found: Probability) -> dict[str, Any]:
    """Return an answer as numbers and words, with units in the names."""
    r, t, n = conjunction.miss_rtn_km.tolist()
    return {
        "conjunction_id": conjunction.name,
        "tca_utc": conjunction.tca_utc.isoformat(),
        "miss_distance_km": conjunction.miss_km,
        "miss_radial_km": r,
        "miss_intrack_km": t,
        "miss_crosstrack_km": n,
        "relative_speed_m_s": conjunction.speed_km_s * 1e3,
        "mahalanobis": found.mahalanobis,
        "hbr_m": conjunction.hbr_m,
        "hbr_source": conjunction.hbr_source,
        "pc": found.pc,
        "method": found.method,
        "valid_2d": found.valid_2d,
        "violations": {name: RULES[name] for name in found.violations},
        "pc_2d": found.pc_2d,
        "pc_3d": found.expected.number,
        "peak_after_tca_s": found.expected.peak_s,
        "encounter_s": found.encounter_s,
        "pc_max": found.worst.probability,
        "pc_max_scale": found.worst.scale,
        "diluted": found.worst.diluted,
        "covariance_repaired": any(conjunction.repaired),
        "monte_carlo": None if found.counted is None else asdict(found.counted),
        "slow_neighbour": None if found.neighbour is None else asdict(found.neighbour),
        "tier": str(found.tier),
    }


def _violations(
    conjunction: Conjunction, flat: float, expected: Expected, lasting: float
) -> tuple[str, ...]:
    names = []
    if any(conjunction.repaired):
        names.append("covariance repaired")
    if lasting > LONGEST_SHARE * period_s(conjunction):
        names.append("long encounter")
    if max(flat, expected.number) < _NEGLIGIBLE:
        return tuple(names)
    if not expected.settled:
        names.append("not settled")
    apart = np.log10(max(flat, _NOTHING)) - np.log10(max(expected.number, _NOTHING))
    if abs(apart) > AGREES_DEX:
        names.append("curved")
    return tuple(names)


def _encounter_s(conjunction: Conjunction) -> float:
    """Return how long straight motion takes through the combined uncertainty [s]."""
    combined = conjunction.covariances[:, :3, :3].sum(axis=0)
    along = conjunction.relative[3:] / conjunction.speed_km_s
    sigma = float(np.sqrt(along @ combined @ along))
    return 2.0 * (_SIGMAS * sigma + conjunction.hbr_m * 1e-3) / conjunction.speed_km_s
