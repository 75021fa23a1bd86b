"""Whether a probability of 0.8 comes true eight times in ten."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from skywright.errors import InputError

_BINS = 10
_EDGE = 1e-6  # probabilities of 0 and 1 have no log-odds; Platt-style clipping at one in a million
_LEAST_ROWS = 10


def bins_of(
    chances: NDArray[np.float64], came_true: NDArray[np.bool_], bins: int = _BINS
) -> list[dict[str, float]]:
    """Compare promised and observed frequencies, in bins of equal width.

    Parameters
    ----------
    chances : ndarray, shape (n,)
        Probabilities [-].
    came_true : ndarray of bool, shape (n,)
        What happened.

    Returns
    -------
    list of dict
        For each bin that holds rows ``low``, ``high``, ``rows``, ``promised`` (mean probability)
        and ``observed`` (frequency), all [-].
    """
    edges = np.linspace(0.0, 1.0, bins + 1)
    place = np.clip(np.searchsorted(edges, chances, side="right") - 1, 0, bins - 1)
    told = []
    for one in np.unique(place):
        inside = place == one
        told.append(
            {
                "low": float(edges[one]),
                "high": float(edges[one + 1]),
                "rows": int(inside.sum()),
                "promised": float(chances[inside].mean()),
                "observed": float(came_true[inside].mean()),
            }
        )
    return told


def expected_error(
    chances: NDArray[np.float64], came_true: NDArray[np.bool_], bins: int = _BINS
) -> float:
    """Return the expected calibration error [-]: the mean gap of the bins, weighted by rows.

    Naeini, Cooper & Hauskrecht (2015), AAAI 29, 2901. It depends on the bins and is biased upwards
    on few rows; read it beside the slope.
    """
    table = bins_of(chances, came_true, bins)
    gaps = [one["rows"] * abs(one["promised"] - one["observed"]) for one in table]
    return float(sum(gaps) / len(chances))


def slope_and_intercept(
    chances: NDArray[np.float64], came_true: NDArray[np.bool_]
) -> tuple[float, float]:
    """Recalibrate by logistic regression of what happened on the log-odds promised.

    Returns
    -------
    slope, intercept : float
        1 and 0 for an honest model; a slope below 1 promises too extremely, above 1 too timidly.
        Cox (1958), Biometrika 45, 562; Van Calster et al. (2019), BMC Medicine 17, 230.

    Raises
    ------
    InputError
        If fewer than ten rows or only one class is there, or all probabilities are equal, or they
        divide the classes without an overlap, so that no finite slope fits best.
    """
    from scipy.optimize import minimize  # slow to import, and few processes calibrate

    odds = logit(np.clip(chances, _EDGE, 1 - _EDGE))
    _refuse_indefinite(odds, came_true)

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        linear = weights[0] * odds + weights[1]
        value = np.logaddexp(0.0, linear) - came_true * linear
        excess = expit(linear) - came_true
        return float(value.mean()), np.array([np.mean(excess * odds), np.mean(excess)])

    found = minimize(loss, np.array([1.0, 0.0]), jac=True, method="BFGS", options={"gtol": 1e-8})
    return float(found.x[0]), float(found.x[1])


def _refuse_indefinite(odds: NDArray[np.float64], came_true: NDArray[np.bool_]) -> None:
    yes, no = odds[came_true], odds[~came_true]
    if len(odds) < _LEAST_ROWS or not len(yes) or not len(no):
        message = "A calibration slope needs at least ten rows of both classes."
        raise InputError(message)
    if np.ptp(odds) == 0 or yes.min() >= no.max() or yes.max() <= no.min():
        message = (
            "These probabilities are all equal or divide the classes without overlap: no slope."
        )
        raise InputError(message)


def brier_parts(
    chances: NDArray[np.float64], came_true: NDArray[np.bool_], bins: int = _BINS
) -> dict[str, float]:
    """Divide the Brier score: reliability - resolution + uncertainty + what bins hide.

    Murphy (1973), J. Appl. Meteorol. 12, 595. His three parts add up where all probabilities of
    a bin are equal; ``within_bins`` is the rest (Stephenson, Coelho & Jolliffe 2008).
    """
    table = bins_of(chances, came_true, bins)
    share = np.array([one["rows"] for one in table]) / len(chances)
    promised = np.array([one["promised"] for one in table])
    observed = np.array([one["observed"] for one in table])
    base = float(came_true.mean())
    parts = {
        "brier": float(np.mean((chances - came_true) ** 2)),
        "reliability": float(share @ (promised - observed) ** 2),
        "resolution": float(share @ (observed - base) ** 2),
        "uncertainty": base * (1 - base),
    }
    explained = parts["reliability"] - parts["resolution"] + parts["uncertainty"]
    return parts | {"within_bins": parts["brier"] - explained}


def calibration_of(chances: NDArray[np.float64], came_true: NDArray[np.bool_]) -> dict[str, Any]:
    """Tell everything about the calibration of probabilities, shape (n,) [-]."""
    told: dict[str, Any] = {
        "bins": bins_of(chances, came_true),
        "ece": expected_error(chances, came_true),
        "brier_parts": brier_parts(chances, came_true),
    }
    try:
        told["slope"], told["intercept"] = slope_and_intercept(chances, came_true)
    except InputError as reason:
        told["slope"] = told["intercept"] = None
        told["note"] = str(reason)
    return told
