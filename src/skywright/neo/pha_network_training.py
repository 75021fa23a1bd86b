"""Training the hazard network: five folds against the rule, then one model on the whole.

Read top to bottom. Data: every near-Earth object of a catalogue, labels of JPL. The held-out part
of each fold is never seen in training; a tenth of the training part stops it early.

References
----------
.. [1] Nadeau & Bengio (2003), Machine Learning 52, 239 (variance of cross-validated differences).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import stats

from skywright.errors import MissingExtraError
from skywright.foundry.kind import Predict, Rows
from skywright.foundry.run import Run
from skywright.neo.pha_network import CLASSES, FEATURES, features, predict
from skywright.neo.rows import ELEMENTS, table_of, write_signature

F32 = npt.NDArray[np.float32]
I64 = npt.NDArray[np.int64]

CATALOGUE = "catalogue/neo_catalogue_202410.parquet"
"""File under the data folder that the network is learned from."""

LABELS = ("not_pha", "pha")
"""What the network says of an object."""

_FOLDS = 5
_WEIGHT_PER_PERSON = 2.0
_MOST_WEIGHT = 10.0
_CLASS_OF = {"atira": "IEO", "aten": "ATE", "apollo": "APO", "amor": "AMO"}
_CLASS_WEIGHTS = (4.0, 1.5, 1.0, 1.0)  # Atiras are one in a thousand


@dataclass(frozen=True, slots=True)
class Lesson:
    """Rows to learn from."""

    x: F32
    """Features, shape (n, 10)."""
    pha: F32
    """1 for potentially hazardous, shape (n,)."""
    orbit_class: I64
    """Index into `CLASSES`, shape (n,)."""
    weight: F32
    """Weight of each row, shape (n,)."""

    def rows(self, index: npt.NDArray[Any]) -> Lesson:
        """Return some of the rows."""
        return Lesson(self.x[index], self.pha[index], self.orbit_class[index], self.weight[index])


@dataclass(frozen=True, slots=True)
class Curves:
    """How the loss went, epoch by epoch."""

    training: list[float]
    """Loss on the training part."""
    stopping: list[float]
    """Loss on the part that stops the training."""


def fit(run: Run) -> dict[str, Any]:
    """Train, compare with the rule on five folds, and write model, card and pictures."""
    table = catalogue(run.data / CATALOGUE)
    if "labels" not in run.also:
        return fit_taught(run, table, lesson_of(table))
    taught, changed = taught_by_people(table, pl.read_parquet(run.also["labels"]))
    return fit_taught(run, table, taught) | {"labelled_objects": changed}


def fit_taught(run: Run, table: pl.DataFrame, taught: Lesson) -> dict[str, Any]:
    """Train on ``taught``, whose labels may differ from those of the table, and write the model.

    The folds are judged by the labels of the table, on the rows where both agree to be JPL's: an
    object that a person labelled is never part of the judgement.
    """
    official, rule = lesson_of(table), rule_of(table)
    judged = taught.weight == official.weight
    result = cross_validated(taught, official, rule, judged, run)
    network, curves = train_network(taught, run.recipe.params, run.seed)
    export(network, taught, run.out / "model.onnx")
    metrics = summary(result) | {"onnx_agreement": agreement(network, taught, run.out, table)}
    _write_card(run, metrics, len(table))
    _draw(run.out, curves, result)
    write_signature(run.out, "binary", ELEMENTS, target="pha", classes=LABELS)
    prior = {"name": "base rate", "average_precision": metrics["base_rate"]}
    return metrics | {"baseline": prior}


def load(folder: Path) -> Predict:
    """Return the predictor of a model folder: orbits to hazard and class of orbit."""

    def answers(rows: Rows) -> list[dict[str, Any]]:
        hazard, classes = predict(folder, table_of(rows))
        return [_answer(p, c) for p, c in zip(hazard.tolist(), classes.tolist(), strict=True)]

    return answers


def _answer(hazard: float, classes: list[float]) -> dict[str, Any]:
    return {
        "label": LABELS[int(hazard > 0.5)],
        "probabilities": dict(zip(LABELS, (1 - hazard, hazard), strict=True)),
        "orbit_class": dict(zip(CLASSES, classes, strict=True)),
    }


def catalogue(path: Path) -> pl.DataFrame:
    """Return the asteroids of a catalogue that have H, elements and labels."""
    table = pl.read_parquet(path).filter(~pl.col("is_comet"), pl.col("h_mag").is_not_null())
    return table.filter(pl.col("class_from_elements").is_in(CLASSES), pl.col("e") < 1)


def lesson_of(table: pl.DataFrame) -> Lesson:
    """Turn labelled rows into a lesson, each of weight one."""
    classes = [CLASSES.index(name) for name in table["class_from_elements"].to_list()]
    return Lesson(
        features(table),
        table["pha"].fill_null(value=False).to_numpy().astype(np.float32),
        np.array(classes, np.int64),
        np.ones(table.height, np.float32),
    )


def taught_by_people(table: pl.DataFrame, labels: pl.DataFrame) -> tuple[Lesson, int]:
    """Return the lesson of a table with people's labels, and how many objects they labelled.

    Parameters
    ----------
    table : polars.DataFrame
        The catalogue.
    labels : polars.DataFrame
        ``question`` (pha, orbit_class), ``designation``, ``label``, ``people``.
    """
    lesson = lesson_of(table)
    rows = {name: k for k, name in enumerate(table["designation"].to_list())}
    touched = set()
    for row in labels.iter_rows(named=True):
        if (k := rows.get(row["designation"])) is None:
            continue
        if row["question"] == "pha":
            lesson.pha[k] = float(row["label"] == "pha")
        else:
            lesson.orbit_class[k] = CLASSES.index(_CLASS_OF[row["label"]])
        weight = 1.0 + _WEIGHT_PER_PERSON * row["people"]
        lesson.weight[k] = np.float32(min(_MOST_WEIGHT, weight))
        touched.add(k)
    return lesson, len(touched)


def rule_of(table: pl.DataFrame) -> npt.NDArray[np.bool_]:
    """Return what the definition says: MOID <= 0.05 au and H <= 22.0."""
    from skywright.neo.moid import add_moid

    moid = add_moid(table.drop("moid_au", strict=False))["moid_au"].to_numpy()
    return np.asarray((moid <= 0.05) & (table["h_mag"].to_numpy() <= 22.0))


def train_network(lesson: Lesson, params: dict[str, Any], seed: int) -> tuple[Any, Curves]:
    """Train one network with early stopping; the best epoch is kept as a checkpoint in memory.

    Raises
    ------
    MissingExtraError
        If torch is not installed.
    """
    try:
        import torch
    except ImportError as error:
        message = "Training the hazard network"
        raise MissingExtraError(message, "train") from error
    torch.manual_seed(seed)
    order = np.random.default_rng(seed).permutation(len(lesson.x))
    cut = max(1, len(order) // 10)
    stopping, training = lesson.rows(order[:cut]), lesson.rows(order[cut:])
    network = _network(training, params)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=params.get("lr", 3e-3), weight_decay=params.get("l2", 1e-4)
    )
    best, patience, checkpoint = np.inf, 0, network.state_dict()
    curves = Curves([], [])
    for _ in range(int(params.get("epochs", 40))):
        curves.training.append(_epoch(network, training, optimiser, params))
        curves.stopping.append(_loss_value(network, stopping))
        if curves.stopping[-1] < best - 1e-4:
            best, patience = curves.stopping[-1], 0
            checkpoint = {name: value.clone() for name, value in network.state_dict().items()}
        else:
            patience += 1
        if patience >= int(params.get("patience", 6)):
            break
    network.load_state_dict(checkpoint)
    return network.eval(), curves


def cross_validated(
    taught: Lesson,
    official: Lesson,
    rule: npt.NDArray[np.bool_],
    judged: npt.NDArray[np.bool_],
    run: Run,
) -> dict[str, Any]:
    """Return out-of-fold probabilities and per-fold scores of network and rule."""
    from sklearn.metrics import average_precision_score, roc_auc_score

    fold = np.random.default_rng(run.seed).permutation(len(official.x)) % _FOLDS
    hazard = np.zeros(len(official.x))
    classes = np.zeros((len(official.x), len(CLASSES)))
    scores = []
    for k in range(_FOLDS):
        network, _ = train_network(taught.rows(fold != k), run.recipe.params, run.seed + k)
        held = (fold == k) & judged
        hazard[held], classes[held] = _answers(network, official.x[held])
        truth = official.pha[held] > 0.5
        scores.append(
            {
                "accuracy": float(np.mean((hazard[held] > 0.5) == truth)),
                "rule_accuracy": float(np.mean(rule[held] == truth)),
                "auc": float(roc_auc_score(truth, hazard[held])),
                "average_precision": float(average_precision_score(truth, hazard[held])),
            }
        )
        run.log(fold=k, **scores[-1])
    return {
        "hazard": hazard[judged],
        "classes": classes[judged],
        "truth": official.pha[judged] > 0.5,
        "rule": rule[judged],
        "class_truth": official.orbit_class[judged],
        "scores": scores,
    }


def corrected_t_test(
    differences: npt.NDArray[np.float64], test_share: float
) -> tuple[float, float]:
    """Return t and the two-sided p of a mean difference over folds, corrected after [1].

    Parameters
    ----------
    differences : ndarray, shape (k,)
        Score of one model minus that of the other, fold by fold.
    test_share : float
        Rows tested over rows trained on, such as 0.25 for five folds.
    """
    k = differences.size
    spread = float(np.var(differences, ddof=1)) * (1.0 / k + test_share)
    if spread == 0.0:
        return float("inf") * float(np.sign(differences.mean())), float(differences.mean() == 0)
    t = float(differences.mean() / np.sqrt(spread))
    return t, float(2 * stats.t.sf(abs(t), k - 1))


def summary(result: dict[str, Any]) -> dict[str, Any]:
    """Return the numbers for the card."""
    scores = pl.DataFrame(result["scores"])
    gap = (scores["accuracy"] - scores["rule_accuracy"]).to_numpy()
    t, p = corrected_t_test(gap, 1.0 / (_FOLDS - 1))
    truth, guess = result["truth"], result["hazard"] > 0.5
    named = result["classes"].argmax(axis=1)
    return {
        **{name: float(np.mean(scores[name].to_numpy())) for name in scores.columns},
        "accuracy_sd": float(np.std(scores["accuracy"].to_numpy(), ddof=1)),
        "majority_accuracy": float(1 - truth.mean()),
        "base_rate": float(truth.mean()),
        "minus_rule_t": t,
        "minus_rule_p": p,
        "confusion": [[int(np.sum((truth == a) & (guess == b))) for b in (False, True)]
                      for a in (False, True)],
        "class_accuracy": float(np.mean(named == result["class_truth"])),
    }  # fmt: skip


def export(network: Any, lesson: Lesson, path: Path) -> None:
    """Write the network, scaling and probabilities included, as ONNX."""
    import warnings

    import torch

    sample = torch.from_numpy(lesson.x[:2])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of itself
        torch.onnx.export(
            _with_probabilities(network),
            (sample,),
            str(path),
            input_names=["features"],
            output_names=["hazard", "classes"],
            dynamic_axes={"features": {0: "n"}, "hazard": {0: "n"}, "classes": {0: "n"}},
            dynamo=False,
        )


def agreement(network: Any, lesson: Lesson, folder: Path, table: pl.DataFrame) -> float:
    """Return the largest difference between the exported and the original network."""
    mine, classes = _answers(network, lesson.x)
    served, served_classes = predict(folder, table)
    return float(max(np.abs(mine - served).max(), np.abs(classes - served_classes).max()))


def _network(training: Lesson, params: dict[str, Any]) -> Any:
    """Standardise, two hidden layers with dropout, one output for hazard and four for the class."""
    import torch
    from torch import nn

    width, drop = int(params.get("width", 64)), float(params.get("dropout", 0.1))

    class Scale(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("mean", torch.from_numpy(training.x.mean(axis=0)))
            self.register_buffer("sd", torch.from_numpy(training.x.std(axis=0) + 1e-6))

        def forward(self, x: Any) -> Any:
            return (x - self.mean) / self.sd

    return nn.Sequential(
        Scale(), nn.Linear(len(FEATURES), width), nn.ReLU(), nn.Dropout(drop),
        nn.Linear(width, width), nn.ReLU(), nn.Dropout(drop),
        nn.Linear(width, 1 + len(CLASSES)),
    )  # fmt: skip


def _with_probabilities(network: Any) -> Any:
    """Return the network followed by sigmoid and softmax."""
    from torch import nn

    class WithProbabilities(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, x: Any) -> tuple[Any, Any]:
            out = self.network(x)
            return out[:, 0].sigmoid(), out[:, 1:].softmax(dim=1)

    return WithProbabilities().eval()


def _loss(network: Any, lesson: Lesson) -> Any:
    """Weighted cross-entropies of both tasks; the hazardous weigh more, by the root of rarity."""
    import torch
    from torch.nn import functional

    out = network(torch.from_numpy(lesson.x))
    share = max(float(lesson.pha.mean()), 1e-3)
    rare = torch.from_numpy(np.where(lesson.pha > 0.5, np.sqrt((1 - share) / share), 1.0))
    weight = torch.from_numpy(lesson.weight)
    hazard = functional.binary_cross_entropy_with_logits(
        out[:, 0], torch.from_numpy(lesson.pha), reduction="none"
    )
    named = functional.cross_entropy(
        out[:, 1:],
        torch.from_numpy(lesson.orbit_class),
        weight=torch.tensor(_CLASS_WEIGHTS),
        reduction="none",
    )
    return ((hazard * rare + 0.5 * named) * weight).mean()


def _epoch(network: Any, lesson: Lesson, optimiser: Any, params: dict[str, Any]) -> float:
    import torch

    network.train()
    size, total = int(params.get("batch", 256)), 0.0
    order = torch.randperm(len(lesson.x)).numpy()
    for lo in range(0, len(order), size):
        part = lesson.rows(order[lo : lo + size])
        optimiser.zero_grad()
        loss = _loss(network, part)
        loss.backward()
        optimiser.step()
        total += float(loss.detach()) * len(part.x)
    return total / len(order)


def _loss_value(network: Any, lesson: Lesson) -> float:
    import torch

    network.eval()
    with torch.no_grad():
        return float(_loss(network, lesson))


def _answers(network: Any, x: F32) -> tuple[F32, F32]:
    import torch

    with torch.no_grad():
        hazard, classes = _with_probabilities(network)(torch.from_numpy(x))
    return hazard.numpy(), classes.numpy()


def _write_card(run: Run, metrics: dict[str, Any], rows: int) -> None:
    card = {
        "name": run.recipe.name,
        "title": run.recipe.title,
        "trust": "the rule (MOID <= 0.05 au and H <= 22.0), not this network",
        "metrics": metrics,
        "baselines": {
            "rule": {"accuracy": metrics["rule_accuracy"]},
            "majority": {"accuracy": metrics["majority_accuracy"]},
        },
        "features": list(FEATURES),
        "classes": list(CLASSES),
        "rows": rows,
        "data": "JPL Small-Body Database, near-Earth objects of 2024-10 (NASA/JPL, with credit)",
        "licence": "Apache-2.0",
        "command": f"skywright train {run.recipe.name} --data FOLDER",
    }
    (run.out / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


def _draw(folder: Path, curves: Curves, result: dict[str, Any]) -> None:
    """Learning curves, confusion matrix and ROC in one small picture."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from sklearn.metrics import roc_curve

    figure = Figure(figsize=(10.5, 3.4), dpi=90, layout="constrained")
    FigureCanvasAgg(figure)
    loss, matrix, roc = figure.subplots(1, 3)
    loss.plot(curves.training, label="training")
    loss.plot(curves.stopping, label="stopping part")
    loss.set(xlabel="epoch", ylabel="loss", title="learning curves")
    loss.legend(frameon=False)
    truth, guess = result["truth"], result["hazard"] > 0.5
    counts = [[int(np.sum((truth == a) & (guess == b))) for b in (0, 1)] for a in (0, 1)]
    matrix.imshow(np.sqrt(counts), cmap="Blues")
    for a in (0, 1):
        for b in (0, 1):
            matrix.text(b, a, f"{counts[a][b]:,}", ha="center", va="center")
    matrix.set(xticks=[0, 1], yticks=[0, 1], xlabel="network", ylabel="JPL", title="hazardous")
    false, true, _ = roc_curve(truth, result["hazard"])
    roc.plot(false, true, label="network")
    rule = result["rule"]
    roc.plot(np.mean(rule[~truth]), np.mean(rule[truth]), "r*", ms=12, label="the rule")
    roc.set(xlabel="false alarms", ylabel="found", title="ROC, out of fold")
    roc.legend(frameon=False)
    figure.savefig(folder / "curves.png")
