"""Sentry triage: which objects deserve a Monte Carlo run first.

The answer is the probability that an object is on JPL's Sentry list some years after its orbit was
published, learned from orbits of 2019 and the list of December 2022. It is not an impact
probability. Two models: one for orbits whose quality is known (arc, observations, condition code),
one for bare elements.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.foundry.onnx_session import run_onnx
from skywright.foundry.registry import in_use
from skywright.neo.columns import numbers, perihelia
from skywright.orbits.timescales import jd_tdb_from_text

F64 = npt.NDArray[np.float64]

NAME = "neo-triage"
"""Name of the model in the registry."""

ORBIT_FEATURES = (
    "log10_moid", "log10_moid2", "h_mag", "a_au", "e", "i_deg", "q_au", "aphelion_au", "v_inf_km_s",
    "focusing", "log10_opik", "log10_moid_in_capture_radii", "moid_from_perihelion_deg",
)  # fmt: skip
"""What bare elements and H tell."""

QUALITY_FEATURES = (
    "condition_code", "log10_arc_d", "log10_n_obs", "n_opp", "rms_arcsec", "unseen_d",
    "observations_per_day",
)  # fmt: skip
"""What is known of the observations."""

_EARTH_SPEED_KM_S = 29.78
_ESCAPE_KM_S = 11.18
_EARTH_RADIUS_AU = 4.2635e-5


def triage_probability(table: pl.DataFrame, moids: pl.DataFrame, folder: Path | None = None) -> F64:
    """Return the probability to be on the Sentry list some years later, shape (n,).

    Parameters
    ----------
    table : polars.DataFrame
        Elements in degrees and, as far as known, the quality of the orbit under the names of this
        package or of the Minor Planet Center's list.
    moids : polars.DataFrame
        The same rows with ``moid_au``, ``moid2_au`` and ``nu_deg``.
    folder : pathlib.Path, optional
        A model folder; by default the model in use.

    Returns
    -------
    ndarray, shape (n,)
        NaN where H is unknown.
    """
    if table.height == 0:
        return np.empty(0)
    folder = folder or in_use(NAME)
    orbit, quality = orbit_features(table, moids), quality_features(table)
    known = np.isfinite(quality[:, :3]).any(axis=1)  # condition code, arc, observations
    answer = _calibrated(folder, "bare", orbit)
    if known.any():
        full = np.concatenate([orbit[known], quality[known]], axis=1)
        answer[known] = _calibrated(folder, "full", full)
    answer[np.isnan(orbit[:, 2])] = np.nan
    return answer


def orbit_features(table: pl.DataFrame, moids: pl.DataFrame) -> npt.NDArray[np.float32]:
    """Return the features of bare elements, shape (n, 13); NaN where H is unknown."""
    e, i = numbers(table, "e"), np.radians(numbers(table, "i_deg"))
    q = perihelia(table)
    inverse_a = (1 - e) / q
    p = q * (1 + e)
    tisserand = inverse_a + 2 * np.sqrt(p) * np.cos(i)
    relative = np.sqrt(np.clip(3 - tisserand, 1e-2, None))
    radial = np.sqrt(np.clip(2 - inverse_a - p, 1e-4, None))
    v_inf = _EARTH_SPEED_KM_S * np.sqrt(np.clip(3 - tisserand, 1e-3, None))
    focusing = np.sqrt(1 + (_ESCAPE_KM_S / v_inf) ** 2)
    period = np.clip(inverse_a, 1e-3, None) ** -1.5
    opik = (
        _EARTH_RADIUS_AU * focusing * relative / (np.sin(np.clip(i, 3e-3, None)) * radial * period)
    )
    moid, moid2 = (np.clip(numbers(moids, name), 1e-6, None) for name in ("moid_au", "moid2_au"))
    nu = np.abs((numbers(moids, "nu_deg") + 180) % 360 - 180)
    h_mag = _first(table, ("h_mag",))
    a = 1 / np.where(np.abs(inverse_a) > 1e-3, inverse_a, 1e-3)
    aphelion = (1 + e) / np.clip(inverse_a, 1e-3, None)
    columns = [
        np.log10(moid),
        np.log10(moid2),
        h_mag,
        a,
        e,
        np.degrees(i),
        q,
        aphelion,
        v_inf,
        focusing,
        np.log10(opik),
        np.log10(moid / (_EARTH_RADIUS_AU * focusing)),
        nu,
    ]
    return np.column_stack(columns).astype(np.float32)


def quality_features(table: pl.DataFrame) -> npt.NDArray[np.float32]:
    """Return the features of the observations, shape (n, 7); NaN where unknown."""
    code = _first(table, ("condition_code", "u_code"))
    arc, n_obs = _arc_d(table), _first(table, ("n_obs", "n_obs_used"))
    columns = [
        code,
        np.log10(arc + 0.1),
        np.log10(np.clip(n_obs, 1, None)),
        _first(table, ("n_opp",)),
        _first(table, ("rms_arcsec", "rms")),
        _unseen_d(table),
        n_obs / (arc + 1),
    ]
    return np.column_stack(columns).astype(np.float32)


def calibrate(raw: F64, slope: float, intercept: float) -> F64:
    """Return probabilities whose log-odds are ``slope`` times those of ``raw`` plus a constant."""
    safe = np.clip(raw, 1e-7, 1 - 1e-7)
    logit = slope * np.log(safe / (1 - safe)) + intercept
    return np.asarray(1 / (1 + np.exp(-logit)), np.float64)


def _calibrated(folder: Path, part: str, features: npt.NDArray[np.float32]) -> F64:
    raw = raw_probability(folder / f"{part}.onnx", features)
    numbers_ = _card(folder)["calibration"][part]
    return calibrate(raw, float(numbers_["slope"]), float(numbers_["intercept"]))


def raw_probability(path: Path, features: npt.NDArray[np.float32]) -> F64:
    """Return what one exported model says before calibration, shape (n,)."""
    return np.asarray(run_onnx(path, {"features": features})[1][:, 1], np.float64)


@lru_cache(maxsize=8)
def _card(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "card.json").read_text(encoding="utf-8")))


def _first(table: pl.DataFrame, names: tuple[str, ...]) -> F64:
    """Return the first of the columns that is there, as numbers; text that is none becomes NaN."""
    values = np.full(table.height, np.nan)
    for name in reversed(names):
        if name in table.columns:
            given = table[name].cast(pl.Float64, strict=False).to_numpy().astype(np.float64)
            values = np.where(np.isnan(given), values, given)
    return values


def _arc_d(table: pl.DataFrame) -> F64:
    """Return the observed arc [d]: a number of days, or text such as ``1893-2019``."""
    arc = _first(table, ("arc_d", "arc_days", "data_arc"))
    if "arc_years" not in table.columns:
        return arc
    for k in np.flatnonzero(np.isnan(arc)):
        years = re.fullmatch(r"(\d{4})-(\d{4})", str(table["arc_years"][int(k)]))
        if years:
            arc[k] = (int(years[2]) - int(years[1]) + 0.5) * 365.25
    return arc


def _unseen_d(table: pl.DataFrame) -> F64:
    """Return the days from the last observation to the epoch; NaN where one is unknown."""
    unseen = np.full(table.height, np.nan)
    if "last_obs" not in table.columns or "epoch_jd_tdb" not in table.columns:
        return unseen
    epoch = numbers(table, "epoch_jd_tdb")
    for k, text in enumerate(table["last_obs"].cast(pl.String).to_list()):
        date = re.fullmatch(r"(\d{4})-?(\d{2})-?(\d{2})", str(text))
        if date:
            unseen[k] = epoch[k] - jd_tdb_from_text("-".join(date.groups()))
    return unseen
