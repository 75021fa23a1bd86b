"""Three images of 30 x 30 pixels and eight numbers: what ThreatDetectorNN looks at.

1. dwell in the asset's radial/in-track plane, recent samples heavier;
2. closing speed in its in-track/cross-track plane;
3. how far the relative elements of any two of the last 30 days lie apart (a recurrence plot
   without a threshold; Eckmann et al. 1987, Europhys. Lett. 4, 973).

Axes of the first two are signed logarithms from 0.1 to 1,000 km. Nothing in them knows a name, a
number or a date.
"""

from __future__ import annotations

from datetime import datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.ssa.element_sets import epochs_jd, moment_jd
from skywright.ssa.relative_elements import mean_elements
from skywright.ssa.relative_track import RelativeTrack, received_by, relative_track

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

PIXELS = 30
"""Pixels of a side."""

CHANNELS = (
    "dwell, radial by in-track",
    "closing speed, in-track by cross-track",
    "recurrence of relative elements",
)
"""What each image shows, rows by columns."""

SCALARS = (
    "log10 of the asset's semi-major axis over 7,000 km",
    "eccentricity of the asset",
    "inclination of the asset over 90 deg",
    "eccentricity of the object",
    "log10 of the median days between sets of the object",
    "log10 of the number of its sets in 30 days",
    "log10 of the age of its last set in days",
    "log10 of the age of the asset's last set in days",
)
"""The numbers beside the images."""

NEAREST_KM = 0.1
"""Inside of this the signed logarithm is zero [km]."""

FARTHEST_KM = 1000.0
"""Outside of this everything lies on the edge [km]."""

_PAST_MEMORY_D = 5.0
_AHEAD_MEMORY_D = 2.0
_FASTEST_KM_S = 15.0
_SLOWEST_KM_S = 1e-5
_ELEMENT_SCALE_KM = 1.0
_RECURRENCE_FULL = 8.0
_LEAST_AGE_D = 0.01
_WINDOW_D = 30.0


def threat_images(
    asset: pl.DataFrame,
    other: pl.DataFrame,
    at_utc: datetime,
    *,
    track: RelativeTrack | None = None,
) -> tuple[F32, F32]:
    """Draw one object beside one asset.

    Parameters
    ----------
    asset, other : DataFrame
        Histories of one object each, as in ``ssa.element_sets``.
    at_utc : datetime
        Moment of the assessment, UTC; later knowledge is not used.
    track : RelativeTrack, optional
        Their relative motion at the moment, if it is at hand already.

    Returns
    -------
    (3, 30, 30) array, (8,) array
        Images in [0, 1] in the order of `CHANNELS`, numbers in the order of `SCALARS`.

    Raises
    ------
    InputError
        If no set of either had been received.
    """
    asset, other = received_by(asset, at_utc, "asset"), received_by(other, at_utc, "object")
    motion = track or relative_track(asset, other, at_utc)
    return images_of(motion), _scalars(asset, other, at_utc)


def images_of(track: RelativeTrack) -> F32:
    """Return the three images of a relative track; (3, 30, 30), in [0, 1]."""
    radial, in_track, cross = (signed_log(track.rtn_km[:, k]) for k in range(3))
    past = np.exp(np.minimum(track.days, 0.0) / _PAST_MEMORY_D)
    weight = past * np.exp(-np.maximum(track.days, 0.0) / _AHEAD_MEMORY_D)
    dwell = np.zeros((PIXELS, PIXELS))
    np.add.at(dwell, (_pixel(radial), _pixel(in_track)), weight)
    closing = np.zeros((PIXELS, PIXELS))
    np.maximum.at(closing, (_pixel(in_track), _pixel(cross)), _speed(track.range_rate_km_s))
    most = max(float(np.log1p(dwell).max()), 1e-12)
    drawn = [np.log1p(dwell) / most, closing, recurrence(track.elements_km)]
    return np.stack(drawn).astype(np.float32)


def signed_log(km: F64) -> F64:
    """Return lengths on a signed logarithmic axis from -1 to 1, zero inside of 0.1 km."""
    scaled = np.log10(np.clip(np.abs(km), NEAREST_KM, FARTHEST_KM) / NEAREST_KM)
    return np.asarray(np.sign(km) * scaled / np.log10(FARTHEST_KM / NEAREST_KM))


def recurrence(elements_km: F64) -> F64:
    """Return distances between all rows of relative elements, compressed to [0, 1]; (n, n)."""
    x = np.arcsinh(elements_km / _ELEMENT_SCALE_KM)
    apart = np.linalg.norm(x[:, None, :] - x[None, :, :], axis=2)
    return np.asarray(np.minimum(apart / _RECURRENCE_FULL, 1.0))


def _pixel(axis: F64) -> npt.NDArray[np.int64]:
    return np.clip(((axis + 1.0) / 2.0 * PIXELS).astype(np.int64), 0, PIXELS - 1)


def _speed(range_rate_km_s: F64) -> F64:
    closing = np.clip(-range_rate_km_s, _SLOWEST_KM_S, _FASTEST_KM_S)
    return np.asarray(np.log(closing / _SLOWEST_KM_S) / np.log(_FASTEST_KM_S / _SLOWEST_KM_S))


def _scalars(asset: pl.DataFrame, other: pl.DataFrame, at_utc: datetime) -> F32:
    a, e, i = mean_elements(asset)[-1, :3]
    ages = [_ages_d(history, at_utc) for history in (asset, other)]
    recent = ages[1][ages[1] <= _WINDOW_D]
    interval = float(np.median(-np.diff(ages[1]))) if len(ages[1]) > 1 else _WINDOW_D
    told = [
        np.log10(a / 7000.0),
        e,
        i / (np.pi / 2.0),
        float(other["eccentricity"][-1]),
        np.log10(max(interval, _LEAST_AGE_D)),
        np.log10(max(len(recent), 1)),
        np.log10(max(float(ages[1][-1]), _LEAST_AGE_D)),
        np.log10(max(float(ages[0][-1]), _LEAST_AGE_D)),
    ]
    return np.asarray(told, dtype=np.float32)


def _ages_d(history: pl.DataFrame, at_utc: datetime) -> F64:
    """Age of each set at a moment [d]; the last is the youngest."""
    (jd, fraction), (own_jd, own_fraction) = moment_jd(at_utc), epochs_jd(history)
    return np.asarray((jd - own_jd) + (fraction - own_fraction))
