"""How rare is an object? Mixture densities over several views of its features, in plain NumPy.

Each view is a Gaussian mixture over a handful of features, none of which follows from the others.
A view turns its log density into a surprise: -log10 of the share of catalogued objects that are
less likely still. Surprises are averaged over the views (as SNAPS averages over feature subsets)
and ranked against the catalogue once more. Missing features are integrated out exactly.

References
----------
.. [1] Gowanlock et al. (2024), arXiv:2405.20176 (outliers over subsets of features, SNAPS).
.. [2] Bishop (2006), Pattern Recognition and Machine Learning, section 2.3 (Gaussian conditionals).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from skywright.foundry.registry import in_use
from skywright.neo.novelty_features import FEATURES

F64 = npt.NDArray[np.float64]

NAME = "neo-novelty"
"""Name of the model in the registry."""

FILE = "model.npz"
"""Name of its file."""

CORE_VIEWS = {
    "orbit and size": ("a_au", "e", "i_deg", "h_mag"),
    "perihelion and aphelion": ("q_au", "aphelion_au", "i_deg", "h_mag"),
    "invariants": ("tisserand_jupiter", "tisserand_earth", "q_au", "h_mag"),
    "distance to the Earth's orbit": ("moid_au", "e", "i_deg", "h_mag"),
    "orbit": ("a_au", "e", "i_deg"),
    "nodes": ("ascending_node_au", "descending_node_au", "a_au", "i_deg"),
}
"""Views that every object has, with their features."""

OPTIONAL_VIEWS = {
    "albedo": ("h_mag", "albedo"),
    "rotation": ("h_mag", "rot_per_h"),
    "non-gravitational": ("h_mag", "a2_au_d2"),
}
"""Views of objects with physical data."""

_BISECTIONS = 40  # 40 halvings of a range of a few units reach 1e-11 on every scale


@dataclass(frozen=True, slots=True)
class Mixture:
    """A Gaussian mixture of k components in d dimensions."""

    weights: F64
    """Shape (k,), sums to 1."""
    means: F64
    """Shape (k, d)."""
    covariances: F64
    """Shape (k, d, d)."""

    def log_density(self, x: F64) -> F64:
        """Return the natural log of the density at rows of x, shape (n, d); NaN is integrated out.

        A row with nothing known has density 1.
        """
        out = np.zeros(len(x))
        for rows, known in _patterns(x):
            if known.any():
                terms = self._log_terms(x[np.ix_(rows, known)], known)
                out[rows] = _log_sum(terms)
        return out

    def conditional(self, x: F64, j: int) -> tuple[F64, F64, F64]:
        """Return the distribution of feature j given the other known features of each row.

        Returns
        -------
        tuple of ndarray
            Weights, means and standard deviations of the k components, each of shape (n, k).
        """
        n, k = len(x), len(self.weights)
        weights, mean, sd = np.empty((n, k)), np.empty((n, k)), np.empty((n, k))
        others = x.copy()
        others[:, j] = np.nan
        for rows, known in _patterns(others):
            part = others[np.ix_(rows, known)]
            terms = self._log_terms(part, known)
            weights[rows] = np.exp(terms - _log_sum(terms)[:, None])
            to_known = self.covariances[:, known, j]
            inner = self.covariances[:, known][:, :, known]
            gain = np.linalg.solve(inner, to_known[:, :, None])[:, :, 0]
            shift = np.sum(self.means[:, known] * gain, axis=1)
            mean[rows] = part @ gain.T + self.means[:, j] - shift
            left = self.covariances[:, j, j] - np.sum(gain * to_known, axis=1)
            sd[rows] = np.sqrt(np.maximum(left, 1e-12))
        return weights, mean, sd

    def conditional_percentile(self, x: F64, j: int) -> F64:
        """Return where feature j lies among objects that agree in the others, in [0, 100]."""
        weights, mean, sd = self.conditional(x, j)
        return np.asarray(100.0 * np.sum(weights * ndtr((x[:, j, None] - mean) / sd), axis=1))

    def conditional_median(self, x: F64, j: int) -> F64:
        """Return the median of feature j among objects that agree in the others, shape (n,)."""
        weights, mean, sd = self.conditional(x, j)
        low, high = np.min(mean - 4 * sd, axis=1), np.max(mean + 4 * sd, axis=1)
        for _ in range(_BISECTIONS):
            middle = 0.5 * (low + high)
            below = np.sum(weights * ndtr((middle[:, None] - mean) / sd), axis=1) < 0.5
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return np.asarray(0.5 * (low + high))

    def _log_terms(self, x: F64, known: npt.NDArray[np.bool_]) -> F64:
        """Log of weight times marginal density per component, shape (n, k)."""
        roots = np.linalg.cholesky(self.covariances[:, known][:, :, known])
        away = x[None] - self.means[:, None, known]  # (k, n, d)
        white = away @ np.linalg.inv(roots).transpose(0, 2, 1)
        log_det = np.sum(np.log(np.diagonal(roots, axis1=1, axis2=2)), axis=1)
        constant = np.log(self.weights) - log_det - 0.5 * x.shape[1] * np.log(2 * np.pi)
        return np.asarray((constant[:, None] - 0.5 * np.sum(white**2, axis=2)).T)


def _log_sum(terms: F64) -> F64:
    top = terms.max(axis=1)
    return np.asarray(top + np.log(np.sum(np.exp(terms - top[:, None]), axis=1)))


def _patterns(x: F64) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]]:
    """Yield groups of rows that know the same features."""
    known = np.isfinite(x)
    if known.all():
        yield np.arange(len(x)), np.ones(x.shape[1], dtype=bool)
        return
    codes = known @ (1 << np.arange(x.shape[1]))
    for code in np.unique(codes):
        rows = np.flatnonzero(codes == code)
        yield rows, known[rows[0]]


@dataclass(frozen=True, slots=True)
class Tail:
    """How rare a value is in the catalogue: surprise = -log10 of the share beyond it."""

    values: F64
    """Increasing values."""
    surprises: F64
    """Surprise at each value, from 0 on."""

    @classmethod
    def of(cls, sample: F64, points: int = 160) -> Tail:
        """Tabulate the upper tail of a sample, evenly in surprise."""
        ordered = np.sort(sample[np.isfinite(sample)])
        n = ordered.size
        share = np.geomspace(1.0, 1.0 / n, points)
        index = np.clip(np.round(n - share * n).astype(int), 0, n - 1)
        index = np.unique(index)
        values, first = np.unique(ordered[index], return_index=True)
        surprises = -np.log10((n - index[first]) / n)
        return cls(values, surprises)

    def surprise(self, value: F64) -> F64:
        """Return -log10 of the share beyond each value; beyond the table the last slope goes on."""
        inside = np.interp(value, self.values, self.surprises)
        k = int(np.searchsorted(self.surprises, self.surprises[-1] - 1.0))
        rise = self.surprises[-1] - self.surprises[min(k, self.values.size - 2)]
        run = self.values[-1] - self.values[min(k, self.values.size - 2)]
        beyond = np.maximum(value - self.values[-1], 0.0) * rise / run
        return np.where(np.isfinite(value), inside + beyond, np.nan)


def combined(density: F64, oddity: F64) -> F64:
    """Join both layers, (density^3 + oddity^3)^(1/3): either alone is enough, both count more.

    Between the larger of the two, which forgets the other, and the sum, which lets a pair of
    middling surprises outrank a horseshoe (``bench/neo_anomalies.py``).
    """
    return np.asarray(np.cbrt(np.maximum(density, 0.0) ** 3 + oddity**3), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class NoveltyModel:
    """Everything that scoring needs, as learned from a catalogue."""

    views: dict[str, Mixture]
    """Density of each view."""
    view_tails: dict[str, tuple[Tail, Tail]]
    """Per view, the tail of -log density with H known and unknown."""
    core_tails: tuple[Tail, Tail]
    """Tail of the mean surprise over the core views, with H known and unknown."""
    combined_tail: Tail
    """Tail of density surprise and oddity rarity together."""
    oddity_tails: dict[str, Tail]
    """Tail of each quantity that names an oddity."""
    oddity_counts: dict[str, int]
    """Members of each co-orbital kind in the catalogue."""
    size: int
    """Objects in the catalogue."""
    neighbours: F64
    """Features of the catalogued objects on the scale of the first view, shape (size, 4)."""
    names: list[str]
    """Their designations."""
    label: str
    """What the model was trained on, for people."""

    def density_surprise(self, x: F64) -> F64:
        """Return the surprise of rows of the scaled matrix, shape (n, 14).

        The mean over the core views is ranked against the catalogue; where physical data are known,
        the least likely of these counts, corrected for having looked several times (Sidak).
        """
        no_h = np.isnan(x[:, FEATURES.index("h_mag")])
        parts = [_ranked(self.core_tails, self.core_surprise(x), no_h)]
        for name, (_, own) in OPTIONAL_VIEWS.items():
            if name in self.views:
                known = np.isfinite(x[:, FEATURES.index(own)]) & ~no_h
                surprise = self._view_surprise(name, x, no_h)
                parts.append(np.where(known, surprise, np.nan))
        looks = np.sum(np.isfinite(parts), axis=0)
        best = np.nanmax(parts, axis=0)
        # For a large surprise, 1 - (1 - 10^-s)^m loses its digits; m 10^-s is the same there.
        sidak = -np.log10(-np.expm1(looks * np.log1p(-(10.0 ** -np.clip(best, 1e-12, 12)))))
        return np.asarray(np.where(best > 6, best - np.log10(looks), sidak))

    def core_surprise(self, x: F64) -> F64:
        """Return the mean surprise over the core views, not yet ranked."""
        no_h = np.isnan(x[:, FEATURES.index("h_mag")])
        surprises = [self._view_surprise(name, x, no_h) for name in CORE_VIEWS]
        return np.asarray(np.mean(surprises, axis=0))

    def _view_surprise(self, name: str, x: F64, no_h: npt.NDArray[np.bool_]) -> F64:
        columns = [FEATURES.index(f) for f in (CORE_VIEWS | OPTIONAL_VIEWS)[name]]
        return _ranked(self.view_tails[name], -self.views[name].log_density(x[:, columns]), no_h)

    def save(self, path: Path) -> None:
        """Write the model as one compressed NPZ file of plain arrays."""
        arrays: dict[str, Any] = {
            "size": self.size,
            "label": self.label,
            "neighbours": self.neighbours.astype(np.float16),
            "names": "\n".join(self.names),
            "counts": np.array(list(self.oddity_counts.values())),
            "count_names": np.array(list(self.oddity_counts)),
        }
        for name, view in self.views.items():
            arrays[f"view/{name}/weights"] = view.weights
            arrays[f"view/{name}/means"] = view.means
            arrays[f"view/{name}/covariances"] = view.covariances
            _put_tails(arrays, f"tails/{name}", self.view_tails[name])
        _put_tails(arrays, "core", self.core_tails)
        _put_tails(arrays, "combined", (self.combined_tail,))
        for name, tail in self.oddity_tails.items():
            _put_tails(arrays, f"oddity/{name}", (tail,))
        np.savez_compressed(path, **arrays)

    @classmethod
    def load(cls, path: Path) -> NoveltyModel:
        """Read a model that :meth:`save` wrote; nothing in the file is executed."""
        with np.load(path, allow_pickle=False) as file:
            data = dict(file)
        names = [name for name in CORE_VIEWS | OPTIONAL_VIEWS if f"view/{name}/weights" in data]
        parts = ("weights", "means", "covariances")
        odd = sorted({key.split("/")[1] for key in data if key.startswith("oddity/")})
        kinds = [str(kind) for kind in data["count_names"]]
        return cls(
            views={n: Mixture(*(data[f"view/{n}/{p}"] for p in parts)) for n in names},
            view_tails={
                n: (_tail(data, f"tails/{n}", 0), _tail(data, f"tails/{n}", 1)) for n in names
            },
            core_tails=(_tail(data, "core", 0), _tail(data, "core", 1)),
            combined_tail=_tail(data, "combined", 0),
            oddity_tails={name: _tail(data, f"oddity/{name}", 0) for name in odd},
            oddity_counts=dict(zip(kinds, map(int, data["counts"]), strict=True)),
            size=int(data["size"]),
            neighbours=data["neighbours"].astype(np.float64),
            names=str(data["names"]).split("\n"),
            label=str(data["label"]),
        )


def _ranked(tails: tuple[Tail, Tail], value: F64, no_h: npt.NDArray[np.bool_]) -> F64:
    return np.where(no_h, tails[1].surprise(value), tails[0].surprise(value))


def _put_tails(arrays: dict[str, Any], key: str, tails: tuple[Tail, ...]) -> None:
    for k, tail in enumerate(tails):
        arrays[f"{key}/{k}/values"] = tail.values
        arrays[f"{key}/{k}/surprises"] = tail.surprises


def _tail(data: Mapping[str, Any], key: str, k: int) -> Tail:
    return Tail(data[f"{key}/{k}/values"], data[f"{key}/{k}/surprises"])


def load_model(folder: Path | None = None) -> NoveltyModel:
    """Return the model in use, or that of another folder; each is read once.

    The model in use is the one trained here last that passed its gate, else the one that ships.
    """
    if folder is None:
        folder = in_use(NAME)
    return _loaded(folder)


@functools.lru_cache(maxsize=2)
def _loaded(folder: Path) -> NoveltyModel:
    return NoveltyModel.load(folder / FILE)
