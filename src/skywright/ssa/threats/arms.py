"""Which detector answers about an asset: the one in use, or a challenger for its share of assets.

The deployment of the foundry says what a challenger gets. In the shadow it answers every analysis
unseen; in a canary or an A/B trial a share of the assets is answered by it, and an asset is always
answered by the same side for as long as the trial lasts.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from skywright.errors import SkywrightError
from skywright.foundry.registry import CHALLENGER, CHAMPION, Registry
from skywright.foundry.serve.deployment import Deployment, read_deployment
from skywright.foundry.serve.routing import Router
from skywright.foundry.serve.trial import ERRORS, Outcome
from skywright.logs import get_logger
from skywright.settings import get_settings
from skywright.ssa.threats.assess import MODEL, assess, opened
from skywright.ssa.threats.circumstances import FEATURES
from skywright.ssa.threats.images import CHANNELS, PIXELS, SCALARS
from skywright.ssa.threats.seeing import Tracked

SPLIT = ("canary", "ab")
"""Modes in which a challenger is heard."""

_REMEMBERED_S = 1.0
_log = get_logger("skywright.ssa")


@dataclass(frozen=True, slots=True)
class Sides:
    """The detectors of now."""

    deployment: Deployment
    champion: Path
    """Folder of the one in use."""
    challenger: Path | None = None
    """Folder of the one on trial."""

    @property
    def splits(self) -> bool:
        """Whether assets are divided between both."""
        return self.deployment.on_trial and self.deployment.mode in SPLIT

    @property
    def shadow(self) -> tuple[str, Path] | None:
        """Version and folder of a challenger that is not heard."""
        version = self.deployment.challenger
        if self.splits or version is None or self.challenger is None:
            return None
        return version, self.challenger

    def side(self, asset: str) -> str:
        """Return which side answers about an asset: ``champion`` or ``challenger``."""
        return Router().side(self.deployment, asset) if self.splits else CHAMPION


@dataclass(frozen=True, slots=True)
class Answered:
    """An assessment, and what came of asking the side whose turn it was."""

    told: dict[str, Any]
    """As from ``assess``, with the ``arm`` that answered."""
    trial: dict[str, Any] | None = None
    """Of a trial that divides assets: arm, mode, and the versions of both sides."""
    outcome: Outcome | None = None
    """Whether the side answered, for the trial."""


def sides_now() -> Sides:
    """Return the detectors by the settings, looked up once a second at most."""
    settings = get_settings()
    moment = int(time.monotonic() / _REMEMBERED_S)
    return _sides(str(settings.data_dir), settings.database_url, moment)


def look_again() -> None:
    """Look the detectors up at the next assessment, as after a trial has ended."""
    _sides.cache_clear()


def answered(
    asset: Tracked,
    objects: Sequence[Tracked],
    at_utc: datetime,
    *,
    explain: bool = False,
    sides: Sides | None = None,
) -> Answered:
    """Assess objects by the side whose turn the asset is; the champion where a challenger fails.

    Parameters
    ----------
    asset, objects, at_utc, explain
        As for ``assess``.
    sides : Sides, optional
        Instead of those of now.

    Raises
    ------
    InputError
        As ``assess``.
    """
    now = sides or sides_now()
    turn = now.side(asset.name)
    heard = turn == CHALLENGER and now.challenger is not None and _answers(now.challenger)
    side, folder = (CHALLENGER, now.challenger) if heard else (CHAMPION, now.champion)
    told = assess(asset, objects, at_utc, explain=explain, model=folder, shadow=now.shadow)
    told["arm"] = side
    if not now.splits:
        return Answered(told)
    versions = (now.deployment.champion, str(now.deployment.challenger))
    trial = dict(zip((CHAMPION, CHALLENGER), versions, strict=True))
    well = {turn: float(turn == side)}
    outcome = Outcome(MODEL, versions, ERRORS, key=asset.name, **well)
    return Answered(told, {"arm": side, "mode": now.deployment.mode, **trial}, outcome)


@lru_cache(maxsize=8)
def _answers(folder: Path) -> bool:
    """Whether a challenger answers at all; asked once of each."""
    features = np.full((1, len(FEATURES)), np.nan)
    images, numbers = np.zeros((1, len(CHANNELS), PIXELS, PIXELS)), np.zeros((1, len(SCALARS)))
    try:
        told = opened(folder).answers(
            features, images.astype(np.float32), numbers.astype(np.float32)
        )
    except Exception as error:
        _log.warning("the challenger does not answer", folder=folder.name, error=repr(error))
        return False
    return len(told) == 1


@lru_cache(maxsize=8)
def _sides(_data_dir: str, _url: str, _moment: int) -> Sides:
    registry = Registry.of()
    now = read_deployment(registry, MODEL)
    champion = registry.folder(MODEL, now.champion)
    if now.challenger is None:
        return Sides(now, champion)
    try:
        return Sides(now, champion, registry.folder(MODEL, now.challenger))
    except SkywrightError as error:
        _log.warning("the challenger cannot be opened", version=now.challenger, error=str(error))
        return Sides(now, champion)
