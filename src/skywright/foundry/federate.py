"""Federated averaging over any kind whose models give and take weights.

Rows stay where they are: each client trains from the common model on its own rows, and only the
change of the weights travels. The changes are averaged, weighted by rows (FedAvg [1]_). Where the
clients' rows differ, local training runs off in different directions; ``params.proximal = mu``
asks the kind to add mu/2 |w - w_common|^2 to its loss (FedProx [2]_).

The kind must honour ``run.start``: begin from the weights *and the preparation* of that model.

Changes may be cut to a greatest norm and the average covered with Gaussian noise [3]_: with norm C
and noise multiplier z, the standard deviation of each number is z C w, w being the largest share
that one client has in the average. Nothing here computes the epsilon that follows, so none is
claimed.

References
----------
.. [1] McMahan, Moore, Ramage, Hampson & Arcas (2017), AISTATS, 1273.
.. [2] Li, Sahu, Zaheer, Sanjabi, Talwalkar & Smith (2020), MLSys, 429.
.. [3] McMahan, Ramage, Talwar & Zhang (2018), Learning differentially private recurrent language
   models, ICLR.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt

from skywright.errors import InputError
from skywright.foundry.data.splits import Split
from skywright.foundry.kind import Kind, Predict, kind_named
from skywright.foundry.recipe import Recipe, recipe_of
from skywright.foundry.registry import MANIFEST, REPORT, SIGNATURE_FILE
from skywright.foundry.run import Run

Weights = dict[str, npt.NDArray[Any]]
"""Arrays of a model by name."""


class FederatedKind(Kind, Protocol):
    """A kind whose models give and take weights."""

    def weights(self, folder: Path) -> Weights:
        """Return the weights of a model."""

    def put_weights(self, folder: Path, weights: Weights) -> None:
        """Write weights into a model."""


@dataclass(frozen=True, slots=True)
class Change:
    """What one client learned in one round."""

    delta: Weights
    """Weights after minus weights before."""
    rows: float
    """Rows it learned from, the weight of its change."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How rounds are run."""

    rounds: int = 10
    """Rounds in all."""
    proximal: float = 0.0
    """mu of FedProx; 0 is FedAvg."""
    share: float = 1.0
    """Share of the clients that take part in a round, at least one."""
    clip: float | None = None
    """Greatest Euclidean norm of a change; None cuts nothing."""
    noise: float = 0.0
    """Noise multiplier z; needs ``clip``."""
    seed: int = 1
    """Seed of the choice of clients and of the noise."""

    def refuse_nonsense(self) -> None:
        """Raise InputError for values that mean nothing."""
        if self.rounds < 1 or not 0 < self.share <= 1:
            message = (
                f"rounds = {self.rounds} and share = {self.share} are not at least 1 and 0..1."
            )
            raise InputError(message)
        if self.proximal < 0 or self.noise < 0 or (self.clip is not None and self.clip <= 0):
            message = "proximal and noise are not negative, and clip is above 0."
            raise InputError(message)
        if self.noise and self.clip is None:
            message = "Noise without clip protects nothing: one change may have any size."
            raise InputError(message, hint="Set clip as well.")


def federated_kind(name: str) -> FederatedKind:
    """Find a kind that can be federated.

    Raises
    ------
    InputError
        If the kind has no ``weights`` and ``put_weights``.
    NotFoundError
        If there is no such kind.
    """
    kind = kind_named(name)
    if not (hasattr(kind, "weights") and hasattr(kind, "put_weights")):
        message = f"Models of the kind {name!r} cannot be averaged: it has no weights to give."
        raise InputError(message, hint="The kind torch can; see docs/foundry/federation.md.")
    return cast("FederatedKind", kind)


def federated(
    recipe: Recipe,
    clients: Mapping[str, Split],
    folder: Path,
    plan: Plan | None = None,
    *,
    kind: FederatedKind | None = None,
    start: Path | None = None,
    judge: Callable[[Predict], Mapping[str, float]] | None = None,
) -> list[dict[str, Any]]:
    """Run rounds in this process; the common model ends up in ``folder / "model"``.

    Parameters
    ----------
    recipe : Recipe
        What to train.
    clients : mapping
        Rows of each client.
    folder : pathlib.Path
        Working folder, made if need be.
    plan : Plan, optional
        How.
    kind : FederatedKind, optional
        Instead of the recipe's.
    start : pathlib.Path, optional
        Model to begin from; by default the first client's, trained as the recipe says.
    judge : callable, optional
        Called with the predictor of the common model after each round; what it returns is told.

    Returns
    -------
    list of dict
        For each round ``round``, ``clients``, ``rows``, ``change`` (norm of the averaged change),
        ``spread`` (root mean square distance of the changes from it), and what ``judge`` told.

    Raises
    ------
    InputError
        If there are no clients, the plan is nonsense, or the weights of a client do not fit.
    """
    chosen = plan or Plan()
    chosen.refuse_nonsense()
    if not clients:
        message = "Federated training needs at least one client."
        raise InputError(message)
    able = kind or federated_kind(recipe.kind)
    random = np.random.default_rng(chosen.seed)
    common = _first_model(able, recipe, clients, folder, start)
    told = []
    for number in range(1, chosen.rounds + 1):
        names = _who(sorted(clients), chosen.share, random)
        own = _with_proximal(recipe, chosen.proximal, number)
        changes = [
            local_change(able, own, clients[name], common, folder / "client") for name in names
        ]
        average, facts = averaged(changes, chosen, random)
        able.put_weights(common, added(able.weights(common), average))
        seen = judge(able.load(common)) if judge is not None else {}
        told.append({"round": number, "clients": names, **facts, **seen})
    return told


def local_change(
    kind: FederatedKind, recipe: Recipe, split: Split, common: Path, scratch: Path
) -> Change:
    """Train from the common model on a client's own rows and return what changed.

    Raises
    ------
    InputError
        If the client has no rows.
    """
    if split.train.is_empty():
        message = "A client has no rows to learn from."
        raise InputError(message)
    _fitted(kind, recipe, split, scratch, common)
    before, after = kind.weights(common), kind.weights(scratch / "model")
    refuse_other_shapes(before, after)
    delta = {name: after[name] - before[name] for name in before}
    return Change(delta, float(split.train.height))


def averaged(
    changes: Sequence[Change], plan: Plan, random: np.random.Generator
) -> tuple[Weights, dict[str, float]]:
    """Average changes, weighted by rows, cut and covered with noise as the plan says.

    Whole numbers, such as counters, are taken from the client with the most rows.

    Returns
    -------
    average : dict of ndarray
    facts : dict
        ``rows``, ``change`` and ``spread`` before noise, ``cut`` (changes that were too large).
    """
    rows = np.array([change.rows for change in changes], dtype=np.float64)
    shares = rows / rows.sum()
    cut = [clipped(change.delta, plan.clip) for change in changes]
    largest = cut[int(rows.argmax())]
    average: Weights = {}
    for name, like in largest.items():
        if np.issubdtype(like.dtype, np.floating):
            whole = sum(s * d[name].astype(np.float64) for s, d in zip(shares, cut, strict=True))
            average[name] = np.asarray(whole)
        else:
            average[name] = like
    distances = [norm({k: d[k] - average[k] for k in d}) ** 2 for d in cut]
    facts = {
        "rows": float(rows.sum()),
        "change": norm(average),
        "spread": float(np.sqrt(shares @ np.array(distances))),
        "cut": float(sum(norm(c.delta) > (plan.clip or np.inf) for c in changes)),
    }
    if plan.noise and plan.clip is not None:
        average = _noised(average, plan.noise * plan.clip * float(shares.max()), random)
    return average, facts


def clipped(delta: Weights, most: float | None) -> Weights:
    """Return a change whose norm over all floating arrays is ``most`` at most."""
    size = norm(delta)
    if most is None or size <= most:
        return delta
    return {
        name: values * (most / size) if np.issubdtype(values.dtype, np.floating) else values
        for name, values in delta.items()
    }


def added(weights: Weights, delta: Weights) -> Weights:
    """Return weights after a change, of the types they had."""
    return {name: (values + delta[name]).astype(values.dtype) for name, values in weights.items()}


def norm(weights: Weights) -> float:
    """Return the Euclidean norm over all floating arrays."""
    return float(
        np.sqrt(
            sum(
                float((values.astype(np.float64) ** 2).sum())
                for values in weights.values()
                if np.issubdtype(values.dtype, np.floating)
            )
        )
    )


def refuse_other_shapes(known: Weights, given: Weights) -> None:
    """Raise InputError if weights are not of the names and shapes of others, or not finite."""
    for name in sorted({*known, *given}):
        if name not in known or name not in given or known[name].shape != given[name].shape:
            shapes = [w[name].shape if name in w else "missing" for w in (known, given)]
            message = f"The weights {name!r} do not fit: {shapes[0]} in common, {shapes[1]} given."
            hint = "All clients must begin from the common model, with its preparation."
            raise InputError(message, hint=hint)
        if np.issubdtype(given[name].dtype, np.floating) and not np.isfinite(given[name]).all():
            message = f"The weights {name!r} of a client are not finite."
            raise InputError(message, hint="Its training diverged; lower the learning rate.")


def copy_model(source: Path, target: Path) -> None:
    """Copy a model without its manifest, card and pictures, which are not true of another one."""
    left_out = shutil.ignore_patterns(MANIFEST, SIGNATURE_FILE, REPORT.rstrip("/"))
    shutil.copytree(source, target, ignore=left_out)


def _first_model(
    kind: FederatedKind,
    recipe: Recipe,
    clients: Mapping[str, Split],
    folder: Path,
    start: Path | None,
) -> Path:
    common = folder / "model"
    shutil.rmtree(common, ignore_errors=True)
    if start is None:
        _fitted(kind, recipe, clients[min(clients)], folder / "client", None)
        start = folder / "client" / "model"
    copy_model(start, common)
    return common


def _fitted(
    kind: FederatedKind, recipe: Recipe, split: Split, scratch: Path, start: Path | None
) -> None:
    shutil.rmtree(scratch, ignore_errors=True)
    (scratch / "model").mkdir(parents=True)
    run = Run(
        recipe=recipe,
        data=scratch,
        out=scratch / "model",
        seed=recipe.seed,
        log_path=scratch / "log.jsonl",
        split=split,
        checkpoints=scratch / "checkpoints",
        start=start,
    )
    kind.fit(run)


def _with_proximal(recipe: Recipe, mu: float, number: int) -> Recipe:
    """Return the recipe of one round: with mu, and a seed of its own for the order of rows."""
    given = recipe.model_dump(mode="json", exclude_unset=True)
    given["seed"] = recipe.seed + number
    if mu:
        given["params"] = {**given.get("params", {}), "proximal": mu}
    return recipe_of(given, recipe.name)


def _who(names: list[str], share: float, random: np.random.Generator) -> list[str]:
    count = max(1, round(share * len(names)))
    return sorted(random.choice(names, count, replace=False).tolist())


def _noised(average: Weights, deviation: float, random: np.random.Generator) -> Weights:
    return {
        name: values + random.normal(0.0, deviation, values.shape)
        if np.issubdtype(values.dtype, np.floating)
        else values
        for name, values in average.items()
    }
