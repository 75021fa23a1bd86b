"""The MOID of every row of a table."""

from __future__ import annotations

import numpy as np
import polars as pl

from skywright.errors import InputError
from skywright.neo.columns import (
    ELEMENT_ANGLES,
    numbers,
    perihelia,
    refuse_bad_elements,
    refuse_bad_epochs,
    refuse_radians,
    require_columns,
)
from skywright.orbits.elements import Elements
from skywright.orbits.moid import PLANETS, moid


def add_moid(table: pl.DataFrame, *, body: str = "earth") -> pl.DataFrame:
    """Add the minimum orbit intersection distance to a planet.

    Parameters
    ----------
    table : polars.DataFrame
        ``epoch_jd_tdb``, ``a_au`` or ``q_au``, ``e``, ``i_deg``, ``node_deg``, ``peri_deg``:
        heliocentric ecliptic J2000; ``a_au`` is negative where e > 1, ``q_au`` wins where both are
        given. No date within the orbit is needed.
    body : str
        Planet (or Pluto) to measure against, at the epoch of each row.

    Returns
    -------
    polars.DataFrame
        The table with ``moid_au``, ``nu_deg`` (true anomaly of the nearest point on the orbit, 0 to
        360), ``<body>_nu_deg`` (on the planet's orbit) and ``moid2_au`` (second minimum, null where
        there is one only). Columns of these names are replaced, all others unchanged.

    Raises
    ------
    InputError
        If a column is missing or a value is not allowed, with the row, field, value and range.
    """
    name = body.strip().lower()
    if name not in PLANETS:
        message = f"Body {body!r} has no heliocentric orbit to measure a MOID against."
        raise InputError(message, hint=f"Choose one of: {', '.join(PLANETS)}.")
    require_columns(table, ("epoch_jd_tdb", "e", *ELEMENT_ANGLES), "neo moid")
    refuse_bad_epochs(table)
    refuse_bad_elements(table)
    refuse_radians(table)
    found = moid(_elements(table), numbers(table, "epoch_jd_tdb"), name)
    return table.with_columns(
        pl.Series("moid_au", found.moid_au),
        pl.Series("nu_deg", np.degrees(found.nu) % 360.0),
        pl.Series(f"{name}_nu_deg", np.degrees(found.body_nu) % 360.0),
        pl.Series("moid2_au", found.moid2_au).fill_nan(None),
    )


def _elements(table: pl.DataFrame) -> Elements:
    e = numbers(table, "e")
    q = perihelia(table)
    i, node, peri = (np.radians(numbers(table, name)) for name in ELEMENT_ANGLES)
    return Elements(q, e, i, node, peri, numbers(table, "epoch_jd_tdb"))
