"""An invented population of near-Earth asteroids, for trying things out without any data.

It is **only illustrative**: the shares of the classes and the rise of the numbers with magnitude
follow Granvik et al. (2018) roughly; the distributions within a class are simple and independent of
size. No row is a real object and none may be used for science; each says so.

References
----------
Granvik et al. (2018), Debiased orbit and absolute-magnitude distributions for near-Earth objects,
Icarus 312, 181.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.errors import InputError
from skywright.neo.features import orbit_class

F64 = npt.NDArray[np.float64]

LABEL = "synthetic"
EPOCH_JD_TDB = 2_461_000.5
"""Epoch of the invented orbits, 2025-11-21 [JD TDB]."""

_SHARES = {"AMO": 0.40, "APO": 0.54, "ATE": 0.045, "IEO": 0.015}
_H_RANGE = (17.0, 28.0)
_H_SLOPE = 0.4  # log10 of the numbers per magnitude
_LOG_A_MEDIAN, _LOG_A_SIGMA = np.log(1.9), 0.40
_E_BETA = (3.0, 2.6)
_I_SCALE_DEG = 14.0  # Rayleigh
_MOST = 1_000_000


def synthetic_population(n: int = 2000, seed: int = 1) -> pl.DataFrame:
    """Draw an invented population.

    Parameters
    ----------
    n : int
        Number of objects.
    seed : int
        Of PCG64; the same seed gives the same digits.

    Returns
    -------
    polars.DataFrame
        Elements [au, deg] at ``epoch_jd_tdb``, ``h_mag``, ``g_slope``; ``synthetic`` is true and
        ``label`` and ``source`` say that the rows are invented.

    Raises
    ------
    InputError
        If n is not between 1 and a million.
    """
    if not 1 <= n <= _MOST:
        message = f"A synthetic population has 1 to {_MOST} objects, not {n}."
        raise InputError(message)
    generator = np.random.Generator(np.random.PCG64(seed))
    a, e, i_deg = _orbits(generator, n)
    angles = generator.uniform(0.0, 360.0, (3, n))
    return pl.DataFrame(
        {
            "designation": [f"SYN-{seed}-{k + 1:06d}" for k in range(n)],
            "epoch_jd_tdb": np.full(n, EPOCH_JD_TDB),
            "a_au": a,
            "q_au": a * (1.0 - e),
            "e": e,
            "i_deg": i_deg,
            "node_deg": angles[0],
            "peri_deg": angles[1],
            "mean_anomaly_deg": angles[2],
            "h_mag": np.round(_magnitudes(generator, n), 2),
            "g_slope": np.full(n, 0.15),
        }
    ).with_columns(
        pl.lit(value=True).alias("synthetic"),
        pl.lit(LABEL).alias("label"),
        pl.lit(f"invented, seed {seed}; not a real object").alias("source"),
    )


def _orbits(generator: np.random.Generator, n: int) -> tuple[F64, F64, F64]:
    """Propose orbits and keep as many of each class as its share asks for, in random order."""
    wanted = _counts(n)
    kept: dict[str, list[F64]] = {name: [] for name in wanted}
    while any(sum(len(part) for part in kept[name]) < wanted[name] for name in wanted):
        proposed, names = _propose(generator, max(20 * n, 2000))
        for name in wanted:
            kept[name].append(proposed[names == name])
    rows = [np.concatenate(kept[name])[: wanted[name]] for name in wanted]
    chosen = generator.permutation(np.concatenate(rows))
    return chosen[:, 0], chosen[:, 1], chosen[:, 2]


def _counts(n: int) -> dict[str, int]:
    counts = {name: round(share * n) for name, share in _SHARES.items()}
    counts["APO"] += n - sum(counts.values())
    return counts


def _propose(generator: np.random.Generator, n: int) -> tuple[F64, npt.NDArray[np.str_]]:
    a = np.exp(generator.normal(_LOG_A_MEDIAN, _LOG_A_SIGMA, n))
    e = generator.beta(*_E_BETA, n)
    i_deg = np.minimum(generator.rayleigh(_I_SCALE_DEG, n), 179.0)
    names = orbit_class(a * (1.0 - e), e, np.radians(i_deg), comet=np.zeros(n, dtype=bool))
    return np.column_stack([a, e, i_deg]), np.array(names)


def _magnitudes(generator: np.random.Generator, n: int) -> F64:
    """Draw H from N(< H) proportional to 10^(0.4 H), by inversion."""
    low, high = (10.0 ** (_H_SLOPE * h) for h in _H_RANGE)
    return np.asarray(np.log10(generator.uniform(low, high, n)) / _H_SLOPE)
