"""What follows from an orbit and a magnitude by definition: class, sizes, speeds, distances.

Angles in degrees, lengths in au, periods in days; heliocentric mean ecliptic and equinox of J2000.
"""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.errors import InputError
from skywright.neo.columns import numbers, perihelia, require_columns
from skywright.neo.moid import add_moid
from skywright.orbits.constants import AU_KM, DAY_S, GM_SUN

F64 = npt.NDArray[np.float64]

A_JUPITER_AU = 5.20336301
"""Semi-major axis of Jupiter [au] (Standish 1992, mean elements at J2000); it is the one that gives
JPL's Tisserand parameters to their last digit."""

EARTH_SPEED_KM_S = float(np.sqrt(GM_SUN)) * AU_KM / DAY_S
"""Speed on a circular orbit at 1 au [km/s], 29.785."""

EARTH_PERIHELION_AU = 0.983
EARTH_APHELION_AU = 1.017
NEO_PERIHELION_AU = 1.3
PHA_MOID_AU = 0.05
PHA_H_MAG = 22.0
_SIZES_KM = (
    (1.0, "over 1 km"),
    (0.14, "140 m to 1 km"),
    (0.05, "50 to 140 m"),
    (0.01, "10 to 50 m"),
)
_SMALLEST = "under 10 m"
_ALBEDO = 0.14  # JPL's and ESA's convention for a diameter from H alone
_KM_AT_H0 = 1329.0  # Fowler & Chillemi (1992), as Pravec & Harris (2007), Icarus 190, 250
_COMET = re.compile(r"^(\d+[PD](-\w+)?/|[CPDX]/)")


def add_features(table: pl.DataFrame, *, with_moid: bool = True) -> pl.DataFrame:
    """Add what follows from the orbit.

    Parameters
    ----------
    table : polars.DataFrame
        ``e``, ``q_au`` or ``a_au``, ``i_deg``, ``peri_deg``; for the MOID also ``node_deg`` and
        ``epoch_jd_tdb``; ``h_mag``, ``diameter_km`` and ``designation`` where known.
    with_moid : bool
        Whether to compute the MOID to the Earth too.

    Returns
    -------
    polars.DataFrame
        The table with ``a_au, q_au, aphelion_au, period_d, t_jup, t_earth, v_inf_km_s,
        node_asc_au, node_desc_au, orbit_class, is_comet, diameter_h_km, size_class`` and, with the
        MOID, ``moid_au, moid2_au, is_pha``. Null where a quantity does not exist.

    Raises
    ------
    InputError
        If a column is missing or a value is not allowed.
    """
    require_columns(table, ("e", "i_deg", "peri_deg"), "features")
    e, q = numbers(table, "e"), perihelia(table)
    i, peri = np.radians(numbers(table, "i_deg")), np.radians(numbers(table, "peri_deg"))
    with np.errstate(divide="ignore", invalid="ignore"):
        a = np.where(e == 1.0, np.inf, q / (1.0 - e))
    comet = is_comet(table)
    t_earth = tisserand(1.0, a, q, e, i)
    derived = {
        "a_au": a,
        "q_au": q,
        "aphelion_au": np.where(e < 1.0, a * (1.0 + e), np.nan),
        "period_d": _period_d(a),
        "t_jup": tisserand(A_JUPITER_AU, a, q, e, i),
        "t_earth": t_earth,
        "v_inf_km_s": EARTH_SPEED_KM_S * np.sqrt(np.where(t_earth < 3.0, 3.0 - t_earth, np.nan)),
        "node_asc_au": _node_distance(q, e, peri),
        "node_desc_au": _node_distance(q, e, peri + np.pi),
    }
    table = table.with_columns(
        *(_nulls(name, values) for name, values in derived.items()),
        pl.Series("orbit_class", orbit_class(q, e, i, comet=comet), pl.String),
        pl.Series("is_comet", comet),
    )
    table = _with_size(table)
    return _with_hazard(table) if with_moid else table


def _nulls(name: str, values: F64) -> pl.Series:
    finite = np.where(np.isfinite(values), values, np.nan)
    return pl.Series(name, finite).fill_nan(None)


def _period_d(a: F64) -> F64:
    with np.errstate(invalid="ignore"):
        return np.asarray(2.0 * np.pi * np.sqrt(np.where(a > 0, a, np.nan) ** 3 / GM_SUN))


def tisserand(a_planet_au: float, a: F64, q: F64, e: F64, i: F64) -> F64:
    """Return the Tisserand parameter to a planet on a circle in the ecliptic [-], shape (n,).

    Parameters
    ----------
    a_planet_au : float
        Radius of the planet's circle [au].
    a, q : ndarray, shape (n,)
        Semi-major axis (negative for hyperbolae, infinite for parabolae) and perihelion [au].
    e, i : ndarray, shape (n,)
        Eccentricity [-] and inclination to the ecliptic [rad].

    Returns
    -------
    ndarray, shape (n,)
        T = a_p / a + 2 cos(i) sqrt(a (1 - e^2) / a_p).

    References
    ----------
    Murray & Dermott (1999), Solar System Dynamics, equation 3.46.
    """
    p = q * (1.0 + e)
    return np.asarray(a_planet_au / a + 2.0 * np.cos(i) * np.sqrt(p / a_planet_au), np.float64)


def _node_distance(q: F64, e: F64, peri: F64) -> F64:
    """Return the distance from the Sun at the ascending node: p / (1 + e cos peri) [au]."""
    below = 1.0 + e * np.cos(peri)
    with np.errstate(divide="ignore"):
        return np.where(below > 0.0, q * (1.0 + e) / below, np.nan)


def is_comet(table: pl.DataFrame) -> npt.NDArray[np.bool_]:
    """Tell which designations are those of comets (``1P/Halley``, ``C/2014 UN271``)."""
    if "designation" not in table.columns:
        return np.zeros(table.height, dtype=bool)
    names = table["designation"].cast(pl.String).to_list()
    return np.array([bool(name and _COMET.match(name)) for name in names], dtype=bool)


def orbit_class(q: F64, e: F64, i: F64, *, comet: npt.NDArray[np.bool_]) -> list[str]:
    """Return JPL's orbit class of each object by its definition.

    Parameters
    ----------
    q, e : ndarray, shape (n,)
        Perihelion distance [au] and eccentricity [-].
    i : ndarray, shape (n,)
        Inclination [rad].
    comet : ndarray of bool, shape (n,)
        Whether the object is designated as a comet.

    Returns
    -------
    list of str
        Asteroids: ``IEO`` (Atira), ``ATE``, ``APO``, ``AMO``, ``MCA``, ``IMB``, ``MBA``, ``OMB``,
        ``TJN``, ``CEN``, ``TNO``, ``PAA``, ``HYA``, ``AST``. Comets: ``JFc``, ``HTC``, ``ETc``,
        ``CTc``, ``PAR``, ``HYP``, ``COM``.

    References
    ----------
    JPL Solar System Dynamics, "Orbit Classes" of the Small-Body Database query tool; the NEO bounds
    are those of CNEOS, "NEO Groups": Atira Q < 0.983, Aten a < 1 and Q > 0.983, Apollo a > 1 and
    q < 1.017, Amor 1.017 < q < 1.3 au.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        a = np.where(e == 1.0, np.inf, q / (1.0 - e))
        big = a * (1.0 + e)
    asteroid = _asteroid_class(a, q, big, e)
    comets = _comet_class(a, e, tisserand(A_JUPITER_AU, a, q, e, i))
    return [str(name) for name in np.where(comet, comets, asteroid)]


def _asteroid_class(a: F64, q: F64, big: F64, e: F64) -> npt.NDArray[np.str_]:
    rules = [
        (e > 1.0, "HYA"),
        (e == 1.0, "PAA"),
        (big < EARTH_PERIHELION_AU, "IEO"),
        (a < 1.0, "ATE"),
        (q < EARTH_APHELION_AU, "APO"),
        (q < NEO_PERIHELION_AU, "AMO"),
        ((a < 3.2) & (q < 1.666), "MCA"),
        ((a < 2.0) & (q > 1.666), "IMB"),
        ((a < 3.2) & (q > 1.666), "MBA"),
        ((a > 3.2) & (a < 4.6), "OMB"),
        ((a > 4.6) & (a < 5.5) & (e < 0.3), "TJN"),
        ((a > 5.5) & (a < 30.1), "CEN"),
        (a > 30.1, "TNO"),
    ]
    return np.select([rule for rule, _ in rules], [name for _, name in rules], "AST")


def _comet_class(a: F64, e: F64, t_jup: F64) -> npt.NDArray[np.str_]:
    years = np.where(a > 0, np.abs(a), np.inf) ** 1.5
    rules = [
        (e > 1.0, "HYP"),
        (e == 1.0, "PAR"),
        ((t_jup > 3.0) & (a < A_JUPITER_AU), "ETc"),
        ((t_jup > 3.0) & (a > A_JUPITER_AU), "CTc"),
        ((t_jup > 2.0) & (t_jup < 3.0), "JFc"),
        ((years > 20.0) & (years < 200.0), "HTC"),
    ]
    return np.select([rule for rule, _ in rules], [name for _, name in rules], "COM")


def _with_size(table: pl.DataFrame) -> pl.DataFrame:
    """Add a diameter from H with albedo 0.14, and the size class (measured diameters first)."""
    nothing = pl.lit(None, dtype=pl.Float64)
    h = pl.col("h_mag").cast(pl.Float64) if "h_mag" in table.columns else nothing
    measured = pl.col("diameter_km").cast(pl.Float64) if "diameter_km" in table.columns else nothing
    from_h = _KM_AT_H0 / np.sqrt(_ALBEDO) * (pl.lit(10.0) ** (-h / 5.0))
    table = table.with_columns(from_h.alias("diameter_h_km"))
    size = pl.coalesce(measured, pl.col("diameter_h_km"))
    named = pl.when(size.is_not_null()).then(pl.lit(_SMALLEST))
    for least_km, name in reversed(_SIZES_KM):
        named = pl.when(size >= least_km).then(pl.lit(name)).otherwise(named)  # type: ignore[assignment]
    return table.with_columns(named.alias("size_class"))


def _with_hazard(table: pl.DataFrame) -> pl.DataFrame:
    """Add the MOID and the definition of a potentially hazardous asteroid (CNEOS)."""
    if table.height == 0:
        message = "There are no objects to compute a MOID for."
        raise InputError(message)
    kept = [name for name in ("nu_deg", "earth_nu_deg") if name in table.columns]
    found = add_moid(table)
    table = found.drop([n for n in ("nu_deg", "earth_nu_deg") if n not in kept])
    near = pl.col("moid_au") <= PHA_MOID_AU
    bright = (
        pl.col("h_mag").cast(pl.Float64) <= PHA_H_MAG
        if "h_mag" in table.columns
        else pl.lit(None, dtype=pl.Boolean)
    )
    asteroid = ~pl.col("is_comet")
    return table.with_columns((near & bright & asteroid).alias("is_pha"))
