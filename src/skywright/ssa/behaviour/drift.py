"""The watch of behaviour: slots that drift, residuals that grow, alarms on passive objects.

Population stability and Kolmogorov-Smirnov on each slot come from the foundry, regime by regime,
and so does ADWIN, which looks for a change in the p-values as they came. Windows that overlap are
not independent: drift is judged on windows that do not, alarms on every one.

References
----------
.. [1] Garwood (1936), Biometrika 28, 437 (the exact interval of a Poisson rate).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import stats

from skywright.errors import InputError
from skywright.foundry.watch.adwin import Adwin
from skywright.foundry.watch.drift import DriftLimits, drift_report, ks_test
from skywright.ssa.behaviour.encoder import REFERENCE, BehaviourEncoder
from skywright.ssa.behaviour.slots import SLOTS, WINDOW_D
from skywright.ssa.behaviour.windows import (
    REGIMES,
    Windows,
    joined,
    windows_of,
)
from skywright.ssa.element_sets import checked_history, epochs_jd

F64 = npt.NDArray[np.float64]

LEVEL = 0.01
"""p-value below which a window raises an alarm, unless said otherwise."""

ALARM_COLUMNS = ("object", "regime", "at_d", "p")
"""Columns that `alarm_rates` reads."""

LEAST_ROWS = 20
"""Fewer windows of a regime are not tested."""

_YEAR_D = 365.25
_OUTAGE_STEPS = 3.0


def drift_of_slots(
    reference: Mapping[str, F64], current: Windows, limits: DriftLimits | None = None
) -> dict[str, Any]:
    """Compare slots with a reference, regime by regime.

    Parameters
    ----------
    reference : mapping
        Slots of windows by regime; (n, 128) each.
    current : Windows
        Present windows; only those that do not overlap are used.
    limits : DriftLimits, optional
        What counts as drift.

    Returns
    -------
    dict
        By regime: ``rows``, ``rows_reference``, ``drifted``, ``max_psi``, ``share_drifted``,
        ``columns`` (psi, ks and q of each slot that drifted), or ``note`` where there are too few.
    """
    some = apart(current)
    return {
        name: _drift(reference.get(name), some.slots[some.regime == name], limits)
        for name in REGIMES
        if (some.regime == name).any()
    }


def drift_of_residuals(
    encoder: BehaviourEncoder, reference: Mapping[str, F64], current: Windows
) -> dict[str, Any]:
    """Compare how far windows are from what the encoder expects, regime by regime.

    Returns
    -------
    dict
        By regime: ``ratio`` of the median residual distances, ``ks`` and ``p`` of the two-sample
        test, ``changes`` (moments [d] at which ADWIN cut the p-values), or ``note``.
    """
    some = apart(current)
    told: dict[str, Any] = {}
    for name in REGIMES:
        rows, known = some.rows(some.regime == name), reference.get(name)
        if not len(rows.at_d):
            continue
        if known is None or min(len(known), len(rows.at_d)) < LEAST_ROWS:
            told[name] = {"note": _too_few(known, len(rows.at_d))}
            continue
        old, new = (encoder.outputs(part)[2] for part in (known, rows.slots))
        ks, p = ks_test(old, new)
        ratio = float(np.median(new) / np.median(old))
        told[name] = {"ratio": ratio, "ks": ks, "p": p, "changes": _cuts(encoder, rows)}
    return told


def alarm_rates(table: pl.DataFrame, level: float = LEVEL) -> dict[str, Any]:
    """Return alarms per object-year, with exact Poisson intervals, over all and by regime.

    An alarm begins where p falls below the level, and goes on, as one, until p has been above it
    for longer than a window: windows that overlap see the same sets.

    Parameters
    ----------
    table : DataFrame
        `ALARM_COLUMNS`: one row a window, its end as a Julian date [d].
    level : float
        Between 0 and 1.

    Returns
    -------
    dict
        ``level``, ``all`` and ``regimes``; each with ``alarms``, ``object_years``, ``objects``,
        ``per_object_year`` and ``interval`` (95 %) [1]_.

    Raises
    ------
    InputError
        If a column is missing, the level is out of range or there is no row.
    """
    missing = [name for name in ALARM_COLUMNS if name not in table.columns]
    if missing:
        message = f"The table of p-values has no column {', '.join(missing)}."
        raise InputError(message)
    if not 0.0 < level < 1.0:
        message = f"level must be between 0 and 1, got {level}."
        raise InputError(message)
    if table.is_empty():
        message = "The table of p-values is empty; give at least one window."
        raise InputError(message)
    told = [
        (str(part["regime"][0]), *_alarms(part.sort("at_d"), level))
        for part in table.partition_by("object", "regime", maintain_order=True)
    ]
    regimes = {name: _rate([row for row in told if row[0] == name]) for name in REGIMES}
    return {
        "level": level,
        "all": _rate(told),
        "regimes": {name: one for name, one in regimes.items() if one["objects"]},
    }


def watch(
    encoder: BehaviourEncoder,
    history: pl.DataFrame,
    *,
    reference: pl.DataFrame | None = None,
    passive: Sequence[int] | None = None,
    level: float = LEVEL,
    every_d: float = 1.0,
) -> dict[str, Any]:
    """Tell drift and alarm rates of histories.

    Parameters
    ----------
    encoder : BehaviourEncoder
        As from ``encoder_in_use``.
    history : DataFrame
        Sets of one or many objects.
    reference : DataFrame, optional
        Sets to compare with; the quiet windows of the training if left out.
    passive : sequence of int, optional
        Numbers of objects known to be passive; those in which the detector finds no manoeuvre if
        left out.
    level : float
        p-value of an alarm.
    every_d : float
        Days between two windows of an object.

    Returns
    -------
    dict
        ``windows``, ``objects``, ``reference`` (training or given), ``drift``, ``residuals``,
        ``least_p`` (by regime: no alarm can be at a level below it), ``alarms`` (all objects),
        ``passive`` (numbers) and ``passive_alarms``.

    Raises
    ------
    InputError
        If no window can be made, a number is not in the history, or a value is out of range.
    """
    now = windows_from(history, every_d)
    if not len(now.at_d):
        message = "No object of the history has eight sets within 30 days; nothing can be watched."
        raise InputError(message)
    given = None if reference is None else windows_from(reference, every_d)
    known = reference_of(encoder) if given is None else by_regime(apart(given))
    quiet = without_manoeuvre(now) if passive is None else _named(now, passive)
    p = pl.DataFrame(
        {
            "object": now.name,
            "regime": now.regime,
            "at_d": now.at_d,
            "p": encoder.score(now.slots, now.regime.tolist()),
        }
    )
    held = p.filter(pl.col("object").is_in(quiet))
    return {
        "windows": len(now.at_d),
        "objects": len(np.unique(now.name)),
        "reference": "training" if given is None else "given",
        "drift": drift_of_slots(known, now),
        "residuals": drift_of_residuals(encoder, known, now),
        "least_p": {
            name: encoder.calibrations[name].least_p for name in np.unique(now.regime).tolist()
        },
        "alarms": alarm_rates(p, level),
        "passive": [int(name) for name in quiet],
        "passive_alarms": None if held.is_empty() else alarm_rates(held, level),
    }


def windows_from(history: pl.DataFrame, every_d: float) -> Windows:
    """Return the windows of each object of a history, one every so many days.

    Raises
    ------
    InputError
        If the step is not 0.1 to 365 days, or the history is not one.
    """
    if not 0.1 <= every_d <= _YEAR_D:
        message = f"every_d must be 0.1 to 365 days, got {every_d}."
        raise InputError(message)
    table = checked_history(history)
    parts = []
    for (number,), own in table.partition_by("norad_id", as_dict=True).items():
        days = np.add(*epochs_jd(own))
        ends = np.arange(days[0] + WINDOW_D, days[-1] + every_d, every_d)
        parts.append(windows_of(own, ends, name=str(number), source="watched"))
    return joined(parts)


def reference_of(encoder: BehaviourEncoder) -> dict[str, F64]:
    """Return slots of quiet windows of the training by regime, as they ship with the model."""
    with np.load(encoder.folder / REFERENCE, allow_pickle=False) as kept:
        return {name: kept[name].astype(np.float64) for name in kept.files}


def by_regime(some: Windows) -> dict[str, F64]:
    """Return the slots of windows by regime."""
    return {name: some.slots[some.regime == name] for name in np.unique(some.regime).tolist()}


def apart(some: Windows) -> Windows:
    """Return windows of which no two of one object overlap."""
    kept: list[int] = []
    last: dict[str, float] = {}
    for k in np.argsort(some.at_d, kind="stable").tolist():
        name = str(some.name[k])
        if some.at_d[k] - last.get(name, -np.inf) >= WINDOW_D:
            kept.append(k)
            last[name] = float(some.at_d[k])
    return some.rows(np.array(kept, dtype=np.int64))


def without_manoeuvre(some: Windows) -> list[str]:
    """Return the objects in no window of which the detector found a manoeuvre."""
    burns = some.slots[:, next(k for k, one in enumerate(SLOTS) if one.name == "burns")]
    active = set(some.name[burns > 0.0].tolist())
    return [name for name in np.unique(some.name).tolist() if name not in active]


def _named(some: Windows, numbers: Sequence[int]) -> list[str]:
    names = [str(number) for number in numbers]
    for name in names:
        if name not in some.name:
            message = f"The history has no window of object {name}, which is said to be passive."
            raise InputError(message)
    return names


def _drift(known: F64 | None, rows: F64, limits: DriftLimits | None) -> dict[str, Any]:
    if known is None or min(len(known), len(rows)) < LEAST_ROWS:
        return {"note": _too_few(known, len(rows))}
    report = drift_report(_table(known), _table(rows), limits)
    drifted = report["drifted"]
    return {
        "rows": report["rows_current"],
        "rows_reference": report["rows_reference"],
        "drifted": drifted,
        "missing_changed": report["missing_changed"],
        "max_psi": report["max_psi"],
        "share_drifted": report["share_drifted"],
        "columns": {
            name: {
                "psi": report["columns"][name]["psi"],
                "ks": report["columns"][name]["statistic"],
                "q": report["columns"][name]["q"],
            }
            for name in drifted
        },
    }


def _table(slots: F64) -> pl.DataFrame:
    columns = {one.name: slots[:, k] for k, one in enumerate(SLOTS)}
    return pl.DataFrame(columns).fill_nan(None)


def _too_few(known: F64 | None, rows: int) -> str:
    if known is None:
        return "The reference has no window of this regime."
    return (
        f"{rows} windows that do not overlap, {len(known)} in the reference: "
        f"fewer than {LEAST_ROWS} tell nothing."
    )


def _cuts(encoder: BehaviourEncoder, rows: Windows) -> list[float]:
    order = np.argsort(rows.at_d, kind="stable")
    p = encoder.score(rows.slots[order], rows.regime[order].tolist())
    stream = Adwin(every=8)
    return [
        float(at) for at, value in zip(rows.at_d[order], p, strict=True) if stream.add(float(value))
    ]


def _alarms(part: pl.DataFrame, level: float) -> tuple[int, float]:
    """Return alarms and days of one object; an outage counts as one ordinary step."""
    at = part["at_d"].to_numpy()
    low = at[part["p"].to_numpy() < level]
    began = int(len(low) > 0) + int((np.diff(low) > WINDOW_D).sum())
    steps = np.diff(at)
    usual = float(np.median(steps)) if len(steps) else 1.0
    watched = np.where(steps > _OUTAGE_STEPS * usual, usual, steps)
    return began, float(watched.sum() + usual)


def _rate(rows: Sequence[tuple[str, int, float]]) -> dict[str, Any]:
    alarms, days = sum(row[1] for row in rows), sum(row[2] for row in rows)
    years = days / _YEAR_D
    return {
        "alarms": alarms,
        "objects": len(rows),
        "object_years": years,
        "per_object_year": alarms / years if years else None,
        "interval": list(rate_interval(alarms, years)) if years else None,
    }


def rate_interval(alarms: int, years: float) -> tuple[float, float]:
    """Return the exact 95 % interval of a Poisson rate [1/year] (Garwood 1936)."""
    low = float(stats.chi2.ppf(0.025, 2 * alarms)) / 2.0 if alarms else 0.0
    high = float(stats.chi2.ppf(0.975, 2 * alarms + 2)) / 2.0
    return low / years, high / years
