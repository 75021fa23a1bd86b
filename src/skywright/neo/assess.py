"""One object or a table: class, hazard, size and triage, exact where it can be exact."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.neo.columns import ELEMENT_ANGLES, numbers, perihelia
from skywright.neo.features import is_comet, orbit_class
from skywright.neo.moid import add_moid
from skywright.neo.objects import Orbits, has_elements
from skywright.neo.pha import hazard_probability, is_hazardous
from skywright.neo.sizes import sizes
from skywright.neo.triage import triage_probability
from skywright.orbits.covariance import validated_covariance
from skywright.orbits.elements import state_jacobian
from skywright.orbits.moid import moid_gradient

F64 = npt.NDArray[np.float64]

COLUMNS = (
    "orbit_class",
    "is_pha",
    "p_pha",
    "diameter_km_p16",
    "diameter_km_p50",
    "diameter_km_p84",
    "sentry_triage",
)
"""What an assessment adds, before the MOID, mass and energy."""


def add_assessment(table: pl.DataFrame) -> pl.DataFrame:
    """Assess every row of a table.

    Parameters
    ----------
    table : polars.DataFrame
        ``epoch_jd_tdb``, ``a_au`` or ``q_au`` [au], ``e``, ``i_deg``, ``node_deg``, ``peri_deg``
        [deg]; optional ``h_mag``, ``h_sigma``, ``albedo``, ``diameter_km``, ``condition_code``,
        ``arc_d``, ``n_obs``, ``covariance`` and what a list of the Minor Planet Center holds. A
        Cartesian state instead of elements works as well.

    Returns
    -------
    polars.DataFrame
        The table with ``orbit_class``; ``is_pha`` (null without H); ``p_pha``; quantiles of the
        diameter [km]; ``sentry_triage``, the probability to be on the Sentry list some years later;
        then ``moid_au``, and quantiles of mass [kg] and impact energy at 20 km/s [Mt].

    Raises
    ------
    InputError
        If a column is missing or a value is not allowed.
    """
    orbit = _elements_table(table)
    moids = add_moid(orbit)
    moid_au, h_mag = moids["moid_au"].to_numpy(), _known(table, "h_mag")
    q, e = perihelia(orbit), numbers(orbit, "e")
    names = orbit_class(q, e, np.radians(numbers(orbit, "i_deg")), comet=is_comet(table))
    hazard = pl.Series(is_hazardous(moid_au, h_mag)).set(pl.Series(np.isnan(h_mag)), None)
    likely = hazard_probability(
        moid_au,
        h_mag,
        _known(table, "condition_code"),
        _orbit_sigma(orbit),
        _known(table, "h_sigma"),
    )
    size = sizes(
        h_mag, _known(table, "albedo"), _known(table, "diameter_km"), _known(table, "h_sigma")
    )
    triage = triage_probability(orbit, moids)
    return table.with_columns(
        pl.Series("orbit_class", names, pl.String),
        hazard.alias("is_pha"),
        _nulls("p_pha", likely),
        *_quantiles("diameter_km", size.diameter_km),
        _nulls("sentry_triage", triage),
        _nulls("moid_au", moid_au),
        *_quantiles("mass_kg", size.mass_kg),
        *_quantiles("energy_mt", size.energy_mt),
    )


def predict(objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Assess objects given as dictionaries, in order; thread-safe.

    Parameters
    ----------
    objects : list of dict
        Names and units of the columns of `add_assessment`.

    Returns
    -------
    list of dict
        ``designation`` where it was given, and the columns that an assessment adds.
    """
    table = add_assessment(pl.DataFrame(objects, infer_schema_length=None))
    added = [
        *COLUMNS,
        "moid_au",
        *(f"{n}_p{p}" for n in ("mass_kg", "energy_mt") for p in _PERCENT),
    ]
    named = ["designation"] if "designation" in table.columns else []
    return table.select(*named, *added).to_dicts()


_PERCENT = (16, 50, 84)


def _elements_table(table: pl.DataFrame) -> pl.DataFrame:
    """Return a table with elements, worked out from a state where only that is given."""
    if "e" in table.columns or "x_au" not in table.columns:
        return table
    orbits = Orbits.from_table(table, command="The assessment")
    el = orbits.elements
    angles = zip(ELEMENT_ANGLES, (el.i, el.node, el.peri), strict=True)
    return table.with_columns(
        pl.Series("q_au", el.q_au),
        pl.Series("e", el.e),
        *(pl.Series(name, np.degrees(value)) for name, value in angles),
        pl.Series("tp_jd_tdb", el.tp_jd_tdb),
        covariance_over=pl.lit(orbits.covariance_over),
    )


def _known(table: pl.DataFrame, name: str) -> F64:
    if name not in table.columns:
        return np.full(table.height, np.nan)
    return table[name].cast(pl.Float64, strict=False).to_numpy().astype(np.float64)


def _orbit_sigma(table: pl.DataFrame) -> F64:
    """One-sigma error of the MOID from covariances [au], shape (n,); NaN without."""
    sigma = np.full(table.height, np.nan)
    if "covariance" not in table.columns or not has_elements(table):
        return sigma
    orbits = Orbits.from_table(table, command="The assessment")
    given = {k: matrix for k, matrix in enumerate(orbits.covariance) if matrix is not None}
    if not given:
        return sigma
    gradient = moid_gradient(orbits.elements, orbits.epoch_jd_tdb)
    if orbits.covariance_over == "elements":
        gradient = gradient * np.array([1.0, 1.0, 1.0, *[np.pi / 180] * 3])
    else:
        jacobian = state_jacobian(orbits.elements, orbits.epoch_jd_tdb)
        turned = np.linalg.solve(np.swapaxes(jacobian, 1, 2), gradient[:, :, None])
        gradient = np.asarray(turned[:, :, 0], np.float64)
    for k, given_matrix in given.items():
        matrix = validated_covariance(given_matrix, f"the covariance of {orbits.designation[k]}")
        sigma[k] = np.sqrt(max(float(gradient[k] @ matrix @ gradient[k]), 0.0))
    return sigma


def _quantiles(name: str, values: F64) -> list[pl.Series]:
    return [_nulls(f"{name}_p{percent}", values[:, k]) for k, percent in enumerate(_PERCENT)]


def _nulls(name: str, values: F64) -> pl.Series:
    return pl.Series(name, values, pl.Float64, nan_to_null=True)
