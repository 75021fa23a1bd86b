"""The two JSON shapes of JPL's Small-Body Database: one object, and a table of many.

A covariance belongs to elements and an epoch of its own, often years before those at the head of
the record; we take the two together. Its rows may include non-gravitational parameters; the block
over ``e, q, tp, node, peri, i`` is the marginal covariance of the orbit.

References
----------
ssd-api.jpl.nasa.gov/doc/sbdb.html (version 1.3) and /doc/sbdb_query.html (version 1.0).
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import polars as pl

from skywright.errors import InputError

_COMET = re.compile(r"\d+[PDI](-\w+)?/.+|[CPDXA]/-?\d+ [A-Z]{1,2}\d*(-\w+)?")
_LABELS = ("e", "q", "tp", "node", "peri", "i")
_NAMES = {
    "e": "e", "q": "q_au", "tp": "tp_jd_tdb", "node": "node_deg", "peri": "peri_deg", "i": "i_deg",
}  # fmt: skip
_LABEL_OF = {"om": "node", "w": "peri"}
_NONGRAV = {"A1": "a1_au_d2", "A2": "a2_au_d2", "A3": "a3_au_d2"}
_PHYSICAL = {
    "H": "h_mag", "G": "g_slope", "diameter": "diameter_km", "albedo": "albedo",
    "rot_per": "rot_per_h", "GM": "gm_km3_s2", "density": "density_g_cm3",
}  # fmt: skip
_WORDS = {"spec_B": "spec_B", "spec_T": "spec_T"}
QUERY_NAMES = {
    "pdes": "designation", "epoch": "epoch_jd_tdb", "a": "a_au", "q": "q_au", "i": "i_deg",
    "om": "node_deg", "w": "peri_deg", "ma": "mean_anomaly_deg", "tp": "tp_jd_tdb", "H": "h_mag",
    "H_sigma": "h_sigma", "G": "g_slope", "diameter": "diameter_km", "rot_per": "rot_per_h",
    "A1": "a1_au_d2", "A2": "a2_au_d2", "A3": "a3_au_d2", "data_arc": "arc_d",
    "n_obs_used": "n_obs", "moid": "moid_jpl_au", "t_jup": "t_jup_jpl", "class": "class_jpl",
    "GM": "gm_km3_s2", "diameter_sigma": "diameter_sigma_km",
}  # fmt: skip
"""Field of the query service: our column."""
_QUERY_TEXT = {
    "designation", "full_name", "name", "prefix", "class_jpl", "orbit_id", "spkid", "spec_B",
    "spec_T", "first_obs", "last_obs", "extent", "neo", "pha", "soln_date", "producer", "equinox",
}  # fmt: skip


def read_sbdb_object(payload: dict[str, Any]) -> dict[str, Any]:
    """Turn one answer of the object service into one row.

    Parameters
    ----------
    payload : dict
        Parsed JSON with ``object``, ``orbit`` and perhaps ``phys_par``.

    Returns
    -------
    dict
        Our columns; ``covariance`` is 36 numbers over e, q, tp, node, peri, i (au, d, deg).

    Raises
    ------
    InputError
        If a field that an orbit needs is missing or no number; names it.
    """
    about = payload.get("object") or {}
    name = about.get("fullname") or about.get("des") or "the object"
    try:
        return _object_row(payload, about)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        message = (
            f"The SBDB record of {name} has an unknown shape: {type(error).__name__} at {error}. "
            "The service may have changed, or the file may be incomplete."
        )
        raise InputError(message) from error


def _object_row(payload: dict[str, Any], about: dict[str, Any]) -> dict[str, Any]:
    orbit = payload["orbit"]
    block = orbit.get("covariance") or {}
    elements = _elements(orbit["elements"])
    epoch = orbit["epoch"]
    if block.get("data"):
        elements |= _elements(block["elements"]) if block.get("elements") else {}
        epoch = block.get("epoch") or epoch
    row: dict[str, Any] = {
        "designation": _designation(about),
        "full_name": about.get("fullname"),
        "epoch_jd_tdb": float(epoch),
    }
    row |= {_NAMES[label]: float(elements[label]) for label in _LABELS}
    row["a_au"] = row["q_au"] / (1.0 - row["e"]) if row["e"] != 1.0 else None
    row |= _parameters(orbit.get("model_pars"), _NONGRAV)
    row["nongrav_law"] = _nongrav_law(orbit.get("model_pars"))
    row |= _parameters(payload.get("phys_par"), _PHYSICAL)
    row |= _sigmas(payload.get("phys_par"))
    row |= _facts(orbit, about)
    row["covariance"] = _covariance(block)
    return row


def _designation(about: dict[str, Any]) -> str:
    """Return the designation; comets with their kind, as ``81P/Wild 2`` and ``C/2022 E3``."""
    comet = _COMET.match(str(about.get("fullname") or ""))
    return comet[0].strip() if comet else str(about["des"])


def _elements(entries: list[dict[str, Any]]) -> dict[str, Any]:
    return {_LABEL_OF.get(entry["name"], entry["name"]): entry["value"] for entry in entries}


def _parameters(entries: list[dict[str, Any]] | None, names: dict[str, str]) -> dict[str, Any]:
    found = {entry["name"]: entry.get("value") for entry in entries or []}
    row: dict[str, Any] = {ours: _number(found.get(theirs)) for theirs, ours in names.items()}
    if names is _PHYSICAL:
        row |= {ours: found.get(theirs) for theirs, ours in _WORDS.items()}
    return row


def _nongrav_law(entries: list[dict[str, Any]] | None) -> str | None:
    """Tell how A1 to A3 fall with distance: JPL sets k = 0, m = 2 for asteroids, else water ice.

    Marsden, Sekanina & Yeomans (1973), AJ 78, 211, is the law of comets.
    """
    found = {entry["name"]: _number(entry.get("value")) for entry in entries or []}
    if not set(found) & set(_NONGRAV):
        return None
    return "inverse square" if found.get("NK") == 0.0 and found.get("NM") == 2.0 else "water ice"


def _sigmas(entries: list[dict[str, Any]] | None) -> dict[str, Any]:
    found = {entry["name"]: entry.get("sigma") for entry in entries or []}
    return {
        "h_sigma": _number(found.get("H")),
        "diameter_sigma_km": _number(found.get("diameter")),
    }


def _facts(orbit: dict[str, Any], about: dict[str, Any]) -> dict[str, Any]:
    n_obs = _number(orbit.get("n_obs_used"))
    code = _number(orbit.get("condition_code"))
    return {
        "arc_d": _number(orbit.get("data_arc")),
        "n_obs": None if n_obs is None else int(n_obs),
        "condition_code": None if code is None else int(code),
        "moid_jpl_au": _number(orbit.get("moid")),
        "class_jpl": (about.get("orbit_class") or {}).get("code"),
        "orbit_id": orbit.get("orbit_id"),
        "soln_date": orbit.get("soln_date"),
    }


def _number(text: Any) -> float | None:
    """Read a number; ``None`` and words such as ``E`` (assumed) give ``None``."""
    try:
        return float(text)
    except (TypeError, ValueError):
        return None


def _covariance(block: dict[str, Any]) -> list[float] | None:
    if not block.get("data"):
        return None
    labels = [_LABEL_OF.get(label, label) for label in block["labels"]]
    full = np.asarray(block["data"], dtype=np.float64)
    if full.shape != (len(labels), len(labels)):
        message = f"the covariance is {full.shape}, its labels are {len(labels)}"
        raise ValueError(message)
    at = [labels.index(label) for label in _LABELS]
    return [float(value) for value in full[np.ix_(at, at)].ravel()]


def read_sbdb_query(payload: dict[str, Any]) -> pl.DataFrame:
    """Turn one answer of the query service into a table; its field names become ours.

    Raises
    ------
    InputError
        If the rows do not fit the fields, or a number cannot be read; names row and field.
    """
    fields, rows = payload.get("fields"), payload.get("data")
    if not isinstance(fields, list) or not isinstance(rows, list):
        message = "The SBDB query answer lacks 'fields' or 'data'; the service may have changed."
        raise InputError(message)
    bad = next((k for k, row in enumerate(rows) if len(row) != len(fields)), None)
    if bad is not None:
        message = (
            f"Row {bad + 1} of the SBDB query answer has {len(rows[bad])} cells for "
            f"{len(fields)} fields; the answer is damaged, fetch it again."
        )
        raise InputError(message)
    names = [QUERY_NAMES.get(str(field), str(field)) for field in fields]
    columns = [_query_column(name, [row[k] for row in rows]) for k, name in enumerate(names)]
    return pl.DataFrame(columns)


def _query_column(name: str, cells: list[Any]) -> pl.Series:
    text = pl.Series(name, [None if cell is None else str(cell) for cell in cells], pl.String)
    if name in {"neo", "pha"}:
        return text == "Y"
    if name in _QUERY_TEXT:
        return text.str.strip_chars()
    if name == "condition_code":
        return text.cast(pl.Int64, strict=False)
    values = text.cast(pl.Float64, strict=False)
    wrong = (values.is_null() & text.is_not_null()).arg_true()
    if not wrong.len():
        return values
    if name not in set(QUERY_NAMES.values()) | {"e"}:
        return text  # a field we do not use; keep it as it came
    k = int(wrong[0])
    message = f"Row {k + 1} of the SBDB query answer has {name} = {text[k]!r}, which is no number."
    raise InputError(message)
