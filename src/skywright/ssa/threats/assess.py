"""``assess``: an asset and objects in, what each does, how near it comes and how sure that is, out.

Facts about behaviour, never intent. Positions are those of element sets, so every probability here
carries the usual growth of their errors and is an order of magnitude, told as such.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.errors import InputError
from skywright.foundry.registry import in_use
from skywright.ssa.behaviour.slots import Beside, burns_of, vector_of, window_of
from skywright.ssa.behaviours import Behaviour
from skywright.ssa.conjunction.tiers import Tiers
from skywright.ssa.detection.detector import MODEL as MANOEUVRES
from skywright.ssa.detection.manoeuvres import manoeuvres_of
from skywright.ssa.detection.search import Search, search_of
from skywright.ssa.element_sets import COLUMNS, checked_history, epochs_jd, moment_jd
from skywright.ssa.model_facts import facts_of
from skywright.ssa.relative_track import received_by, track_of
from skywright.ssa.sets import Sets
from skywright.ssa.threats.circumstances import FEATURES, circumstances_of
from skywright.ssa.threats.detector import Detector
from skywright.ssa.threats.explaining import explain_images, explain_slots
from skywright.ssa.threats.images import CHANNELS, PIXELS, SCALARS, threat_images
from skywright.ssa.threats.levels import Level, Risk, level_of, notice_of
from skywright.ssa.threats.remembered import Remembered

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

MODEL = "ssa-threats"
"""Name under which the detector is registered."""

KEEP_OUT_KM = 1.0
"""A slow neighbour predicted nearer than this within a day asks for attention [km]."""

_NAMES = [slot.name for slot in FEATURES]
_EVIDENCE_D = 60.0
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
class _Seen:
    known: pl.DataFrame
    features: F64
    images: F32
    numbers: F32
    evidence: dict[str, Any]


def assess(
    asset: Tracked,
    objects: Sequence[Tracked],
    at_utc: datetime,
    *,
    explain: bool = False,
    model: Path | None = None,
    shadow: tuple[str, Path] | None = None,
) -> dict[str, Any]:
    """Assess objects beside an asset at a moment, from what had been received by then.

    Parameters
    ----------
    asset : Tracked
        The satellite to protect.
    objects : sequence of Tracked
        The others.
    at_utc : datetime
        The moment, UTC.
    explain : bool
        Whether to tell which slots and image regions made the answer.
    model : Path, optional
        Folder of a detector instead of the one in use.
    shadow : (str, Path), optional
        Version and folder of a challenger that answers too, unseen by whoever asked.

    Returns
    -------
    dict
        ``at_utc``, ``asset``, ``objects`` (in their order), ``models``, ``data``; with a shadow
        ``challenger`` with its ``version`` and ``levels`` by object.

    Raises
    ------
    InputError
        If there are no objects, or nothing had been received of one.
    """
    if not objects:
        message = "There are no objects to assess; give at least one."
        raise InputError(message)
    at = at_utc.replace(tzinfo=None)
    beside = received_by(checked_history(asset.history), at, f"asset {asset.name}")
    fired = _fired(beside, at, asset.planned_burns)
    detector = _opened(model or in_use(MODEL))
    other = _opened(shadow[1]) if shadow else detector
    looks = explain or detector.looks_at_images or other.looks_at_images
    seen = [_seen(beside, one, at, fired, looks=looks) for one in objects]
    features, images, numbers = (
        np.stack([getattr(one, name) for one in seen]) for name in ("features", "images", "numbers")
    )
    answers = detector.answers(features, images, numbers)
    told = [
        _told(tracked, one, answer, at)
        for tracked, one, answer in zip(objects, seen, answers, strict=True)
    ]
    if explain:
        for k, row in enumerate(told):
            label = Behaviour[str(row["behaviour"]).upper()]
            row["explanation"] = {
                "slots": explain_slots(detector, features[k], images[k], numbers[k], label),
                "image_regions": explain_images(
                    detector, features[k], images[k], numbers[k], label
                ),
            }
    unseen: dict[str, Any] = {}
    if shadow:
        rows = zip(objects, seen, other.answers(features, images, numbers), strict=True)
        levels = {each.name: _told(each, one, answer, at)["level"] for each, one, answer in rows}
        unseen = {"challenger": {"version": shadow[0], "levels": levels}}
    return unseen | {
        "at_utc": at.isoformat(),
        "asset": {"object": asset.name, **_age(beside, at)},
        "objects": told,
        "models": [facts_of(name) for name in (MODEL, MANOEUVRES)],
        "data": {
            "element_sets": beside.height + sum(one.known.height for one in seen),
            "sha256": _digest([beside, *(one.known for one in seen)]),
            "oldest_last_set_d": max(
                _age(one, at)["data_age_d"] for one in [beside, *(s.known for s in seen)]
            ),
        },
    }


def _seen(
    beside: pl.DataFrame, tracked: Tracked, at: datetime, fired: F64, *, looks: bool
) -> _Seen:
    known = received_by(checked_history(tracked.history), at, f"object {tracked.name}")
    key = (_digest([beside, known]), str(in_use(MANOEUVRES)), at, fired.tobytes(), looks)
    return _SEEN.of(key, lambda: _looked_at(beside, known, at, fired, looks=looks))


def _looked_at(
    beside: pl.DataFrame, known: pl.DataFrame, at: datetime, fired: F64, *, looks: bool
) -> _Seen:
    one, two = Sets.of(beside), Sets.of(known)
    track = track_of(one, two, at)
    images, numbers = _NO_IMAGES, _NO_NUMBERS
    if looks:
        images, numbers = threat_images(beside, known, at, track=track)
    own, recent = window_of(two, at), two.rows(slice(_old(known, at), None))
    found = search_of(own)
    slots = vector_of(own, at, found, Beside(one, fired, track))
    features = np.concatenate([slots, circumstances_of(one, two, at)])
    if len(recent) != len(own) or recent.days[0] != own.days[0]:
        found = search_of(recent) if len(recent) else None
    return _Seen(known, features, images, numbers, _evidence(known, len(recent), found))


def _told(tracked: Tracked, one: _Seen, answer: dict[str, Any], at: datetime) -> dict[str, Any]:
    slot = dict(zip(_NAMES, one.features.tolist(), strict=True))
    possible = [Behaviour[name.upper()] for name in answer["possible"]]
    risk, notice = _risk(slot), notice_of(_days(slot))
    level = level_of(possible, risk, notice, cooperative=tracked.cooperative)
    label = Behaviour[answer["label"].upper()]
    return {
        "object": tracked.name,
        "behaviour": answer["label"],
        "title": label.title,
        "definition": label.definition,
        "probabilities": answer["probabilities"],
        "possible": answer["possible"],
        "abstains": answer["abstains"],
        "cooperative": tracked.cooperative,
        "level": int(level),
        "level_name": Level(level).name.lower(),
        "risk": risk.name.lower(),
        "warning": notice.name.lower(),
        "nearest": {
            "range_km": _finite(slot["least_range_ahead_km"]),
            "in_d": _finite(slot["least_range_in_d"]),
            "log10_pc": _finite(slot["log10_pc"]),
            "pc_from": "element sets with the usual growth of their errors",
            "fast": slot["pc_valid"] == 1.0,
            "separation_across_km": _finite(slot["separation_across_km"]),
        },
        "range_km": _finite(slot["range_km"]),
        "range_rate_km_s": _finite(slot["range_rate_km_s"]),
        "evidence": copy.deepcopy(one.evidence),
        **_age(one.known, at),
    }


def _risk(slot: dict[str, float]) -> Risk:
    """Tier of a fast passage by its probability, of a slow neighbour by its range within a day."""
    if slot["pc_valid"] == 1.0:
        tier = Tiers().of(10.0 ** slot["log10_pc"])
        return {"log": Risk.LOW, "attend": Risk.ATTEND, "mitigate": Risk.MITIGATE}[str(tier)]
    near = slot["least_range_ahead_km"] < KEEP_OUT_KM and slot["least_range_in_d"] <= 1.0
    return Risk.ATTEND if near else Risk.LOW


def _days(slot: dict[str, float]) -> float | None:
    days = slot["least_range_in_d"]
    near = slot["log10_pc"] > -7.0 or slot["least_range_ahead_km"] < 10.0 * KEEP_OUT_KM
    return days if near and np.isfinite(days) else None


def _old(known: pl.DataFrame, at: datetime) -> int:
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


def _age(known: pl.DataFrame, at: datetime) -> dict[str, Any]:
    now = sum(moment_jd(at))
    return {"data_age_d": float(now - np.add(*epochs_jd(known.tail(1)))[0]), "sets": known.height}


def _digest(tables: Sequence[pl.DataFrame]) -> str:
    digest = hashlib.sha256()
    for table in tables:
        for name in COLUMNS:
            digest.update(np.ascontiguousarray(table[name].to_numpy()).tobytes())
    return digest.hexdigest()


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


_FIRED: Remembered[F64] = Remembered(256)
_SEEN: Remembered[_Seen] = Remembered(2048)


def _fired(beside: pl.DataFrame, at: datetime, planned: pl.DataFrame | None) -> F64:
    """Burns of an asset that its operator did not plan; once for many objects beside it."""
    known = "" if planned is None else str(planned["start_utc"].to_list())
    key = (_digest([beside]), str(in_use(MANOEUVRES)), at, known)
    return _FIRED.of(key, lambda: burns_of(beside, at, planned))


@lru_cache(maxsize=4)
def _opened(folder: Path) -> Detector:
    return Detector(folder)
