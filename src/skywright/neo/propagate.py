"""Carry every orbit of a table to its target date."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.errors import InputError
from skywright.neo.columns import STATE_COLUMNS, numbers, refuse_bad_epochs, require_columns
from skywright.neo.objects import Orbits, has_elements
from skywright.orbits.dynamics import ForceModel
from skywright.orbits.integrator import propagate
from skywright.settings import get_settings

F64 = npt.NDArray[np.float64]

ENGINES = ("skywright", "rebound")
"""Integrators to choose from."""


def add_states(
    table: pl.DataFrame, *, asteroids: bool = False, engine: str = "skywright"
) -> pl.DataFrame:
    """Add the state of every object at its ``target_jd_tdb``.

    Parameters
    ----------
    table : polars.DataFrame
        An orbit (elements with ``mean_anomaly_deg`` or ``tp_jd_tdb``, or a Cartesian state),
        ``epoch_jd_tdb`` and ``target_jd_tdb``; optionally ``a1_au_d2``, ``a2_au_d2``, ``a3_au_d2``.
    asteroids : bool
        Add the pull of 16 asteroids (the optional part ``asteroids``).
    engine : str
        ``skywright`` or ``rebound`` (the optional part of that name).

    Returns
    -------
    polars.DataFrame
        The table with ``x_au, y_au, z_au, vx_au_d, vy_au_d, vz_au_d`` at the target date,
        heliocentric ecliptic J2000; where these columns *are* the orbit of the input, the new ones
        are called ``target_x_au`` and so on. Null where an object hits a body on the way.

    Raises
    ------
    InputError
        If a column is missing, a value is not allowed, or there is no such engine.
    MissingExtraError
        If an optional part is asked for and not installed.
    """
    if engine not in ENGINES:
        message = f"There is no engine {engine!r}; choose from {', '.join(ENGINES)}."
        raise InputError(message)
    require_columns(table, ("target_jd_tdb",), "neo propagate")
    orbits = Orbits.from_table(table, command="neo propagate")
    refuse_bad_epochs(table, "target_jd_tdb")
    model = ForceModel(asteroids=asteroids, nongrav=orbits.nongrav)
    states = _moved(orbits, numbers(table, "target_jd_tdb"), model, engine)
    prefix = "" if has_elements(table) else "target_"
    return table.with_columns(
        pl.Series(prefix + name, states[:, c]).fill_nan(None)
        for c, name in enumerate(STATE_COLUMNS)
    )


def _moved(orbits: Orbits, target_jd_tdb: F64, model: ForceModel, engine: str) -> F64:
    if engine == "rebound":
        from skywright.orbits.rebound_engine import propagate_with_rebound

        return propagate_with_rebound(orbits.states, orbits.epoch_jd_tdb, target_jd_tdb, model)
    threads = get_settings().threads
    return propagate(orbits.states, orbits.epoch_jd_tdb, target_jd_tdb, model, threads=threads)
