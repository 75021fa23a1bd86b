"""How much each group of slots says of manoeuvres, from satellites whose manoeuvres are reported.

The network learns from quiet windows alone and would take every oddity for as telling as any
other. Five weights, none negative, of the logarithms of its distances are learned by logistic
regression (Hosmer, Lemeshow & Sturdivant 2013, Applied Logistic Regression, chapter 1), where
every satellite and both kinds of its windows count alike. So few weights cannot learn a satellite
by heart, and no group can speak for quiet.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

F64 = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_RIDGE = 0.005


def learned_weights(logs: F64, moved: Flags, names: npt.NDArray[np.str_]) -> F64:
    """Return the weights, which add up to one; equal ones where there is nothing to learn from.

    Parameters
    ----------
    logs : (n, k) array
        Logarithms of distances.
    moved : (n,) bool array
        Whether each window holds a reported manoeuvre.
    names : (n,) array
        Satellite of each.

    Returns
    -------
    (k,) array
    """
    width = logs.shape[1]
    equal = np.full(width, 1.0 / width)
    share = balanced(moved, names)
    if not share.any():
        return equal
    spread = np.maximum(logs.std(axis=0), 1e-6)
    x = (logs - logs.mean(axis=0)) / spread

    def loss(beta: F64) -> tuple[float, F64]:
        margin = (x @ beta[:-1] + beta[-1]) * np.where(moved, 1.0, -1.0)
        slope = -share * np.where(moved, 1.0, -1.0) / (1.0 + np.exp(margin))
        told = float(share @ np.logaddexp(0.0, -margin)) + _RIDGE * float(beta[:-1] @ beta[:-1])
        return told, np.append(x.T @ slope + 2.0 * _RIDGE * beta[:-1], slope.sum())

    bounds = [(0.0, None)] * width + [(None, None)]
    beta = minimize(loss, np.zeros(width + 1), jac=True, method="L-BFGS-B", bounds=bounds).x[:-1]
    raw = beta / spread
    return np.asarray(raw / raw.sum()) if raw.sum() > 0.0 else equal


def balanced(moved: Flags, names: npt.NDArray[np.str_]) -> F64:
    """Return the share of each window: satellites alike, and both kinds of the windows of each.

    A satellite with windows of one kind only counts nothing.
    """
    share = np.zeros(len(moved))
    for name in np.unique(names).tolist():
        own = names == name
        if moved[own].any() and not moved[own].all():
            for kind in (own & moved, own & ~moved):
                share[kind] = 1.0 / kind.sum()
    return share / share.sum() if share.any() else share
