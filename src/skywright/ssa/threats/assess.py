"""``assess``: an asset and objects in, what each does, how near it comes and how sure that is, out.

Facts about behaviour, never intent. Positions are those of element sets, so every probability here
carries the usual growth of their errors and is an order of magnitude, told as such.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.errors import InputError
from skywright.foundry.registry import in_use
from skywright.ssa.behaviours import Behaviour
from skywright.ssa.conjunction.tiers import Tiers
from skywright.ssa.detection.detector import MODEL as MANOEUVRES
from skywright.ssa.model_facts import facts_in, facts_of
from skywright.ssa.threats.circumstances import FEATURES
from skywright.ssa.threats.detector import Detector
from skywright.ssa.threats.explaining import explain_images, explain_slots
from skywright.ssa.threats.levels import Level, Risk, level_of, notice_of
from skywright.ssa.threats.seeing import Seen, Tracked, digest_of, prepared, seen

__all__ = ["KEEP_OUT_KM", "MODEL", "Tracked", "assess"]

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

MODEL = "ssa-threats"
"""Name under which the detector is registered."""

KEEP_OUT_KM = 1.0
"""A slow neighbour predicted nearer than this within a day asks for attention [km]."""

_NAMES = [slot.name for slot in FEATURES]


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
    beside = prepared(asset, at)
    folder = model or in_use(MODEL)
    detector = opened(folder)
    other = opened(shadow[1]) if shadow else detector
    looks = explain or detector.looks_at_images or other.looks_at_images
    all_seen = [seen(beside, one, at, looks=looks) for one in objects]
    given = _given(all_seen)
    told = _said(objects, all_seen, detector.answers(*given), at)
    if explain:
        for k, row in enumerate(told):
            row["explanation"] = _explanation(detector, all_seen[k], row["behaviour"])
    unseen: dict[str, Any] = {}
    if shadow:
        rows = _said(objects, all_seen, other.answers(*given), at)
        levels = {one["object"]: one["level"] for one in rows}
        unseen = {"challenger": {"version": shadow[0], "levels": levels}}
    return unseen | {
        "at_utc": at.isoformat(),
        "asset": {"object": asset.name, **_age(beside.known, at)},
        "objects": told,
        "models": [facts_in(MODEL, folder), facts_of(MANOEUVRES)],
        "data": _data([beside.known, *(one.known for one in all_seen)], at),
    }


@lru_cache(maxsize=8)
def opened(folder: Path) -> Detector:
    """Return the detector of a folder, opened once."""
    return Detector(folder)


def _given(all_seen: Sequence[Seen]) -> tuple[F64, F32, F32]:
    return (
        np.stack([one.features for one in all_seen]),
        np.stack([one.images for one in all_seen]),
        np.stack([one.numbers for one in all_seen]),
    )


def _said(
    objects: Sequence[Tracked],
    all_seen: Sequence[Seen],
    answers: Sequence[dict[str, Any]],
    at: datetime,
) -> list[dict[str, Any]]:
    rows = zip(objects, all_seen, answers, strict=True)
    return [_told(tracked, one, answer, at) for tracked, one, answer in rows]


def _explanation(detector: Detector, one: Seen, behaviour: str) -> dict[str, Any]:
    label = Behaviour[behaviour.upper()]
    return {
        "slots": explain_slots(detector, one.features, one.images, one.numbers, label),
        "image_regions": explain_images(detector, one.features, one.images, one.numbers, label),
    }


def _data(known: Sequence[pl.DataFrame], at: datetime) -> dict[str, Any]:
    """Tell which element sets were used."""
    return {
        "element_sets": sum(one.height for one in known),
        "sha256": digest_of(known),
        "oldest_last_set_d": max(_age(one, at)["data_age_d"] for one in known),
    }


def _told(tracked: Tracked, one: Seen, answer: dict[str, Any], at: datetime) -> dict[str, Any]:
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


def _age(known: pl.DataFrame, at: datetime) -> dict[str, Any]:
    since: timedelta = at - known["epoch_utc"][-1]
    return {"data_age_d": since / timedelta(days=1), "sets": known.height}


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
