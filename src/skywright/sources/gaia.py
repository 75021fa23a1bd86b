"""ESA's Gaia archive by TAP: stars in a cone, and the brightest and nearest as data sets.

References
----------
Gaia Collaboration, Vallenari et al. (2023), A&A 674, A1; columns: gea.esac.esa.int, Gaia DR3,
table gaia_source.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import polars as pl

from skywright.settings import Settings
from skywright.sources import tap
from skywright.sources.collecting import Collector, Part, Visit
from skywright.sources.cones import Cone
from skywright.sources.state import TAP_SMALLEST, SourceState

STATE = SourceState(
    name="gaia",
    title="Gaia archive (ESA)",
    url_setting="gaia_url",
    status="live",
    licence="Free to use with the credit of ESA/Gaia/DPAC.",
    citation="This work has made use of data from ESA's mission Gaia "
    "(https://www.cosmos.esa.int/gaia), processed by the Gaia DPAC.",
    documentation="https://gea.esac.esa.int/archive/documentation",
    checked="2024-03-10",
    fresh_s=3_600.0,
    most="radius 10 degrees, 100,000 rows; above 2,000 rows as a job",
    remark="DR4 is due in December 2026 with other tables; the release is SKYWRIGHT_GAIA_RELEASE.",
    smallest=TAP_SMALLEST,
)

MOST_RADIUS_DEG = 10.0
"""Largest cone [deg]."""
_ROWS_AT_ONCE = 2_000  # of a query without an account; a job may return more
_UNASKED = 2_000

COLUMNS = (
    "source_id", "ra", "dec", "parallax", "parallax_error", "pmra", "pmdec", "ruwe",
    "phot_g_mean_mag", "phot_bp_mean_mag", "phot_rp_mean_mag", "bp_rp", "radial_velocity",
)  # fmt: skip
"""What a cone asks for; angles in degrees, parallax in mas, motions in mas/yr, magnitudes."""


def table(settings: Settings) -> str:
    """Return the table of the stars of the chosen release."""
    return f"{settings.gaia_release}.gaia_source"


@lru_cache(maxsize=1)
def _columns() -> tuple[str, ...]:
    return tuple(Path(__file__).with_name("gaia_columns.txt").read_text(encoding="utf-8").split())


def known(settings: Settings) -> dict[str, tuple[str, ...]]:
    """Return the columns of DR3's stars, so that a query is checked before a network is asked."""
    return {"gaiadr3.gaia_source": _columns()} if settings.gaia_release == "gaiadr3" else {}


def cone_adql(
    around: Cone, settings: Settings, limit: int, columns: Sequence[str] = COLUMNS
) -> str:
    """Return the query for the stars within a cone.

    Raises
    ------
    InputError
        If the radius is above ``MOST_RADIUS_DEG``.
    """
    around.check_radius(MOST_RADIUS_DEG, STATE)
    listed = ", ".join(columns)
    return f"SELECT TOP {limit} {listed} FROM {table(settings)} WHERE {around.adql()}"  # noqa: S608


def cone(
    visit: Visit, around: Cone, limit: int, stop: threading.Event | None = None
) -> tap.TapTable:
    """Return stars within a cone; ``is_cut`` where the limit was reached.

    Raises
    ------
    InputError, SourceError, StoppedError
        Like ``tap.query``, and for a radius that is too large.
    """
    adql = cone_adql(around, visit.settings, limit)
    return tap.query(visit, adql, most_rows=limit, stop=stop, as_job=limit > _ROWS_AT_ONCE)


def _sample(visit: Visit, condition: str, order: str) -> pl.DataFrame:
    most = min(visit.wish.limit or _UNASKED, tap.MOST_ROWS)
    adql = (
        f"SELECT TOP {most} {', '.join(COLUMNS)} FROM {table(visit.settings)} "  # noqa: S608
        f"WHERE {condition} ORDER BY {order}"
    )
    return tap.rows(visit, adql, most_rows=most, as_job=most > _ROWS_AT_ONCE)


# 20 pc; ruwe and the error keep out most parallaxes that are none
_NEARBY = "parallax > 50 AND parallax > 20 * parallax_error AND ruwe < 1.4"

COLLECTOR = Collector(
    STATE,
    {
        "bright-stars": Part(
            lambda visit: _sample(visit, "phot_g_mean_mag < 7", "phot_g_mean_mag")
        ),
        "nearby-stars": Part(lambda visit: _sample(visit, _NEARBY, "parallax DESC")),
    },
)
