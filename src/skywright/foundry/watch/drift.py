"""Drift of tables: which columns are no longer as they were when the model was trained.

Two answers a column, which fail in different ways. The population stability index says how far a
column has moved and does not grow with the number of rows. A test (two-sample Kolmogorov-Smirnov
for numbers, chi-square for categories) says whether it moved at all, and with many rows names
moves too small to matter. The p values of all columns are controlled together by the false
discovery rate.

References
----------
.. [1] Hodges (1958), Arkiv för Matematik 3, 469 (the two-sample Kolmogorov-Smirnov test).
.. [2] Benjamini & Hochberg (1995), J. Royal Statistical Society B 57, 289.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import stats

from skywright.errors import InputError
from skywright.foundry.watch.columns import F64, Pair, pairs
from skywright.foundry.watch.stability import stability

_EXACT_ROWS = 200  # above it the asymptotic p is 0.83 to 1 times the exact one (measured)
_LEAST_EXPECTED = 5.0  # Cochran's rule for the chi-square distribution


@dataclass(frozen=True, slots=True)
class DriftLimits:
    """What counts as drift."""

    psi: float = 0.2
    """Index above which a column has moved; it must also be above what chance gives."""
    bins: int = 10
    """Bins of the index."""
    false_discoveries: float = 0.01
    """Expected share of false ones among the columns that the test names."""
    missing: float = 0.05
    """Change of the share of missing values that counts, if chance does not explain it."""


def drift_report(
    reference: pl.DataFrame, current: pl.DataFrame, limits: DriftLimits | None = None
) -> dict[str, Any]:
    """Compare present rows with those of the training.

    Parameters
    ----------
    reference, current : polars.DataFrame
        Rows of the same columns; those of only one table are named and not compared.
    limits : DriftLimits, optional
        What counts as drift.

    Returns
    -------
    dict
        ``columns`` by name: ``type``, ``psi``, ``psi_chance``, ``test``, ``statistic``, ``p``,
        ``q`` (p after control), ``missing_reference``, ``missing_current`` [-], ``missing_q``,
        ``moved`` (by the index), ``differs`` (by the test), ``missing_changed``. Over all:
        ``drifted`` (moved and differs), ``moved``, ``differs``, ``missing_changed``, ``new``,
        ``gone``, ``max_psi``, ``max_ks``, ``share_drifted``, ``drift``.

    Raises
    ------
    InputError
        If a table has no rows, or they share no column.
    """
    chosen = limits or DriftLimits()
    _refuse_nothing(reference, current)
    compared = pairs(reference, current)
    rows = {pair.name: _column(pair, chosen) for pair in compared}
    _control(rows, chosen)
    return {
        "rows_reference": reference.height,
        "rows_current": current.height,
        "limits": asdict(chosen),
        "columns": rows,
        **_overall(rows),
        "new": [name for name in current.columns if name not in reference.columns],
        "gone": [name for name in reference.columns if name not in current.columns],
    }


def benjamini_hochberg(p: F64) -> F64:
    """Return p values after control of the false discovery rate, shape (n,) [2]_."""
    order = np.argsort(p)[::-1]
    ranks = np.arange(len(p), 0, -1)
    adjusted = np.minimum.accumulate(p[order] * len(p) / ranks)
    result = np.empty(len(p))
    result[order] = np.minimum(adjusted, 1.0)
    return result


def ks_test(reference: F64, current: F64) -> tuple[float, float]:
    """Return the Kolmogorov-Smirnov statistic and its p value; 0 and 1 if either has no values."""
    if not len(reference) or not len(current):
        return 0.0, 1.0
    small = max(len(reference), len(current)) <= _EXACT_ROWS
    found = stats.ks_2samp(reference, current, method="exact" if small else "asymp")
    return float(found.statistic), float(found.pvalue)


def chi_square_test(reference: pl.Series, current: pl.Series) -> tuple[float, float]:
    """Return Cramér's V and the p value of the chi-square test of two lists of categories.

    Categories with fewer than five expected rows in either list are counted as one.
    """
    table = _contingency(reference, current)
    if table.shape[1] < 2 or not table.sum(axis=1).all():
        return 0.0, 1.0
    found = stats.chi2_contingency(table, correction=False)
    return float(np.sqrt(found.statistic / table.sum())), float(found.pvalue)


def _column(pair: Pair, limits: DriftLimits) -> dict[str, Any]:
    if pair.type == "category":
        test, (statistic, p) = "chi-square", chi_square_test(pair.reference, pair.current)
    else:
        test = "ks"
        statistic, p = ks_test(pair.reference.to_numpy(), pair.current.to_numpy())
    index = stability(pair, limits.bins)
    rows = (
        pair.reference.len() + pair.missing_reference,
        pair.current.len() + pair.missing_current,
    )
    return {
        "type": pair.type,
        "psi": index.psi,
        "psi_chance": index.chance,
        "test": test,
        "statistic": statistic,
        "p": p,
        "missing_reference": pair.missing_reference / rows[0],
        "missing_current": pair.missing_current / rows[1],
        "missing_p": _missing_p((pair.missing_reference, pair.missing_current), rows),
        "moved": index.psi > max(limits.psi, index.chance),
    }


def _missing_p(missing: tuple[int, int], rows: tuple[int, int]) -> float:
    if missing == (0, 0) or missing == rows:
        return 1.0
    there = (rows[0] - missing[0], rows[1] - missing[1])
    if min(*missing, *there) >= _LEAST_EXPECTED:
        return float(stats.chi2_contingency([missing, there], correction=False).pvalue)
    return float(stats.fisher_exact(np.array([missing, there])).pvalue)


def _control(rows: dict[str, dict[str, Any]], limits: DriftLimits) -> None:
    """Add what needs all columns at once: p values after control, and the verdicts from them."""
    q = benjamini_hochberg(np.array([row["p"] for row in rows.values()]))
    missing_q = benjamini_hochberg(np.array([row["missing_p"] for row in rows.values()]))
    for row, own, missing in zip(rows.values(), q, missing_q, strict=True):
        change = abs(row["missing_current"] - row["missing_reference"])
        row["q"], row["missing_q"] = float(own), float(missing)
        row["differs"] = bool(own < limits.false_discoveries)
        row["missing_changed"] = bool(
            change > limits.missing and missing < limits.false_discoveries
        )


def _overall(rows: dict[str, dict[str, Any]]) -> dict[str, Any]:
    named = {
        verdict: [name for name, row in rows.items() if row[verdict]]
        for verdict in ("moved", "differs", "missing_changed")
    }
    drifted = [name for name in named["moved"] if name in named["differs"]]
    by_ks = [row["statistic"] for row in rows.values() if row["test"] == "ks" and row["differs"]]
    return {
        **named,
        "drifted": drifted,
        "share_drifted": len(drifted) / len(rows),
        "max_psi": max((row["psi"] for row in rows.values() if row["differs"]), default=0.0),
        "max_ks": max(by_ks, default=0.0),
        "drift": bool(drifted or named["missing_changed"]),
    }


def _contingency(reference: pl.Series, current: pl.Series) -> npt.NDArray[np.float64]:
    """Return counts of both lists by category, shape (2, k), the rare ones as one."""
    old, new = (dict(values.value_counts().iter_rows()) for values in (reference, current))
    names = sorted({*old, *new})
    table = np.array([[counts.get(n, 0) for n in names] for counts in (old, new)], dtype=float)
    if not table.size:
        return table.reshape(2, 0)
    shares = table.sum(axis=1, keepdims=True) / table.sum()
    rare = (shares * table.sum(axis=0) < _LEAST_EXPECTED).any(axis=0)
    pooled = np.column_stack([table[:, ~rare], table[:, rare].sum(axis=1)])
    return pooled[:, pooled.sum(axis=0) > 0]


def _refuse_nothing(reference: pl.DataFrame, current: pl.DataFrame) -> None:
    for name, table in (("reference", reference), ("present", current)):
        if not table.height:
            message = f"The {name} table has no rows, so nothing can be said of drift."
            raise InputError(message)
    if not set(reference.columns) & set(current.columns):
        message = "The reference and the present table share no column."
        hint = f"The reference has {', '.join(reference.columns[:10])}."
        raise InputError(message, hint=hint)
