"""Orbit files of ESA's NEO Coordination Centre and NEODyS: OEF 2.0, with covariance.

Keplerian elements ``a, e, i, node, peri, M`` (au, deg) at a modified Julian date TDT; the lines COV
hold the upper triangle of the covariance, row by row, with solved dynamical parameters after the
six elements. We carry the covariance over to ``e, q, tp, node, peri, i``, which is exact to first
order, as the covariance itself is.

References
----------
OrbFit software documentation, "OEF: Orbit Elements File format", version 2.0.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.errors import InputError
from skywright.orbits.constants import GM_SUN
from skywright.orbits.elements import tp_from_mean_anomaly
from skywright.orbits.timescales import tdb_from_tt

F64 = npt.NDArray[np.float64]

_MJD_ZERO = 2_400_000.5
_NONGRAV_UNIT = 1e-10  # au/d^2, as the comment above NGR in the files says
_HEADER = re.compile(r"format\s*=\s*'OEF2\.0'")
_FRAME = re.compile(r"refsys\s*=\s*ECLM\s+J2000")


def looks_like_oef(text: str) -> bool:
    """Tell whether a text begins as an OEF file."""
    return re.match(r"\s*format\s*=\s*'OEF", text[:400]) is not None


def read_oef(text: str) -> pl.DataFrame:
    """Read every orbit of an OEF 2.0 file.

    Parameters
    ----------
    text : str
        Whole file (.ke0, .ke1).

    Returns
    -------
    polars.DataFrame
        ``designation, epoch_jd_tdb, a_au, q_au, e, i_deg, node_deg, peri_deg, mean_anomaly_deg,
        tp_jd_tdb, h_mag, g_slope, a2_au_d2, covariance`` (over e, q, tp, node, peri, i).

    Raises
    ------
    InputError
        If the file is of another version, frame or kind of elements, or is cut short.
    """
    head, separator, body = text.partition("END_OF_HEADER")
    _refuse_other_headers(head, ended=bool(separator))
    first_line = head.count("\n") + 1
    rows = [_row(block) for block in _blocks(body, first_line)]
    if not rows:
        message = "The OEF file holds no orbit after END_OF_HEADER; download it again."
        raise InputError(message)
    return pl.DataFrame(rows, schema_overrides={"covariance": pl.List(pl.Float64)})


def spaced(name: str) -> str:
    """Write ``2024YR4`` as ``2024 YR4``; other names stay."""
    return re.sub(r"^(\d{4})([A-Z]{2}\d*)$", r"\1 \2", name)


def _refuse_other_headers(head: str, *, ended: bool) -> None:
    if not ended:
        message = "The OEF file has no line END_OF_HEADER; it is cut short, download it again."
        raise InputError(message)
    if not _HEADER.search(head):
        message = f"Only OEF2.0 is known; the file begins with {head.strip()[:40]!r}."
        raise InputError(message)
    if not _FRAME.search(head):
        message = "The OEF file must have refsys = ECLM J2000 (ecliptic J2000)."
        raise InputError(message)


def _blocks(body: str, first_line: int) -> list[dict[str, Any]]:
    """Split into objects: a line that begins at the margin names the next one."""
    blocks: list[dict[str, Any]] = []
    for number, line in enumerate(body.splitlines(), start=first_line):
        words = line.split()
        if not words or line.startswith("!"):
            continue
        if not line.startswith(" "):
            blocks.append({"name": words[0].strip("'"), "line": number, "COV": []})
        elif not blocks:
            message = f"Line {number} of the OEF file comes before any object name: {line!r}."
            raise InputError(message)
        elif words[0] == "COV":
            blocks[-1]["COV"] += words[1:]
        else:
            blocks[-1].setdefault(words[0], words[1:])
    return blocks


def _row(block: dict[str, Any]) -> dict[str, Any]:
    try:
        return _orbit(block)
    except (KeyError, ValueError, IndexError) as error:
        message = (
            f"The orbit of {block['name']} (line {block['line']} of the OEF file) cannot be read: "
            f"{_reason(error)}. Keplerian orbits (KEP) are known; download the .ke1 file again."
        )
        raise InputError(message) from error


def _reason(error: Exception) -> str:
    return f"it has no line {error}" if isinstance(error, KeyError) else str(error)


def _orbit(block: dict[str, Any]) -> dict[str, Any]:
    a, e, i, node, peri, mean = (float(word) for word in block["KEP"][:6])
    if block["MJD"][1] not in {"TDT", "TT"}:
        message = f"the epoch is in {block['MJD'][1]}, not TDT"
        raise ValueError(message)
    epoch = float(tdb_from_tt(float(block["MJD"][0]) + _MJD_ZERO))
    mean_rad = (np.radians(mean) + np.pi) % (2 * np.pi) - np.pi
    magnitude = [float(word) for word in block.get("MAG", [])]
    nongrav = [float(word) * _NONGRAV_UNIT for word in block.get("NGR", [])]
    return {
        "designation": spaced(block["name"]),
        "epoch_jd_tdb": epoch,
        "a_au": a,
        "q_au": a * (1.0 - e),
        "e": e,
        "i_deg": i,
        "node_deg": node,
        "peri_deg": peri,
        "mean_anomaly_deg": mean,
        "tp_jd_tdb": float(tp_from_mean_anomaly(a, e, mean_rad, epoch)),
        "h_mag": magnitude[0] if magnitude else None,
        "g_slope": magnitude[1] if len(magnitude) > 1 else None,
        "a2_au_d2": nongrav[1] if len(nongrav) > 1 else None,
        "covariance": _covariance(block["COV"], a, e, float(mean_rad)),
    }


def _covariance(words: list[str], a: float, e: float, mean_rad: float) -> list[float] | None:
    if not words:
        return None
    n = int((np.sqrt(8 * len(words) + 1) - 1) / 2)
    if n < 6 or n * (n + 1) // 2 != len(words):
        message = f"{len(words)} numbers of COV are no upper triangle of six or more rows"
        raise ValueError(message)
    matrix = np.zeros((n, n))
    matrix[np.triu_indices(n)] = [float(word) for word in words]
    matrix = (matrix + np.triu(matrix, 1).T)[:6, :6]
    J = _perihelion_jacobian(a, e, mean_rad)
    full: F64 = J @ matrix @ J.T
    return [float(value) for value in (0.5 * (full + full.T)).ravel()]


def _perihelion_jacobian(a: float, e: float, mean_rad: float) -> F64:
    """Return d(e, q, tp, node, peri, i)/d(a, e, i, node, peri, M) in au, d and deg.

    From q = a (1 - e) and tp = epoch - M sqrt(a^3 / GM).
    """
    J = np.zeros((6, 6))
    J[0, 1] = 1.0
    J[1, 0], J[1, 1] = 1.0 - e, -a
    J[2, 0] = -1.5 * mean_rad * np.sqrt(abs(a) / GM_SUN) * np.sign(a)
    J[2, 5] = -np.radians(1.0) * np.sqrt(abs(a) ** 3 / GM_SUN)
    J[3, 3] = J[4, 4] = J[5, 2] = 1.0
    return J
