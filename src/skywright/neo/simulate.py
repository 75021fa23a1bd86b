"""The "what if" of one object: the orbit as it is beside the orbit as changed.

The body of ``POST /api/simulate`` and of ``skywright neo simulate`` is made here: elements, MOID at
both nodes, close approaches to the planets and the Moon, the target plane, the probability of an
impact, its energy and effects, and the change of velocity that would avoid it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import polars as pl

from skywright.errors import InputError
from skywright.neo.edited_orbit import Trajectory, trajectory_of, with_delta_v, with_elements
from skywright.neo.physical import Physical, physical_of
from skywright.neo.simulate_impact import Look
from skywright.neo.simulate_report import difference, report
from skywright.neo.simulate_request import SimulateRequest, request_from_options
from skywright.orbits.timescales import calendar_from_jd, jd_tdb_from_text
from skywright.settings import get_settings

__all__ = ["SimulateRequest", "request_from_options", "simulate"]

_YEAR_D = 365.25

Progress = Callable[[str, int, int], None]
Cancelled = Callable[[], bool]


def simulate(
    request: SimulateRequest,
    *,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> dict[str, Any]:
    """Answer one "what if".

    Parameters
    ----------
    request : SimulateRequest
        The object, the changes and the span.
    progress : callable, optional
        Called as ``progress(stage, done, of)`` while the longer estimates run.
    cancelled : callable, optional
        Asked between slices of work.

    Returns
    -------
    dict
        Plain numbers and texts: ``object``, ``baseline``, ``changed`` and ``difference`` (None if
        nothing was changed), ``assumptions`` and ``notes``. Distances [au] and [km], speeds [km/s],
        dates [JD TDB], angles [deg].

    Raises
    ------
    InputError
        If the orbit or a change is not allowed.
    NotFoundError
        If the object is unknown; carries the nearest names.
    CancelledError
        If ``cancelled`` turned true.
    """
    _refuse_too_many_clones(request)
    row = _row_of(request)
    look = _look_of(request, row, progress, cancelled)
    before = trajectory_of(row)
    physical = physical_of(row.row(0, named=True), {})
    baseline = report(before, physical, look, name="baseline")
    after, edited = _changed(request, row, before, look)
    changed = None
    if after is not None or edited is not None:
        changed = report(after or before, edited or physical, look, name="changed")
    return {
        "object": _about(row, before),
        "span": {"start_jd_tdb": look.start_jd_tdb, "stop_jd_tdb": look.stop_jd_tdb},
        "baseline": baseline,
        "changed": changed,
        "difference": None if changed is None else difference(baseline, changed),
        "assumptions": _assumptions(before, (edited or physical).assumed),
        "notes": _notes(request, row),
    }


def _refuse_too_many_clones(request: SimulateRequest) -> None:
    most = get_settings().max_clones
    if request.clones > most:
        message = f"clones = {request.clones} is more than this server allows ({most})."
        raise InputError(message, hint="Ask for fewer, or raise SKYWRIGHT_MAX_CLONES.")


def _row_of(request: SimulateRequest) -> pl.DataFrame:
    if request.object is not None:
        from skywright.neo.catalogue import load_catalogue
        from skywright.neo.notable import lookup

        return lookup(request.object, load_catalogue())
    row = dict(request.elements or {})
    row.setdefault("designation", "your object")
    try:
        return pl.DataFrame([row], infer_schema_length=None)
    except (pl.exceptions.PolarsError, TypeError) as error:
        message = "elements holds a value that is neither a number nor a list of numbers."
        raise InputError(message) from error


def _look_of(
    request: SimulateRequest,
    row: pl.DataFrame,
    progress: Progress | None,
    cancelled: Cancelled | None,
) -> Look:
    epoch = float(trajectory_of(row).epoch_jd_tdb)
    if request.start is None:
        start, last = epoch, max(epoch, _today_jd())
    else:
        start = last = jd_tdb_from_text(request.start)
    return Look(request, start, last + request.years * _YEAR_D, progress, cancelled)


def _today_jd() -> float:
    return datetime.now(UTC).timestamp() / 86_400 + 2_440_587.5


def _changed(
    request: SimulateRequest, row: pl.DataFrame, before: Trajectory, look: Look
) -> tuple[Trajectory | None, Physical | None]:
    after: Trajectory | None = None
    if request.set:
        after = with_elements(row, request.set)
    if request.delta_v is not None and request.at is not None:
        at = jd_tdb_from_text(request.at)
        if at > look.stop_jd_tdb:
            message = (
                f"at = {request.at} lies after the end of the search "
                f"({calendar_from_jd(look.stop_jd_tdb)}); choose an earlier date or more years."
            )
            raise InputError(message)
        after = with_delta_v(after or before, request.delta_v, at)
    bulk = {
        "mass_kg": request.mass_kg,
        "diameter_km": request.diameter_km,
        "density_kg_m3": request.density_kg_m3,
    }
    edited = None
    if any(value is not None for value in bulk.values()):
        edited = physical_of(row.row(0, named=True), bulk)
    return after, edited


def _about(row: pl.DataFrame, trajectory: Trajectory) -> dict[str, Any]:
    known = row.row(0, named=True)
    return {
        "designation": trajectory.orbits.designation[0],
        **{name: known.get(name) for name in ("name", "number", "source", "provenance", "label")},
        "h_mag": known.get("h_mag"),
        "synthetic": bool(known.get("synthetic")),
        "has_covariance": trajectory.cloud is not None,
    }


_DYNAMICS = """Test particle in the field of the Sun, the planets, the Moon and Pluto (DE440) with \
the Sun's first post-Newtonian term; no asteroids."""

_MOID = "MOID: against the Earth's osculating orbit at the epoch of the elements, as JPL does."

_NO_COVARIANCE = """The orbit has no covariance, so no probability is given: the nominal orbit \
either hits or misses."""

_MASS = """Mass and size do not change the orbit of a test particle. They change the energy of an \
impact, the Palermo and Torino ratings, crater or airburst, the delta-v of a kinetic impactor, \
and, through the ratio of area to mass, the Yarkovsky drift and radiation pressure (not modelled \
here)."""

_OPEN = "With e >= 1 the orbit is open: the object passes the Sun once and leaves."

_SYNTHETIC = "This object is synthetic: it was drawn from a model and does not exist."


def _assumptions(trajectory: Trajectory, assumed: list[str]) -> list[str]:
    unknown = [] if trajectory.cloud is not None else [_NO_COVARIANCE]
    return [_DYNAMICS, _MOID, *unknown, *assumed]


def _notes(request: SimulateRequest, row: pl.DataFrame) -> list[str]:
    notes = []
    if request.mass_kg or request.density_kg_m3 or request.diameter_km:
        notes.append(_MASS)
    if request.set.get("e", 0.0) >= 1:
        notes.append(_OPEN)
    if row.row(0, named=True).get("synthetic"):
        notes.append(_SYNTHETIC)
    return notes
