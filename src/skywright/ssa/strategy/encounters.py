"""Many conjunctions at once, as arrays: read, checked, and laid in their encounter planes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.errors import InputError
from skywright.orbits.frames import rtn_basis
from skywright.ssa.conjunction.conjunction import Conjunction
from skywright.ssa.strategy.impulse import GM_KM3_S2, kepler_step, transition

F64 = npt.NDArray[np.float64]

_AXES = ("x", "y", "z")
_VARIANCES = ("rr", "tt", "nn", "rt", "rn", "tn")
_PLACES = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))

COLUMNS = (
    "id",
    "hard_body_radius_km",
    *(f"{o}_j2k_{c}_km" for o in "ps" for c in _AXES),
    *(f"{o}_j2k_v{c}_km_s" for o in "ps" for c in _AXES),
    *(f"{o}_c_{v}_km2" for o in "ps" for v in _VARIANCES),
)
"""Columns of a table of conjunctions; ``asset``, ``time_to_tca_s`` and ``tca_utc`` may be added."""

_LEAST_R_KM, _MOST_R_KM = 6400.0, 500_000.0
_LEAST_SPEED_KM_S = 1e-3
_MOST_SIGMA_KM = 1000.0


@dataclass(frozen=True)
class Encounters:
    """Conjunctions of own satellites; the first state is the own one."""

    ids: tuple[str, ...]
    assets: tuple[str, ...]
    """Own satellite of each; conjunctions of one are weighed together. Empty: on its own."""
    own: F64
    """(n, 6) km, km/s."""
    other: F64
    """(n, 6) km, km/s."""
    covariance: F64
    """Sum of both position covariances, inertial; (n, 3, 3) km2."""
    hbr_km: F64
    time_to_tca_s: F64
    """From now; infinite where unknown."""
    tca_utc: tuple[datetime | None, ...] = ()
    """Closest approaches, UTC; needed only to screen the orbit after a burn."""
    frames: tuple[str, ...] = ()
    """Frame of the states; ``EME2000`` where not told."""
    numbers: tuple[tuple[int, ...], ...] = ()
    """Catalogue numbers of both objects, where the messages tell them."""

    def __len__(self) -> int:
        """Return how many."""
        return len(self.ids)

    @cached_property
    def of_asset(self) -> dict[str, list[int]]:
        """Rows of each named own satellite."""
        told: dict[str, list[int]] = {}
        for k, one in enumerate(self.assets):
            if one:
                told.setdefault(one, []).append(k)
        return told

    @cached_property
    def period_s(self) -> F64:
        """Of the own orbits [s]."""
        speed2 = np.sum(self.own[:, 3:] ** 2, axis=1)
        a = 1.0 / (2.0 / np.linalg.norm(self.own[:, :3], axis=1) - speed2 / GM_KM3_S2)
        return np.asarray(2.0 * np.pi * np.sqrt(a**3 / GM_KM3_S2))

    @property
    def relative(self) -> F64:
        """The other from the own; (n, 6)."""
        return np.asarray(self.other - self.own)

    def rows(self, chosen: Sequence[int] | npt.NDArray[np.int64]) -> Encounters:
        """Return some of them."""
        k = np.asarray(chosen, dtype=np.int64)
        return Encounters(
            tuple(self.ids[j] for j in k),
            tuple(self.assets[j] for j in k),
            self.own[k],
            self.other[k],
            self.covariance[k],
            self.hbr_km[k],
            self.time_to_tca_s[k],
            tuple(self.tca_utc[j] for j in k) if self.tca_utc else (),
            tuple(self.frames[j] for j in k) if self.frames else (),
            tuple(self.numbers[j] for j in k) if self.numbers else (),
        )


@dataclass(frozen=True, slots=True)
class Planes:
    """Encounter planes: offset of the other from the own, and its uncertainty."""

    axes: F64
    """(n, 2, 3) unit vectors."""
    miss_km: F64
    """(n, 2)."""
    covariance_km2: F64
    """(n, 2, 2)."""


def planes(some: Encounters) -> Planes:
    """Return the planes across the relative velocities; the first axis lies along the offset."""
    r, v = some.relative[:, :3], some.relative[:, 3:]
    along = v / np.linalg.norm(v, axis=1, keepdims=True)
    offset = r - along * np.sum(r * along, axis=1, keepdims=True)
    length = np.linalg.norm(offset, axis=1, keepdims=True)
    least = np.eye(3)[np.argmin(np.abs(along), axis=1)]
    spare = least - along * np.sum(least * along, axis=1, keepdims=True)
    offset = np.where(length > 1e-12, offset, spare)
    first = offset / np.linalg.norm(offset, axis=1, keepdims=True)
    axes = np.stack([first, np.cross(along, first)], axis=1)
    return Planes(
        axes,
        np.einsum("nij,nj->ni", axes, r),
        np.einsum("nij,njk,nlk->nil", axes, some.covariance, axes),
    )


def responses(some: Encounters, at: Planes, before_s: F64) -> F64:
    """Return how impulses in own axes move the own satellite in the plane; (n, 2, 3) [km per km/s].

    Parameters
    ----------
    some, at
        Conjunctions and their planes.
    before_s : (n,) array
        Time of the impulse before the closest approach [s].
    """
    burn = kepler_step(some.own, -before_s)
    moved = np.einsum("nij,nkj->nik", transition(burn, before_s), rtn_basis(burn))
    return np.asarray(np.einsum("nij,njk->nik", at.axes, moved))


def from_table(table: pl.DataFrame) -> Encounters:
    """Return the conjunctions of a table.

    Raises
    ------
    InputError
        If a column is missing, or a value cannot be what its name says; names row and column.
    """
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        message = f"The table of conjunctions lacks the column {missing[0]}."
        raise InputError(message, hint=f"Needed are: {', '.join(COLUMNS)}.")
    if table.is_empty():
        message = "The table of conjunctions has no row; at least one is needed."
        raise InputError(message)
    ids = tuple(str(one) for one in table["id"])
    for name in COLUMNS[1:]:
        if not table[name].dtype.is_numeric():
            message = f"{name} must be numbers, got {table[name].dtype}."
            raise InputError(message)
        values = table[name].cast(pl.Float64).to_numpy()
        _refuse_first(ids, name, values, ~np.isfinite(values), "a finite number")
    states = [
        np.column_stack(
            [table[f"{o}_j2k_{c}_km"].to_numpy() for c in _AXES]
            + [table[f"{o}_j2k_v{c}_km_s"].to_numpy() for c in _AXES]
        ).astype(np.float64)
        for o in "ps"
    ]
    named = [_matrices(table, o) for o in "ps"]
    n = len(ids)
    assets = (
        table["asset"].cast(pl.String).fill_null("").to_list() if "asset" in table else [""] * n
    )
    times = (
        table["time_to_tca_s"].cast(pl.Float64).fill_null(math.inf).to_numpy()
        if "time_to_tca_s" in table
        else np.full(n, math.inf)
    )
    hbr = table["hard_body_radius_km"].cast(pl.Float64).to_numpy()
    _check(ids, states, hbr, times)
    for o, matrices in zip("ps", named, strict=True):
        _check_covariance(ids, o, matrices)
    turned = [
        np.einsum("nji,njk,nkl->nil", rtn_basis(s), c, rtn_basis(s))
        for s, c in zip(states, named, strict=True)
    ]
    both = turned[0] + turned[1]
    when = _moments(table)
    return Encounters(ids, tuple(assets), states[0], states[1], both, hbr, times, when)


def _moments(table: pl.DataFrame) -> tuple[datetime | None, ...]:
    if "tca_utc" not in table.columns:
        return ()
    if not isinstance(table.schema["tca_utc"], pl.Datetime):
        message = f"tca_utc must be datetimes in UTC, got {table.schema['tca_utc']}."
        raise InputError(message)
    return tuple(table["tca_utc"].dt.replace_time_zone(None).to_list())


def from_messages(some: Sequence[Conjunction]) -> Encounters:
    """Return conjunctions read from messages; the first object of each is the own satellite."""
    if not some:
        message = "No conjunction was given; at least one is needed."
        raise InputError(message)
    ids = tuple(one.name for one in some)
    states = [np.stack([one.states[k] for one in some]) for k in (0, 1)]
    hbr = np.array([one.hbr_m * 1e-3 for one in some])
    times = np.full(len(some), math.inf)
    _check(ids, states, hbr, times)
    covariance = np.stack([one.covariances[:, :3, :3].sum(axis=0) for one in some])
    return Encounters(
        ids,
        ("",) * len(some),
        states[0],
        states[1],
        covariance,
        hbr,
        times,
        tuple(one.tca_utc for one in some),
        tuple(one.frame for one in some),
        tuple(tuple(int(n) for n in one.names if n.isdigit()) for one in some),
    )


def read_encounters(path: Path) -> Encounters:
    """Read a table (.parquet, .csv) or messages (a .cdm file, or a folder of them)."""
    if path.suffix.lower() == ".parquet":
        return from_table(pl.read_parquet(path))
    if path.suffix.lower() == ".csv":
        return from_table(pl.read_csv(path))
    from skywright.ssa.conjunction.conjunction import conjunction_of
    from skywright.ssa.records.cdm import read_cdm

    files = sorted(path.glob("*.cdm")) if path.is_dir() else [path]
    return from_messages([conjunction_of(read_cdm(one)) for one in files])


def _matrices(table: pl.DataFrame, o: str) -> F64:
    out = np.empty((table.height, 3, 3))
    for name, (i, j) in zip(_VARIANCES, _PLACES, strict=True):
        out[:, i, j] = out[:, j, i] = table[f"{o}_c_{name}_km2"].cast(pl.Float64).to_numpy()
    return out


def _check(ids: tuple[str, ...], states: list[F64], hbr: F64, times: F64) -> None:
    for o, state in zip("ps", states, strict=True):
        r, speed = (np.linalg.norm(state[:, part], axis=1) for part in (slice(0, 3), slice(3, 6)))
        allowed = f"{_LEAST_R_KM:g} to {_MOST_R_KM:g} km from the Earth's centre (are these km?)"
        bad = ~((r > _LEAST_R_KM) & (r < _MOST_R_KM))
        _refuse_first(ids, f"{o}_j2k_x_km, y, z: the distance", r, bad, allowed)
        bound = (speed**2 < 2.0 * GM_KM3_S2 / r) & (speed > 0.1)
        told = f"{o}_j2k_vx_km_s, vy, vz: the speed"
        _refuse_first(ids, told, speed, ~bound, "that of a closed orbit (are these km/s?)")
    hbr_bad = ~((hbr > 0.0) & (hbr < 1.0))
    _refuse_first(ids, "hard_body_radius_km", hbr, hbr_bad, "more than 0 and less than 1 km")
    between = np.linalg.norm(states[1][:, :3] - states[0][:, :3], axis=1)
    _refuse_first(ids, "the distance of both", between, between > 1000.0, "below 1000 km")
    speed = np.linalg.norm(states[1][:, 3:] - states[0][:, 3:], axis=1)
    slow = "above 1 m/s (a slow neighbour needs e/i-vector separation, not one encounter)"
    _refuse_first(ids, "the relative speed", speed, speed < _LEAST_SPEED_KM_S, slow)
    _refuse_first(ids, "time_to_tca_s", times, ~(times > 0.0), "more than 0: it lies ahead")


def _check_covariance(ids: tuple[str, ...], o: str, matrices: F64) -> None:
    sigma2 = np.einsum("nii->ni", matrices)
    for k, name in enumerate(_VARIANCES[:3]):
        column, value = f"{o}_c_{name}_km2", sigma2[:, k]
        _refuse_first(ids, column, value, ~(value > 0.0), "more than 0: it is a variance")
        most = f"below {_MOST_SIGMA_KM:g}^2 km2 (are these km2?)"
        _refuse_first(ids, column, value, value > _MOST_SIGMA_KM**2, most)
    least = np.linalg.eigvalsh(matrices / np.sqrt(sigma2[:, :, None] * sigma2[:, None, :]))[:, 0]
    names = f"{o}_c_rr_km2 to {o}_c_tn_km2: the least eigenvalue of the correlations"
    _refuse_first(ids, names, least, least < -1e-6, "0 or more: a covariance is not negative")


def _refuse_first(
    ids: tuple[str, ...], name: str, values: F64, bad: npt.NDArray[np.bool_], allowed: str
) -> None:
    if not bad.any():
        return
    k = int(np.flatnonzero(bad)[0])
    message = f"Conjunction {ids[k]}: {name} must be {allowed}, got {values[k]:g}."
    raise InputError(message)
