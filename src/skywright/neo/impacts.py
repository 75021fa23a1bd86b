"""Impact probability of every object of a table, on three levels, with seed and interval."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import polars as pl

from skywright.errors import InputError, LimitError
from skywright.neo.objects import Orbits
from skywright.neo.ray_pool import flyer_on, map_jobs
from skywright.orbits.covariance import OrbitCloud, cloud_from_elements, cloud_from_state
from skywright.orbits.elements import Elements
from skywright.orbits.impact_linear import linear_probability
from skywright.orbits.impact_lov import lov_probability
from skywright.orbits.impact_monte_carlo import Flyer, monte_carlo_probability
from skywright.orbits.impact_search import Search, Watch, find_impacts, fly
from skywright.settings import get_settings

_LOV_POINTS = 300


class ImpactChances(NamedTuple):
    """One row of the answer; None where there is nothing to say."""

    ip_linear: float | None = None
    """Linear level [-]."""
    ip_lov: float | None = None
    """Along the line of variations [-]."""
    ip_mc: float | None = None
    """Hits over clones [-]."""
    ip_mc_low: float | None = None
    """Lower end of the 95 % Clopper-Pearson interval [-]."""
    ip_mc_high: float | None = None
    """Upper end [-]."""
    n_samples: int | None = None
    """Clones flown."""
    seed: int | None = None
    """Seed of the draw."""
    impact_jd_tdb: float | None = None
    """Impact of the nominal orbit, else the median impact of the clones [JD TDB]."""
    v_imp_km_s: float | None = None
    """Speed at the surface of that impact [km/s]."""


_SCHEMA = {
    name: pl.Int64 if name in {"n_samples", "seed"} else pl.Float64
    for name in ImpactChances._fields
}


@dataclass(frozen=True, slots=True)
class _Job:
    """All that the analysis of one cloud needs; travels to other machines."""

    cloud: OrbitCloud
    search: Search
    clones: int
    seed: int


def add_impacts(
    table: pl.DataFrame,
    *,
    years: float,
    clones: int = 1000,
    seed: int = 1,
    body: str = "earth",
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> pl.DataFrame:
    """Add the probability of an impact within a span after each epoch.

    Parameters
    ----------
    table : polars.DataFrame
        Orbits as elements or Cartesian states, with or without ``covariance``.
    years : float
        Span from each epoch [Julian years].
    clones : int
        Monte Carlo clones per object.
    seed : int
        Of the clones; every object uses the same, so that its row does not depend on the others.
    body : str
        Target: a planet, the Moon or the Sun.
    progress : callable, optional
        Called as ``progress(done, total)``, in clones plus objects without covariance (in objects
        on a Ray cluster).
    cancelled : callable, optional
        Asked between blocks of clones.

    Returns
    -------
    polars.DataFrame
        The table with the columns of `ImpactChances`. Without covariance the probabilities,
        ``n_samples`` and ``seed`` are null; the time and speed of impact are given if the nominal
        orbit hits. A column of the input that has one of these names is kept as ``<name>_given``.

    Raises
    ------
    InputError
        If an orbit, a covariance or an option is not allowed; names the row and the value.
    LimitError
        If more clones are asked for than ``SKYWRIGHT_MAX_CLONES``.
    CancelledError
        If ``cancelled()`` turned true.
    """
    _refuse_options(clones, seed)
    search = Search(body=body, years=years, threads=get_settings().threads)
    orbits = Orbits.from_table(table, command="skywright neo impacts")
    jobs = {k: job for k in range(len(orbits)) if (job := _job(orbits, k, search, clones, seed))}
    watch = _Count(progress, cancelled, clones * len(jobs) + len(orbits) - len(jobs))
    rows = _nominal_impacts(orbits, search, [k for k in range(len(orbits)) if k not in jobs], watch)
    rows.update(zip(jobs, _all_chances(list(jobs.values()), watch), strict=True))
    answer = pl.DataFrame([rows[k] for k in range(len(orbits))], schema=_SCHEMA, orient="row")
    kept = table.rename({name: f"{name}_given" for name in _SCHEMA if name in table.columns})
    return kept.hstack(answer)


def impact_chances(job: _Job, watch: Watch | None = None, flyer: Flyer = fly) -> ImpactChances:
    """Run the three levels for one cloud."""
    linear = linear_probability(job.cloud, job.search)
    quiet = Watch(None, watch.cancelled if watch else None)
    line = lov_probability(
        job.cloud, job.search, direction=linear.weak_direction, points=_LOV_POINTS, watch=quiet
    )
    counted = monte_carlo_probability(
        job.cloud,
        job.search,
        clones=job.clones,
        seed=job.seed,
        direction=linear.weak_direction,
        watch=watch,
        flyer=flyer,
    )
    when, speed = linear.nominal_jd_tdb, linear.nominal_speed_km_s
    if np.isnan(when) and counted.impact_jd_tdb.size:
        middle = counted.impact_jd_tdb.size // 2
        when = float(counted.impact_jd_tdb[middle])
        speed = float(counted.impact_speed_km_s[middle])
    return ImpactChances(
        ip_linear=linear.probability,
        ip_lov=line.probability,
        ip_mc=counted.probability,
        ip_mc_low=counted.low,
        ip_mc_high=counted.high,
        n_samples=counted.n_samples,
        seed=counted.seed,
        impact_jd_tdb=None if np.isnan(when) else when,
        v_imp_km_s=None if np.isnan(speed) else speed,
    )


class _Count:
    """Adds the progress of the parts up to one total."""

    def __init__(
        self,
        progress: Callable[[int, int], None] | None,
        cancelled: Callable[[], bool] | None,
        total: int,
    ) -> None:
        self.progress, self.cancelled, self.total, self.before = progress, cancelled, total, 0

    def part(self, size: int) -> Watch:
        """Return the watch of the next part, of ``size`` units."""
        start, self.before = self.before, self.before + size
        show = self.progress
        if show is None:
            return Watch(None, self.cancelled)
        return Watch(lambda done, of: show(start + done * size // of, self.total), self.cancelled)


def _refuse_options(clones: int, seed: int) -> None:
    most = get_settings().max_clones
    if clones > most:
        message = f"{clones:,} clones are more than this installation allows ({most:,})."
        raise LimitError(message, hint="Ask for fewer, or raise SKYWRIGHT_MAX_CLONES.")
    if clones < 1 or not 0 <= seed < 2**63:
        message = f"clones must be at least 1 and seed from 0 to 2^63 - 1, got {clones} and {seed}."
        raise InputError(message)


def _job(orbits: Orbits, k: int, search: Search, clones: int, seed: int) -> _Job | None:
    matrix = orbits.covariance[k]
    if matrix is None:
        return None
    name = f"row {k + 1} ({orbits.designation[k]}): the covariance"
    epoch = float(orbits.epoch_jd_tdb[k])
    if orbits.covariance_over == "elements":
        n = len(orbits)
        one = Elements(*(np.array(np.broadcast_to(f, n)[k : k + 1]) for f in orbits.elements))
        cloud = cloud_from_elements(one, epoch, matrix, name)
    else:
        cloud = cloud_from_state(orbits.states[k], epoch, matrix, name)
    a1, a2, a3 = (float(a) for a in orbits.nongrav[k])
    return _Job(cloud, replace(search, nongrav=(a1, a2, a3)), clones, seed)


def _nominal_impacts(
    orbits: Orbits, search: Search, rows: list[int], watch: _Count
) -> dict[int, ImpactChances]:
    """Time and speed for the objects without covariance."""
    if not rows:
        return {}
    flight = find_impacts(
        orbits.states[rows],
        orbits.epoch_jd_tdb[rows],
        search,
        nongrav=orbits.nongrav[rows],
        watch=watch.part(len(rows)),
    )
    when, speed = flight.jd_tdb.tolist(), flight.speed_km_s.tolist()
    return {
        k: ImpactChances(impact_jd_tdb=when[j], v_imp_km_s=speed[j])
        if flight.hit[j]
        else ImpactChances()
        for j, k in enumerate(rows)
    }


def _all_chances(jobs: list[_Job], watch: _Count) -> list[ImpactChances]:
    """Work the clouds off, here or on the cluster that the settings name."""
    address = get_settings().ray_address
    if not address:
        return [impact_chances(job, watch.part(job.clones)) for job in jobs]
    if len(jobs) == 1:
        return [impact_chances(jobs[0], watch.part(jobs[0].clones), flyer_on(address))]
    single = [replace(job, search=replace(job.search, threads=1)) for job in jobs]
    total = sum(job.clones for job in jobs)
    return map_jobs(address, impact_chances, single, watch.part(total))
