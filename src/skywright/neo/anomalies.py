"""Unusual objects: named oddities and statistical novelty, each with its reasons.

The novelty percentile joins two surprises and ranks them against the catalogue: how rare the
object's density is, and how rare its rarest named oddity. ``density_percentile`` is the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.errors import InputError
from skywright.neo.columns import ELEMENT_ANGLES, numbers, refuse_bad_elements, require_columns
from skywright.neo.coorbital import Coorbital, coorbital_states
from skywright.neo.explanation import Reasons, find_reasons, nearest, sentence, top_features
from skywright.neo.novelty import NoveltyModel, combined, load_model
from skywright.neo.novelty_features import (
    Population,
    physical_features,
    population_of,
    scaled_matrix,
)
from skywright.neo.objects import Orbits, designations, has_elements
from skywright.neo.oddities import (
    Named,
    coorbital_rarity,
    name_oddities,
    rarity,
    reported_dark_comets,
)

F64 = npt.NDArray[np.float64]

CLONES = 30
"""Draws of an uncertain orbit."""

UNCERTAIN_CODE = 7
"""Condition code (0 to 9) from which an orbit is too uncertain to be called anomalous."""

_SEED = 20_241_006
_DEFAULT_EPOCH = 2_460_600.5  # of the training catalogue; the Earth's orbit hardly depends on it
_SIGMAS = {
    "q_au": ("sigma_q_au", "sigma_q"),
    "e": ("sigma_e",),
    "i_deg": ("sigma_i_deg", "sigma_i"),
    "node_deg": ("sigma_node_deg", "sigma_om"),
    "peri_deg": ("sigma_peri_deg", "sigma_w"),
}


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of n objects before they are put into words."""

    percentile: F64
    """Novelty percentile in [0, 100], shape (n,)."""
    density_percentile: F64
    """Percentile of the density surprise alone, shape (n,)."""
    low: F64
    """Least percentile of the clones; NaN without uncertainties, shape (n,)."""
    high: F64
    """Largest percentile of the clones, shape (n,)."""
    flagged: npt.NDArray[np.bool_]
    """Above the contamination threshold, uncertain orbits suppressed, shape (n,)."""


def add_anomalies(
    table: pl.DataFrame,
    *,
    contamination: float = 0.01,
    threads: int = 0,
    model: NoveltyModel | None = None,
) -> pl.DataFrame:
    """Score objects against the catalogue of near-Earth objects and say why.

    Parameters
    ----------
    table : polars.DataFrame
        Elements (a_au or q_au, e, i_deg, node_deg, peri_deg; heliocentric ecliptic J2000) or a
        Cartesian state; epoch_jd_tdb and mean_anomaly_deg or tp_jd_tdb are needed to recognise
        co-orbitals. Optional: designation, h_mag, albedo, diameter_km, rot_per_h, a1_au_d2,
        a2_au_d2, a3_au_d2, condition_code, covariance or sigma_* columns.
    contamination : float
        Share of the catalogue that counts as anomalous, in (0, 0.5]; sets ``flagged``.
    threads : int
        Threads to use; 0 for all cores.
    model : NoveltyModel, optional
        By default the model in use.

    Returns
    -------
    polars.DataFrame
        The table with ``novelty_percentile``, ``oddities``, ``explanation``, ``top_features``,
        ``density_percentile``, ``novelty_low``, ``novelty_high``, ``flagged``, ``neighbours`` and
        ``feature_drops`` (what repairing each of ``REASONS`` takes away).

    Raises
    ------
    InputError
        If a column is missing or a value is not allowed; names the row, field and value.
    """
    _refuse_bad_contamination(contamination)
    model = model or load_model()
    objects, states = _read(table, threads)
    names = list(designations(table))
    features = physical_features(objects, threads=threads)
    x = scaled_matrix(features)
    coorbital = coorbital_rarity(model, states)
    listed = np.where(reported_dark_comets(names), np.log10(model.size), 0.0)
    known = np.maximum(coorbital, listed)
    scores = _scores(model, table, objects, features, x, known, contamination)
    named = name_oddities(model, features, objects, states, names)
    reasons = find_reasons(model, objects, features, x, coorbital, threads=threads)
    tops = top_features(reasons)
    neighbours = nearest(model, x, names)
    texts = _texts(model, reasons, features, named, tops, neighbours, scores)
    return table.with_columns(
        novelty_percentile=pl.Series(scores.percentile),
        oddities=pl.Series([n.names for n in named], dtype=pl.List(pl.String)),
        explanation=pl.Series(texts, dtype=pl.String),
        top_features=pl.Series(tops, dtype=pl.List(pl.String)),
        density_percentile=pl.Series(scores.density_percentile),
        novelty_low=pl.Series(scores.low).fill_nan(None),
        novelty_high=pl.Series(scores.high).fill_nan(None),
        flagged=pl.Series(scores.flagged),
        neighbours=pl.Series(neighbours, dtype=pl.List(pl.String)),
        feature_drops=pl.Series(reasons.drops.tolist(), dtype=pl.List(pl.Float64)),
    )


def score_objects(
    objects: Sequence[dict[str, Any]], contamination: float = 0.01
) -> list[dict[str, Any]]:
    """Score objects given as dictionaries of the same columns; one answer each, in order.

    Raises
    ------
    InputError
        As :func:`add_anomalies`.
    """
    if not objects:
        return []
    table = pl.DataFrame(list(objects), infer_schema_length=None, strict=False)
    scored = add_anomalies(table, contamination=contamination)
    kept = ["designation"] if "designation" in table.columns else []
    return scored.select(*kept, *scored.columns[-_ANSWERS:]).to_dicts()


_ANSWERS = 10


def _refuse_bad_contamination(contamination: float) -> None:
    if not 0.0 < contamination <= 0.5:
        message = (
            f"contamination = {contamination:g} must lie in (0, 0.5]: it is the share of the "
            "catalogue that counts as anomalous."
        )
        raise InputError(message)


def _read(table: pl.DataFrame, threads: int) -> tuple[Population, list[Coorbital | None]]:
    """Read the objects; follow those near 1 au where the table says where they are."""
    if table.height == 0:
        message = "The table has no rows; give at least one object."
        raise InputError(message)
    if "e" not in table.columns and "x_au" in table.columns:
        orbits = Orbits.from_table(table, command="neo anomalies")
        table = _with_elements(table, orbits)
    require_columns(table, ("e", *ELEMENT_ANGLES), "neo anomalies")
    refuse_bad_elements(table)
    epoch = _epochs(table)
    objects = population_of(table, epoch)
    nothing: list[Coorbital | None] = [None] * table.height
    if not has_elements(table):
        return objects, nothing
    a, i = objects.a_au, np.radians(objects.i_deg)
    near = np.flatnonzero((np.abs(a - 1.0) < 0.05) & (objects.e < 1.0))
    if near.size == 0:
        return objects, nothing
    fixed = table.with_columns(q_au=pl.Series(objects.q_au), epoch_jd_tdb=pl.Series(epoch))
    orbits = Orbits.from_table(fixed[near], command="neo anomalies")
    found = coorbital_states(
        orbits.states, orbits.epoch_jd_tdb, a[near], objects.e[near], i[near], threads=threads
    )
    for k, state in zip(near, found, strict=True):
        nothing[int(k)] = state
    return objects, nothing


def _with_elements(table: pl.DataFrame, orbits: Orbits) -> pl.DataFrame:
    own = orbits.elements
    return table.with_columns(
        q_au=pl.Series(own.q_au),
        e=pl.Series(own.e),
        i_deg=pl.Series(np.degrees(own.i)),
        node_deg=pl.Series(np.degrees(own.node)),
        peri_deg=pl.Series(np.degrees(own.peri)),
        tp_jd_tdb=pl.Series(own.tp_jd_tdb),
    )


def _epochs(table: pl.DataFrame) -> F64:
    if "epoch_jd_tdb" not in table.columns:
        return np.full(table.height, _DEFAULT_EPOCH)
    return np.nan_to_num(numbers(table, "epoch_jd_tdb"), nan=_DEFAULT_EPOCH)


def _scores(
    model: NoveltyModel,
    table: pl.DataFrame,
    objects: Population,
    features: dict[str, F64],
    x: F64,
    known: F64,
    contamination: float,
) -> Scores:
    density = model.density_surprise(x)
    both = combined(density, np.maximum(rarity(model, features, objects), known))
    percentile = _percentile(model.combined_tail.surprise(both))
    low, high = _spread(model, table, objects, known)
    threshold = 100.0 * (1.0 - contamination)
    sure = _codes(table) < UNCERTAIN_CODE
    agreed = np.where(np.isfinite(low), low >= threshold, False)
    return Scores(
        percentile=percentile,
        density_percentile=_percentile(density),
        low=low,
        high=high,
        flagged=(percentile >= threshold) & (sure | agreed),
    )


def _percentile(surprise: F64) -> F64:
    return np.asarray(100.0 * (1.0 - 10.0**-surprise), dtype=np.float64)


def _codes(table: pl.DataFrame) -> F64:
    if "condition_code" not in table.columns:
        return np.zeros(table.height)
    codes = table["condition_code"].cast(pl.Float64, strict=False).to_numpy()
    return np.asarray(np.nan_to_num(codes, nan=0.0), dtype=np.float64)


def _spread(
    model: NoveltyModel, table: pl.DataFrame, objects: Population, known: F64
) -> tuple[F64, F64]:
    """Score clones of the orbits whose uncertainty is known; the co-orbital state is kept."""
    low = np.full(len(objects), np.nan)
    high = low.copy()
    roots = _roots(table)
    rows = np.flatnonzero(
        np.isfinite(roots).all(axis=(1, 2)) & (np.abs(roots).max(axis=(1, 2)) > 0)
    )
    if rows.size == 0:
        return low, high
    draws = np.random.default_rng(_SEED).standard_normal((CLONES, 5))
    shifts = np.einsum("nij,cj->nci", roots[rows], draws).reshape(-1, 5)
    clones = _shifted(objects.take(np.repeat(rows, CLONES)), shifts)
    features = physical_features(clones)
    odd = np.maximum(rarity(model, features, clones), np.repeat(known[rows], CLONES))
    both = combined(model.density_surprise(scaled_matrix(features)), odd)
    each = _percentile(model.combined_tail.surprise(both)).reshape(-1, CLONES)
    low[rows], high[rows] = each.min(axis=1), each.max(axis=1)
    return low, high


def _roots(table: pl.DataFrame) -> F64:
    """Square roots of the covariances of q, e, i, node, peri [au, deg], shape (n, 5, 5)."""
    roots = np.full((table.height, 5, 5), np.nan)
    if "covariance" in table.columns and has_elements(table):
        orbits = Orbits.from_table(table, command="neo anomalies")
        order = [1, 0, 5, 3, 4]  # from e, q, tp, node, peri, i
        for k, matrix in enumerate(orbits.covariance):
            if matrix is not None and orbits.covariance_over == "elements":
                values, vectors = np.linalg.eigh(matrix[np.ix_(order, order)])
                roots[k] = vectors * np.sqrt(np.maximum(values, 0.0))
        return roots
    columns = [next((n for n in names if n in table.columns), None) for names in _SIGMAS.values()]
    if all(column is not None for column in columns):
        sigmas = np.column_stack([numbers(table, str(column)) for column in columns])
        roots = np.zeros((table.height, 5, 5))
        roots[:, range(5), range(5)] = np.abs(sigmas)
    return roots


def _shifted(objects: Population, shifts: F64) -> Population:
    return replace(
        objects,
        q_au=np.maximum(objects.q_au + shifts[:, 0], 1e-4),
        e=np.maximum(objects.e + shifts[:, 1], 0.0),
        i_deg=np.clip(objects.i_deg + shifts[:, 2], 0.0, 180.0),
        node_deg=objects.node_deg + shifts[:, 3],
        peri_deg=objects.peri_deg + shifts[:, 4],
    )


def _texts(
    model: NoveltyModel,
    reasons: Reasons,
    features: dict[str, F64],
    named: list[Named],
    tops: list[list[str]],
    neighbours: list[list[str]],
    scores: Scores,
) -> list[str]:
    texts = []
    for k, own in enumerate(named):
        percentile = float(scores.percentile[k])
        text = sentence(model, reasons, k, features, own, tops[k], neighbours[k], percentile)
        if np.isfinite(scores.low[k]) and scores.high[k] - scores.low[k] > 1.0:
            spread = f"{scores.low[k]:.1f} to {scores.high[k]:.1f}"
            text += f" The orbit is uncertain: {CLONES} clones score {spread}."
        texts.append(text)
    return texts
