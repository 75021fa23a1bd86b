"""Impact probability, third level: clones drawn from the covariance, flown, and counted.

No assumption beyond the Gaussian cloud. The clones are stratified along its weak axis, so that the
count scatters less than with independent clones; the Clopper-Pearson interval, made for
independent ones, is then on the safe side. The seed, the number of clones and the interval belong
to every answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from skywright.errors import InputError
from skywright.orbits.covariance import OrbitCloud, standard_normals
from skywright.orbits.impact_linear import weak_direction
from skywright.orbits.impact_search import Flight, Search, Watch, fly
from skywright.orbits.intervals import clopper_pearson

F64 = npt.NDArray[np.float64]

Flyer = Callable[[F64, float, Search, Watch | None], Flight]

_RTOL = 1e-11  # of the clones: errors stay far below the spread that they sample


@dataclass(frozen=True, slots=True)
class MonteCarloResult:
    """Third level for one cloud."""

    probability: float
    """Hits over clones [-]."""
    low: float
    """Lower end of the 95 % Clopper-Pearson interval [-]."""
    high: float
    """Upper end [-]; about 3.7 over the number of clones if none hits."""
    n_samples: int
    """Clones flown."""
    seed: int
    """Seed of the draw."""
    impact_jd_tdb: F64
    """Times of the impacts, sorted [JD TDB], shape (hits,)."""
    impact_speed_km_s: F64
    """Speeds at the surface, in the same order [km/s], shape (hits,)."""


def monte_carlo_probability(
    cloud: OrbitCloud,
    search: Search,
    *,
    clones: int = 1000,
    seed: int = 1,
    direction: npt.ArrayLike | None = None,
    watch: Watch | None = None,
    flyer: Flyer = fly,
) -> MonteCarloResult:
    """Estimate the probability of impact by counting clones.

    Parameters
    ----------
    cloud : OrbitCloud
        Nominal orbit and covariance.
    search : Search
        Target and span.
    clones : int
        Number of clones.
    seed : int
        Of PCG64: the same seed gives the same digits, whatever the number of threads.
    direction : array-like, shape (6,), optional
        Unit vector to stratify along, best `impact_linear.LinearResult.weak_direction`; by default
        that of two-body motion.
    watch : Watch, optional
        Progress and cancellation.
    flyer : callable
        What flies the clones: `impact_search.fly`, or one like it that uses other machines.

    Returns
    -------
    MonteCarloResult

    Raises
    ------
    InputError
        If ``clones`` is not positive or ``seed`` is negative.
    CancelledError
        If the watch said so.
    """
    along = weak_direction(cloud, search.years) if direction is None else direction
    states = draw_clones(cloud, clones, seed, along)
    coarse = replace(search, rtol=max(search.rtol, _RTOL))
    flight = flyer(states, cloud.epoch_jd_tdb, coarse, watch)
    return counted(flight, seed)


def draw_clones(
    cloud: OrbitCloud, clones: int, seed: int, direction: npt.ArrayLike | None = None
) -> F64:
    """Return the heliocentric states of the clones, neighbours together, shape (clones, 6)."""
    if clones < 1 or seed < 0:
        message = f"clones must be at least 1 and seed at least 0, got {clones} and {seed}."
        raise InputError(message)
    return cloud.states(standard_normals(clones, seed, direction))


def counted(flight: Flight, seed: int) -> MonteCarloResult:
    """Turn a flight of clones into a probability with its interval."""
    n, hits = flight.hit.size, int(np.count_nonzero(flight.hit))
    low, high = clopper_pearson(hits, n)
    order = np.argsort(flight.jd_tdb[flight.hit], kind="stable")
    return MonteCarloResult(
        probability=hits / n,
        low=low,
        high=high,
        n_samples=n,
        seed=seed,
        impact_jd_tdb=flight.jd_tdb[flight.hit][order],
        impact_speed_km_s=flight.speed_km_s[flight.hit][order],
    )
