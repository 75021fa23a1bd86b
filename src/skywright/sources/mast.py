"""MAST of STScI by TAP: observations of Hubble, Webb, TESS, Kepler and others in a cone.

References
----------
IVOA ObsCore 1.1 (table ivoa.obscore); mast.stsci.edu/vo-tap.
"""

from __future__ import annotations

import threading
from functools import partial

import polars as pl

from skywright.sources import obscore, tap
from skywright.sources.collecting import Collector, Part, Visit
from skywright.sources.cones import Cone
from skywright.sources.state import TAP_SMALLEST, SourceState

STATE = SourceState(
    name="mast",
    title="MAST (STScI)",
    url_setting="mast_url",
    status="live",
    licence="Public data after the proprietary time; credit MAST and the mission.",
    citation="Data from the Mikulski Archive for Space Telescopes (MAST) at STScI",
    documentation="https://mast.stsci.edu/vo-tap/",
    checked="",
    pause_s=0.5,
    fresh_s=3_600.0,
    most="radius 2 degrees, 100,000 rows",
    remark="Times are modified Julian dates; an observation is listed before its data are public.",
    smallest=TAP_SMALLEST,
)

MOST_RADIUS_DEG = 2.0
"""Largest cone [deg]."""
_UNASKED = 1_000
_MISSIONS = ("JWST", "HST")


def cone_adql(around: Cone, limit: int, mission: str = "") -> str:
    """Return the query for the observations within a cone, of one mission where given.

    Raises
    ------
    InputError
        If the radius is above ``MOST_RADIUS_DEG``, or the mission is no word.
    """
    around.check_radius(MOST_RADIUS_DEG, STATE)
    return obscore.adql(limit, around=around, collection=mission)


def cone(
    visit: Visit, around: Cone, limit: int, stop: threading.Event | None = None
) -> tap.TapTable:
    """Return the observations within a cone; raises like ``cone_adql`` and ``tap.query``."""
    return tap.query(visit, cone_adql(around, limit), most_rows=limit, stop=stop)


def _newest(visit: Visit, mission: str) -> pl.DataFrame:
    most = min(visit.wish.limit or _UNASKED, tap.MOST_ROWS)
    adql = obscore.adql(most, collection=mission, since=visit.wish.since)
    return obscore.dated(tap.rows(visit, adql, most_rows=most))


COLLECTOR = Collector(
    STATE,
    {
        f"{mission.lower()}-observations": Part(
            partial(_newest, mission=mission), dated="begin_utc"
        )
        for mission in _MISSIONS
    },
)
