"""Exact intervals for a probability that was counted from trials."""

from __future__ import annotations

from typing import NamedTuple

from scipy.special import betaincinv

from skywright.errors import InputError


class Interval(NamedTuple):
    """Bounds of a probability [-]."""

    low: float
    high: float


def clopper_pearson(hits: int, trials: int, level: float = 0.95) -> Interval:
    """Return the interval that covers the true probability at least ``level`` of the time.

    Parameters
    ----------
    hits : int
        Trials that succeeded, 0 <= hits <= trials.
    trials : int
        Number of trials, at least 1.
    level : float
        Two-sided coverage, between 0 and 1.

    Returns
    -------
    Interval
        With no hit the upper bound is 1 - ((1 - level)/2)^(1/trials), about 3.7/trials at 95 %:
        no hit never means "impossible".

    Raises
    ------
    InputError
        If the counts or the level are outside these ranges.

    Notes
    -----
    Trials stratified with equal weights vary less than independent ones, so the interval stays
    valid for them and is then wider than it need be.

    References
    ----------
    .. [1] Clopper & Pearson (1934), Biometrika 26, 404.
    """
    if trials < 1 or not 0 <= hits <= trials:
        message = (
            f"{hits} hits of {trials} trials cannot be; need 0 <= hits <= trials, trials >= 1."
        )
        raise InputError(message)
    if not 0.0 < level < 1.0:
        message = f"the coverage level must lie between 0 and 1, got {level:g}."
        raise InputError(message)
    tail = 0.5 * (1.0 - level)
    low = 0.0 if hits == 0 else float(betaincinv(hits, trials - hits + 1, tail))
    high = 1.0 if hits == trials else float(betaincinv(hits + 1, trials - hits, 1.0 - tail))
    return Interval(low, high)
