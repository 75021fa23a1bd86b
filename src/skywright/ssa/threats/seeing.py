"""What is made of histories before anything is said of them: features, images, evidence.

An asset is prepared once for all objects beside it, and both stay until a new set comes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.foundry.registry import in_use
from skywright.ssa.behaviour.slots import Beside, burns_of, vector_of, window_of
from skywright.ssa.detection.detector import MODEL as MANOEUVRES
from skywright.ssa.detection.manoeuvres import manoeuvres_of
from skywright.ssa.detection.search import Search, search_of
from skywright.ssa.element_sets import COLUMNS, checked_history
from skywright.ssa.relative_track import received_by, track_of
from skywright.ssa.remembered import Remembered
from skywright.ssa.sets import Sets
from skywright.ssa.threats.circumstances import circumstances_of
from skywright.ssa.threats.images import CHANNELS, PIXELS, SCALARS, threat_images

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

_EVIDENCE_D = 60.0
_GRIDS = 3
_NO_IMAGES: F32 = np.zeros((len(CHANNELS), PIXELS, PIXELS), dtype=np.float32)
_NO_NUMBERS: F32 = np.zeros(len(SCALARS), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Tracked:
    """One satellite and what is known of it."""

    name: str
    history: pl.DataFrame
    """As in ``ssa.element_sets``."""
    cooperative: bool = False
    """Declared by the operator: docked, formation, own constellation. Never alarms."""
    planned_burns: pl.DataFrame | None = None
    """Of the asset: ``start_utc`` of burns that its operator planned."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """An asset beside which objects are looked at."""

    known: pl.DataFrame
    """Sets that had been received by the moment."""
    sets: Sets
    burns: F64
    """Those that its operator did not plan [d]."""
    digest: str
    """Of the sets."""
    states: Remembered[F64] = field(default_factory=lambda: Remembered(_GRIDS))
    """Its states on grids of times that many objects share."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of an object."""

    known: pl.DataFrame
    """Sets that had been received by the moment."""
    features: F64
    images: F32
    numbers: F32
    evidence: dict[str, Any]


_PREPARED: Remembered[Prepared] = Remembered(64)
_SEEN: Remembered[Seen] = Remembered(2048)


def prepared(asset: Tracked, at: datetime) -> Prepared:
    """Return an asset as it was known at a moment; once for many objects beside it.

    Raises
    ------
    InputError
        If nothing had been received of it, or its history is not one.
    """
    known = received_by(checked_history(asset.history), at, f"asset {asset.name}")
    digest = digest_of([known])
    planned = asset.planned_burns
    said = "" if planned is None else str(planned["start_utc"].to_list())
    key = (digest, str(in_use(MANOEUVRES)), at, said)
    return _PREPARED.of(
        key, lambda: Prepared(known, Sets.of(known), burns_of(known, at, planned), digest)
    )


def seen(asset: Prepared, tracked: Tracked, at: datetime, *, looks: bool) -> Seen:
    """Return what is seen of an object beside an asset.

    Parameters
    ----------
    asset : Prepared
        As from `prepared`, at the same moment.
    tracked : Tracked
        The object.
    at : datetime
        The moment, UTC.
    looks : bool
        Whether its images are wanted.

    Raises
    ------
    InputError
        If nothing had been received of it, or its history is not one.
    """
    known = received_by(checked_history(tracked.history), at, f"object {tracked.name}")
    found_by, burns = str(in_use(MANOEUVRES)), asset.burns.tobytes()
    key = (asset.digest, digest_of([known]), found_by, at, burns, looks)
    return _SEEN.of(key, lambda: _looked_at(asset, known, at, looks=looks))


def digest_of(tables: Sequence[pl.DataFrame]) -> str:
    """Return the SHA-256 of element sets."""
    digest = hashlib.sha256()
    for table in tables:
        for name in COLUMNS:
            digest.update(np.ascontiguousarray(table[name].to_numpy()).tobytes())
    return digest.hexdigest()


def _looked_at(asset: Prepared, known: pl.DataFrame, at: datetime, *, looks: bool) -> Seen:
    sets = Sets.of(known)
    track = track_of(asset.sets, sets, at, kept=asset.states)
    images, numbers = _NO_IMAGES, _NO_NUMBERS
    if looks:
        images, numbers = threat_images(asset.known, known, at, track=track)
    own, recent = window_of(sets, at), sets.rows(slice(_too_old(known, at), None))
    found = search_of(own)
    slots = vector_of(own, at, found, Beside(asset.sets, asset.burns, track))
    features = np.concatenate([slots, circumstances_of(asset.sets, sets, at)])
    if len(recent) != len(own) or recent.days[0] != own.days[0]:
        found = search_of(recent) if len(recent) else None
    return Seen(known, features, images, numbers, _evidence(known, len(recent), found))


def _too_old(known: pl.DataFrame, at: datetime) -> int:
    """Return how many sets are too old to be evidence."""
    since = np.datetime64(at - timedelta(days=_EVIDENCE_D), "us")
    return int(np.searchsorted(known["epoch_utc"].to_numpy(), since))


def _evidence(known: pl.DataFrame, count: int, found: Search | None) -> dict[str, Any]:
    if not count:
        return {"manoeuvres": [], "element_sets": 0}
    epochs = known["epoch_utc"]
    return {
        "manoeuvres": [_plain(row) for row in manoeuvres_of(found)],
        "element_sets": count,
        "first_epoch_utc": epochs[-count].isoformat(),
        "last_epoch_utc": epochs[-1].isoformat(),
    }


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Return a manoeuvre with its times as text, to the second."""
    return {
        name: value.isoformat(timespec="seconds") if isinstance(value, datetime) else value
        for name, value in row.items()
    }
