"""Why an object stands out: conditional percentiles, the removal test, and its nearest neighbours.

The removal test puts one feature back to its conditional median (given the object's others), works
out everything that depends on it, and scores the object again: the feature whose repair takes away
most of the surprise is the reason. All of it is exact for the mixture, so nothing is sampled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from skywright.neo.features import NEO_PERIHELION_AU
from skywright.neo.novelty import CORE_VIEWS, OPTIONAL_VIEWS, NoveltyModel
from skywright.neo.novelty_features import (
    FEATURES,
    Population,
    from_scale,
    physical_features,
    scaled_matrix,
)
from skywright.neo.oddities import Named, rarity

F64 = npt.NDArray[np.float64]

REASONS = ("a_au", "e", "i_deg", "h_mag", "moid_au", "albedo", "rot_per_h", "a2_au_d2")
"""Features that the removal test repairs, by the names of the input columns."""

NEIGHBOURS = 5
"""Nearest neighbours that are named."""

_ORBIT_AND_SIZE = CORE_VIEWS["orbit and size"]
_MIN_DROP = 0.05  # of surprise: a repair that changes less than a tenth of a magnitude is no reason
_PHRASES = {
    "a_au": ("semi-major axis", "{:.3f} au"),
    "e": ("eccentricity", "{:.3f}"),
    "i_deg": ("inclination", "{:.1f} deg"),
    "h_mag": ("absolute magnitude", "H {:.2f}"),
    "moid_au": ("distance to the Earth's orbit", "{:.4f} au"),
    "albedo": ("albedo", "{:.3f}"),
    "rot_per_h": ("rotation period", "{:.3f} h"),
    "a2_au_d2": ("transverse acceleration A2", "{:.2e} au/d^2"),
}


@dataclass(frozen=True, slots=True)
class Reasons:
    """What the explanation of n objects is made of."""

    percentiles: F64
    """Conditional percentile of each of :data:`REASONS`, shape (n, 8); NaN where unknown."""
    medians: F64
    """Conditional median in natural units, shape (n, 8)."""
    drops: F64
    """Surprise that repairing each feature takes away, shape (n, 8); 0 where unknown."""
    repaired: F64
    """Density surprise after each repair, shape (n, 8)."""


def find_reasons(
    model: NoveltyModel,
    objects: Population,
    features: dict[str, F64],
    x: F64,
    coorbital: F64,
    *,
    threads: int = 0,
) -> Reasons:
    """Run the removal test on every object.

    Parameters
    ----------
    model : NoveltyModel
        The densities.
    objects, features, x : Population, dict, ndarray of shape (n, 14)
        The objects, their features, and the same on their scales.
    coorbital : ndarray, shape (n,)
        Rarity of the co-orbital state; it hangs on the semi-major axis.
    threads : int
        Threads for the MOIDs; 0 for all cores.

    Returns
    -------
    Reasons
        Per object and feature.
    """
    density = model.density_surprise(x)
    named = np.maximum(rarity(model, features, objects), coorbital)
    shape = (len(objects), len(REASONS))
    percentiles, medians = np.full(shape, np.nan), np.full(shape, np.nan)
    drops, repaired = np.zeros(shape), np.tile(density[:, None], (1, len(REASONS)))
    for j, name in enumerate(REASONS):
        known = np.isfinite(x[:, FEATURES.index(name)])
        if not known.any():
            continue
        percentile, scaled = _conditional(model, name, x)
        percentiles[:, j] = np.where(known, percentile, np.nan)
        medians[:, j] = np.where(known, from_scale(name, scaled), np.nan)
        after, odd = _repair(model, objects, features, x, name, scaled, threads)
        if name != "a_au":
            odd = np.maximum(odd, coorbital)
        repaired[:, j] = np.where(known, after, density)
        drops[:, j] = np.where(known, density - after + named - odd, 0.0)
    return Reasons(percentiles, medians, drops, repaired)


def _conditional(model: NoveltyModel, name: str, x: F64) -> tuple[F64, F64]:
    """Conditional percentile and scaled median of one feature in the view it belongs to."""
    view, own = _view_of(name)
    if view not in model.views:
        return np.full(len(x), np.nan), np.full(len(x), np.nan)
    part = x[:, [FEATURES.index(f) for f in own]]
    j = own.index(name)
    mixture = model.views[view]
    return mixture.conditional_percentile(part, j), mixture.conditional_median(part, j)


def _view_of(name: str) -> tuple[str, tuple[str, ...]]:
    if name in _ORBIT_AND_SIZE:
        return "orbit and size", _ORBIT_AND_SIZE
    views = {
        "moid_au": "distance to the Earth's orbit",
        "albedo": "albedo",
        "rot_per_h": "rotation",
        "a2_au_d2": "non-gravitational",
    }
    view = views[name]
    return view, (CORE_VIEWS | OPTIONAL_VIEWS)[view]


def _repair(
    model: NoveltyModel,
    objects: Population,
    features: dict[str, F64],
    x: F64,
    name: str,
    scaled: F64,
    threads: int,
) -> tuple[F64, F64]:  # fmt: skip
    """Return density surprise and oddity rarity with one feature put back."""
    if name in {"albedo", "rot_per_h", "a2_au_d2"}:
        fixed = x.copy()
        fixed[:, FEATURES.index(name)] = np.nan
        unknown = np.full(len(objects), np.nan)
        without = replace(objects, physical=objects.physical | {name: unknown})
        return model.density_surprise(fixed), rarity(model, features, without)
    if name == "moid_au":
        return model.density_surprise(_turned(model, x, scaled)), rarity(model, features, objects)
    value = from_scale(name, scaled)
    changed = _with(objects, name, value)
    if name == "h_mag":
        fixed = x.copy()
        fixed[:, FEATURES.index(name)] = scaled
        sized = features | {"diameter_km": changed.diameter_km}
        return model.density_surprise(fixed), rarity(model, sized, changed)
    new = physical_features(changed, threads=threads)
    return model.density_surprise(scaled_matrix(new)), rarity(model, new, changed)


def _with(objects: Population, name: str, value: F64) -> Population:
    """Change one element and keep the others; an open orbit keeps its perihelion instead of a.

    A repair never turns a near-Earth object into one that is none (q > 1.3 au).
    """
    if name == "h_mag":
        return replace(objects, h_mag=value)
    if name == "i_deg":
        return replace(objects, i_deg=np.clip(value, 0.0, 180.0))
    closed = objects.e < 1.0
    farthest = np.maximum(objects.q_au, NEO_PERIHELION_AU)
    if name == "a_au":
        q = np.minimum(value * (1.0 - objects.e), farthest)
        return replace(objects, q_au=np.where(closed, q, objects.q_au))
    a = np.where(closed, objects.a_au, np.inf)
    least = np.where(closed, np.maximum(1.0 - farthest / a, 0.0), 0.0)
    e = np.clip(value, least, np.maximum(least, 0.99))
    q = np.where(closed, objects.a_au * (1.0 - e), objects.q_au)
    return replace(objects, e=e, q_au=q)


def _turned(model: NoveltyModel, x: F64, scaled_moid: F64) -> F64:
    """Give the orbit a typical orientation: MOID and nodes at their conditional medians."""
    fixed = x.copy()
    own = CORE_VIEWS["nodes"]
    columns = [FEATURES.index(f) for f in own]
    for j, other in ((0, 1), (1, 0)):
        part = x[:, columns]
        part[:, other] = np.nan
        fixed[:, columns[j]] = model.views["nodes"].conditional_median(part, j)
    fixed[:, FEATURES.index("moid_au")] = scaled_moid
    return fixed


def top_features(reasons: Reasons, count: int = 4) -> list[list[str]]:
    """Return the features of each object whose repair helps most, best first, at least one."""
    order = np.argsort(-reasons.drops, axis=1)
    tops = []
    for row, drops in zip(order, reasons.drops, strict=True):
        good = [REASONS[j] for j in row[:count] if drops[j] > _MIN_DROP]
        tops.append(good or [REASONS[row[0]]])
    return tops


def nearest(model: NoveltyModel, x: F64, designations: Sequence[str]) -> list[list[str]]:
    """Return the designations of the nearest catalogued objects in a, e, i and H.

    Distances are over features scaled by their spread in the catalogue; the object itself is left
    out, and objects without H are compared in a, e and i alone.
    """
    from scipy.spatial import cKDTree

    columns = [FEATURES.index(f) for f in _ORBIT_AND_SIZE]
    known = model.neighbours[np.isfinite(model.neighbours).all(axis=1)]
    spread = known.std(axis=0)
    result: list[list[str]] = [[] for _ in designations]
    for width in (4, 3):
        complete = np.isfinite(x[:, columns[3]])
        rows = np.flatnonzero(complete if width == 4 else ~complete)
        if rows.size == 0:
            continue
        usable = np.flatnonzero(np.isfinite(model.neighbours[:, :width]).all(axis=1))
        tree = cKDTree(model.neighbours[usable, :width] / spread[:width])
        near = x[rows][:, columns[:width]] / spread[:width]
        _, found = tree.query(near, k=NEIGHBOURS + 1)
        for k, places in zip(rows.tolist(), usable[np.asarray(found)].tolist(), strict=True):
            names = [model.names[place] for place in places]
            result[k] = [name for name in names if name != designations[k]][:NEIGHBOURS]
    return result


def sentence(
    model: NoveltyModel,
    reasons: Reasons,
    k: int,
    value: dict[str, F64],
    named: Named,
    tops: list[str],
    neighbours: list[str],
    percentile: float,
) -> str:  # fmt: skip
    """Put the explanation of one object into words."""
    parts = [f"More unusual than {_of_all(percentile)} of known near-Earth objects."]
    parts.extend(named.sentences)
    if value["e"][k] < 1.0:  # the catalogue has no open orbits to compare one with
        parts.extend(_reason(model, reasons, k, name, float(value[name][k])) for name in tops[:2])
    parts.append(f"Nearest in orbit and size: {', '.join(neighbours)}.")
    return " ".join(part for part in parts if part)


def _reason(model: NoveltyModel, reasons: Reasons, k: int, name: str, value: float) -> str:
    j = REASONS.index(name)
    percentile = reasons.percentiles[k, j]
    if not np.isfinite(percentile):
        return ""
    words, form = _PHRASES[name]
    rest = 100.0 * (1.0 - 10.0 ** -reasons.repaired[k, j])
    given = "objects of similar brightness" if name in _ALONE else "objects alike in the rest"
    shown = form.format(value) if np.isfinite(value) else "without bound"
    return (
        f"Its {words}, {shown}, is at percentile {_percent(percentile)} among {given} (median "
        f"{form.format(reasons.medians[k, j])}); with that median the density percentile would be "
        f"{rest:.1f}."
    )


_ALONE = frozenset(("albedo", "rot_per_h", "a2_au_d2"))


def _of_all(percentile: float) -> str:
    return "99.99 %" if percentile > 99.99 else f"{percentile:.2f} %"


def _percent(percentile: float) -> str:
    if percentile < 0.1:
        return "below 0.1"
    return "above 99.9" if percentile > 99.9 else f"{percentile:.1f}"
