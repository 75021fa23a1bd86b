"""List the close approaches of every object of a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from skywright.neo.objects import Orbits
from skywright.orbits.approaches import Approaches, find_approaches
from skywright.orbits.dynamics import ForceModel
from skywright.orbits.timescales import jd_tdb_from_text
from skywright.settings import get_settings


def list_approaches(
    table: pl.DataFrame,
    *,
    start: str | float,
    stop: str | float,
    within_au: float,
    bodies: Sequence[str] | None = None,
    asteroids: bool = False,
) -> pl.DataFrame:
    """List every minimum of the distance to the planets and the Moon.

    Parameters
    ----------
    table : polars.DataFrame
        An orbit per row (elements or a Cartesian state) and ``epoch_jd_tdb``, which may lie before,
        inside or after the window; optionally ``a1_au_d2``, ``a2_au_d2``, ``a3_au_d2``.
    start, stop : str or float
        The window: a date (``2029-04-13``, TDB unless UTC is said) or a Julian date [TDB].
    within_au : float
        Largest distance from a body's centre [au].
    bodies : sequence of str, optional
        Only these bodies; by default the planets and the Moon (Pluto if named).
    asteroids : bool
        Add the pull of 16 asteroids (the optional part ``asteroids``).

    Returns
    -------
    polars.DataFrame
        By row of the table, then by time: ``designation``, ``body``, ``jd_tdb``, ``dist_au``,
        ``v_rel_km_s``, ``v_inf_km_s``, ``b_xi_km``, ``b_zeta_km`` (null where the motion is bound)
        and ``impact``; an object that reaches a surface is listed with the time of that and the
        distance of the pericentre below it.

    Raises
    ------
    InputError
        If a column is missing, a value is not allowed, a body unknown or the window empty.
    MissingExtraError
        If asteroids are asked for and not installed.
    """
    orbits = Orbits.from_table(table, command="neo approaches")
    found = find_approaches(
        orbits.states,
        orbits.epoch_jd_tdb,
        _date(start),
        _date(stop),
        within_au,
        bodies,
        ForceModel(asteroids=asteroids, nongrav=orbits.nongrav),
        threads=get_settings().threads,
    )
    return _as_table(orbits, found)


def _date(value: str | float) -> float:
    return jd_tdb_from_text(value) if isinstance(value, str) else float(value)


def _as_table(orbits: Orbits, found: Approaches) -> pl.DataFrame:
    names = np.array(orbits.designation, dtype=object)
    return pl.DataFrame(
        {
            "designation": pl.Series(names[found.orbit].tolist(), dtype=pl.String),
            "body": pl.Series(found.body, dtype=pl.String),
            "jd_tdb": found.jd_tdb,
            "dist_au": found.dist_au,
            "v_rel_km_s": found.v_rel_km_s,
            "v_inf_km_s": found.v_inf_km_s,
            "b_xi_km": found.b_xi_km,
            "b_zeta_km": found.b_zeta_km,
            "impact": found.impact,
        }
    ).with_columns(pl.col("b_xi_km", "b_zeta_km").fill_nan(None))
