"""Is the challenger better? A test that may be looked at after every outcome.

The usual test at a fixed number of rows is wrong far more often than it says when one looks again
and again and stops at the first good news [1]_. Here evidence is the wealth of a gambler who bets
against "the challenger is not better". While that is true the bets are fair or worse, so by Ville's
inequality wealth ever reaches 1 / alpha with probability alpha at most, however often one
looks [2]_, [3]_.

References
----------
.. [1] Johari, Koomen, Pekelis & Walsh (2017), Peeking at A/B tests, KDD '17, 1517.
.. [2] Howard, Ramdas, McAuliffe & Sekhon (2021), Time-uniform, nonparametric, nonasymptotic
   confidence sequences, Annals of Statistics 49, 1055.
.. [3] Waudby-Smith & Ramdas (2023), Estimating means of bounded random variables by betting,
   Journal of the Royal Statistical Society B 86, 1.
.. [4] Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas (2024), Time-uniform central limit theory and
   asymptotic confidence sequences, Annals of Statistics 52, 2613.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from skywright.errors import InputError

PROMOTE = "promote"
ROLL_BACK = "roll back"
GO_ON = "go on"

_STAKES: list[float] = np.geomspace(0.005, 0.9, 12).tolist()
"""Shares of the largest bet that cannot ruin; wealth is the mean over all of them."""

_RHO = 0.1
"""Where the interval is tightest: after about 1 / rho^2 outcomes of unit variance."""


@dataclass(slots=True)
class Duel:
    """Evidence about champion and challenger, from rewards between 0 (worst) and 1 (best).

    Each reward is weighed by the chance that its side had of being asked, which makes its mean the
    difference of the two sides whatever the share; the running mean of all rewards is taken off
    before, which leaves that mean as it is and makes the spread small.
    """

    share: float = 0.5
    """Chance of a request to go to the challenger."""
    alpha: float = 0.05
    """Largest chance to promote or to roll back wrongly."""
    margin: float = 0.0
    """How much worse a challenger may be and still be promoted."""
    count: int = 0
    """Outcomes so far."""
    reward_sum: float = 0.0
    """Of all rewards of both sides, for the running mean."""
    sum: float = 0.0
    """Of the weighed differences."""
    squares: float = 0.0
    """Of their squares."""
    better: list[float] = field(default_factory=lambda: [0.0] * len(_STAKES))
    """Logarithm of the wealth won against "not better", by stake."""
    worse: list[float] = field(default_factory=lambda: [0.0] * len(_STAKES))
    """Logarithm of the wealth won against "not worse", by stake."""
    decided: str = GO_ON
    """The first verdict that was not to go on; it stays."""

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            message = f"share = {self.share} is not allowed: it must lie between 0 and 1."
            raise InputError(message)

    @classmethod
    def of(cls, state: dict[str, Any]) -> Duel:
        """Read the state that `state` gave."""
        return cls(**state)

    def state(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)

    def add(self, reward: float, *, challenger: bool) -> str:
        """Take in the outcome of one request that was given to one side by chance.

        Parameters
        ----------
        reward : float
            Between 0 and 1, more is better; an error is 0.
        challenger : bool
            Which side had answered.

        Returns
        -------
        str
            ``promote``, ``roll back`` or ``go on``.
        """
        value = _unit(reward)
        mean = (self.reward_sum + 0.5) / (self.count + 1.0)
        self.reward_sum += value
        here, there = 1.0 / self.share, 1.0 / (1.0 - self.share)
        z = (value - mean) * (here if challenger else -there)
        low = -max(mean * here, (1.0 - mean) * there)
        high = max((1.0 - mean) * here, mean * there)
        return self._bet(z, low, high)

    def add_pair(self, champion: float, challenger: float) -> str:
        """Take in the rewards of both sides on the same request; returns what `add` does."""
        return self._bet(_unit(challenger) - _unit(champion), -1.0, 1.0)

    def interval(self) -> tuple[float, float] | None:
        """Return a 1 - alpha interval of challenger minus champion, good at every look [4]_.

        It is asymptotic, unlike the verdict: read it for the size, not for the decision. None
        before there are ten outcomes.
        """
        n = self.count
        if n < 10:
            return None
        mean = self.sum / n
        spread = max(self.squares / n - mean**2, 1e-12) * n * _RHO**2 + 1.0
        half = math.sqrt(2.0 * spread * math.log(math.sqrt(spread) / self.alpha)) / (n * _RHO)
        return mean - half, mean + half

    def told(self) -> dict[str, Any]:
        """Return verdict and evidence for reading."""
        interval = self.interval()
        return {
            "verdict": self.decided,
            "outcomes": self.count,
            "difference": self.sum / self.count if self.count else None,
            "interval": None if interval is None else list(interval),
            "evidence_better": _wealth(self.better),
            "evidence_worse": _wealth(self.worse),
            "needed": 2.0 / self.alpha,
            "margin": self.margin,
        }

    def _bet(self, z: float, low: float, high: float) -> str:
        """Bet on a difference that lies in [low, high]; the bets were fixed before it was seen."""
        self.count += 1
        self.sum += z
        self.squares += z * z
        self.better = _staked(self.better, (z + self.margin) / -low)
        self.worse = _staked(self.worse, -z / high)
        if self.decided == GO_ON:
            self.decided = self._verdict()
        return self.decided

    def _verdict(self) -> str:
        needed = 2.0 / self.alpha  # two questions share alpha
        if _wealth(self.worse) >= needed:
            return ROLL_BACK
        return PROMOTE if _wealth(self.better) >= needed else GO_ON


def _unit(reward: float) -> float:
    if not 0.0 <= reward <= 1.0:  # NaN is refused too
        message = f"reward = {reward} is not allowed: it must lie between 0 and 1."
        raise InputError(message)
    return float(reward)


def _staked(logarithms: list[float], won: float) -> list[float]:
    """Return the logarithms of wealth after a bet; a dozen numbers are no work for arrays."""
    return [one + math.log1p(stake * won) for one, stake in zip(logarithms, _STAKES, strict=True)]


def _wealth(logarithms: list[float]) -> float:
    return sum(math.exp(min(one, 700.0)) for one in logarithms) / len(logarithms)
