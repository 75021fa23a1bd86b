"""Pictures of a judgement, as small PNG files.

Colours are those of Okabe & Ito (2008), which people with any colour vision tell apart; lines
differ in their dashes too, so that a grey print can be read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from skywright.foundry.evaluate.answers import Answers
from skywright.foundry.evaluate.calibration import bins_of
from skywright.foundry.evaluate.report import Arrays

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    Draw = Callable[[Figure], None]

_BLUE, _ORANGE, _GREEN, _RED, _GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#767676"
_STYLES = {
    "candidate": (_BLUE, "-"),
    "champion": (_RED, "--"),
    "baseline": (_GREY, ":"),
}
_MORE = ((_GREEN, "-."), (_ORANGE, (0, (3, 1, 1, 1))))
_MOST_POINTS = 4000  # more cannot be told apart on a picture of this size
_MOST_BARS = 24
_MOST_CURVES = 6
_PALETTE = 128  # colours of a file; a third of the bytes of full colour


def write_plots(report: Mapping[str, Any], arrays: Arrays, folder: Path) -> list[str]:
    """Write the pictures that a report has the data for.

    Parameters
    ----------
    report : mapping
        As `evaluation.evaluate` returns it.
    arrays : Arrays
        Beside it.
    folder : pathlib.Path
        Where the files go; it must exist.

    Returns
    -------
    list of str
        Names of the files: of ``confusion``, ``roc``, ``precision_recall``, ``reliability``,
        ``residuals``, ``curves`` and ``slices``, with ``.png``.
    """
    pictures = _of_answers(report, arrays)
    if arrays.curves:
        pictures["curves"] = lambda figure: _curves(figure, arrays.curves)
    if any(one["metrics"].get(report["metric"]) is not None for one in report.get("slices", [])):
        pictures["slices"] = lambda figure: _slices(figure, report)
    names = []
    for name, draw in pictures.items():
        (folder / f"{name}.png").write_bytes(_png(draw))
        names.append(f"{name}.png")
    return names


def _of_answers(report: Mapping[str, Any], arrays: Arrays) -> dict[str, Draw]:
    answers = arrays.candidate
    pictures: dict[str, Draw] = {}
    if report.get("confusion"):
        pictures["confusion"] = lambda figure: _confusion(figure, report["confusion"])
    if answers.task == "binary" and answers.probabilities is not None:
        if 0 < int((answers.truth == 1).sum()) < len(answers):
            pictures["roc"] = lambda figure: _roc(figure, report, arrays)
            pictures["precision_recall"] = lambda figure: _precision_recall(figure, report, arrays)
        pictures["reliability"] = lambda figure: _reliability(figure, arrays)
    if answers.values is not None:
        pictures["residuals"] = lambda figure: _residuals(figure, answers)
    return pictures


def _png(draw: Draw) -> bytes:
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image

    looks: Any = {
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": "#444444",
        "axes.titlesize": 11,
        "axes.titlelocation": "left",
        "font.size": 10,
        "legend.frameon": False,
    }
    with rc_context(looks):
        figure = Figure(figsize=(6.0, 4.6), dpi=110, layout="constrained")
        canvas: Any = FigureCanvasAgg(figure)
        draw(figure)
        canvas.draw()
        picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    buffer = BytesIO()
    picture.quantize(_PALETTE).save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def _models(arrays: Arrays) -> list[tuple[str, Answers, str, Any]]:
    """Return name, answers, colour and dashes of each model, the candidate last, on top."""
    others = [*arrays.others.items()]
    spare = iter([*_MORE] * (1 + len(others)))
    told = []
    for name, answers in [*others, ("candidate", arrays.candidate)]:
        colour, dashes = _STYLES.get(name) or next(spare)
        told.append((name, answers, colour, dashes))
    return told


def _label(name: str, report: Mapping[str, Any], metric: str) -> str:
    """Name a model with its number in the legend."""
    if name == "candidate":
        block, title = report, "this model"
    elif name in {"baseline", "champion"}:
        block = report.get(name) or {}
        title = f"{name} ({block.get('name' if name == 'baseline' else 'version', '')})"
    else:
        block, title = report.get("others", {}).get(name, {}), name
    value = block.get("metrics", {}).get(metric)
    return title if value is None else f"{title}: {value:.3f}"


def _square(axes: Axes) -> None:
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01))
    axes.set_aspect("equal")
    axes.grid(color="#e4e4e4", linewidth=0.7)
    axes.set_axisbelow(True)


def _roc(figure: Figure, report: Mapping[str, Any], arrays: Arrays) -> None:
    axes = figure.add_subplot()
    for name, answers, colour, dashes in _models(arrays):
        if answers.probabilities is None:
            continue
        hits, false = _sweep(answers)
        label = _label(name, report, "auc")
        axes.plot(false, hits, color=colour, linestyle=dashes, linewidth=1.8, label=label)
    _square(axes)
    axes.set_xlabel("False positive rate [-]")
    axes.set_ylabel("True positive rate [-]")
    axes.set_title(f"ROC of {arrays.candidate.classes[-1]!r}, {len(arrays.candidate)} test rows")
    axes.legend(loc="lower right", title="area under the curve")


def _sweep(answers: Answers) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return true and false positive rates, from the highest score down."""
    order = np.argsort(-answers.positive, kind="stable")
    last = np.flatnonzero(np.r_[np.diff(answers.positive[order]) != 0, True])
    yes = np.cumsum(answers.truth[order] == 1)[last]
    no = last + 1 - yes
    return np.r_[0.0, yes / yes[-1]], np.r_[0.0, no / no[-1]]


def _precision_recall(figure: Figure, report: Mapping[str, Any], arrays: Arrays) -> None:
    axes = figure.add_subplot()
    share = float(np.mean(arrays.candidate.truth == 1))
    for name, answers, colour, dashes in _models(arrays):
        if answers.probabilities is None:
            continue
        hits, false = _sweep(answers)
        found, wrong = hits[1:] * share, false[1:] * (1 - share)
        label = _label(name, report, "average_precision")
        precision = found / (found + wrong)
        recall, precision = np.r_[0.0, hits[1:]], np.r_[precision[0], precision]
        axes.step(recall, precision, where="pre", color=colour, linestyle=dashes, label=label)
    _square(axes)
    axes.set_xlabel("Recall [-]")
    axes.set_ylabel("Precision [-]")
    axes.set_title(f"Precision and recall of {arrays.candidate.classes[-1]!r}")
    axes.legend(loc="lower left", title="average precision")


def _reliability(figure: Figure, arrays: Arrays) -> None:
    axes, below = figure.subplots(2, 1, sharex=True, height_ratios=[3.2, 1])
    axes.plot([0, 1], [0, 1], color="#aaaaaa", linewidth=1, label="honest")
    for name, answers, colour, dashes in _models(arrays):
        if answers.probabilities is None or name not in {"candidate", "champion"}:
            continue
        bins = bins_of(answers.positive, answers.truth == 1)
        promised, observed = ([one[key] for one in bins] for key in ("promised", "observed"))
        label = "this model" if name == "candidate" else name
        axes.plot(promised, observed, color=colour, linestyle=dashes, marker="o", ms=4, label=label)
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.03, 1.03), ylabel="Observed frequency [-]")
    axes.set_title(f"Reliability of the probability of {arrays.candidate.classes[-1]!r}")
    axes.grid(color="#e4e4e4", linewidth=0.7)
    axes.legend(loc="upper left")
    below.hist(arrays.candidate.positive, bins=np.linspace(0, 1, 21).tolist(), color=_BLUE)
    below.set(xlabel="Promised probability [-]", ylabel="Rows")


def _confusion(figure: Figure, told: Mapping[str, Any]) -> None:
    counts = np.array(told["counts"], float)
    classes = [str(one) for one in told["classes"]]
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes = figure.add_subplot()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    said = [*classes, "none"][: counts.shape[1]]
    if len(classes) <= 12:
        for row, column in np.ndindex(*counts.shape):
            text = f"{counts[row, column]:.0f}\n{shares[row, column]:.0%}"
            ink = "white" if shares[row, column] > 0.55 else "#222222"
            axes.text(column, row, text, ha="center", va="center", color=ink, fontsize=8)
    turned = 45 if len(classes) > 6 or max(map(len, classes)) > 8 else 0
    axes.set_xticks(range(len(said)), said, rotation=turned, ha="right" if turned else "center")
    axes.set_yticks(range(len(classes)), classes)
    axes.set(xlabel="Answered class", ylabel="True class", title="Confusion: rows and their shares")
    axes.spines[:].set_visible(False)
    figure.colorbar(image, label="Share of the true class [-]")


def _residuals(figure: Figure, answers: Answers) -> None:
    values = answers.values
    if values is None:
        return
    errors = values - answers.truth
    picked = np.random.default_rng(1).permutation(len(errors))[:_MOST_POINTS]
    axes, right = figure.subplots(1, 2, sharey=True, width_ratios=[3, 1])
    axes.scatter(values[picked], errors[picked], s=8, color=_BLUE, alpha=0.35, linewidths=0)
    axes.set(xlabel="Answered value [unit of the target]")
    axes.set_ylabel("Answered minus true [unit of the target]")
    axes.set_title(f"Residuals of {len(errors)} test rows")
    right.hist(errors, bins=40, orientation="horizontal", color=_BLUE)
    right.set(xlabel="Rows")
    for one in (axes, right):
        one.axhline(0.0, color="#444444", linewidth=0.8)
        one.axhline(float(np.median(errors)), color=_RED, linestyle="--", linewidth=1.2)
    axes.plot([], [], color=_RED, linestyle="--", label=f"median {np.median(errors):.3g}")
    axes.legend(loc="best")


def _curves(figure: Figure, curves: Mapping[str, list[tuple[float, float]]]) -> None:
    """Draw what a kind logged, each number on its own axis, since units differ."""
    shown = list(curves.items())[:_MOST_CURVES]
    columns = 1 if len(shown) == 1 else 2
    rows = -(-len(shown) // columns)
    grid = figure.subplots(rows, columns, squeeze=False)
    for place, axes in enumerate(grid.flat):
        if place >= len(shown):
            axes.set_visible(False)
            continue
        name, points = shown[place]
        steps, values = zip(*points, strict=True)
        axes.plot(steps, values, color=_BLUE, marker="." if len(points) < 40 else "")
        axes.set_title(name)
        axes.grid(color="#e4e4e4", linewidth=0.7)
        if place + columns >= len(shown):
            axes.set_xlabel("Epoch or step")


def _slices(figure: Figure, report: Mapping[str, Any]) -> None:
    metric = report["metric"]
    told = [one for one in report["slices"] if one["metrics"].get(metric) is not None]
    upwards = bool(report.get("higher_is_better", True))
    told.sort(key=lambda one: float(one["metrics"][metric]), reverse=upwards)
    told = told[-_MOST_BARS:]
    axes = figure.add_subplot()
    for place, one in enumerate(told):
        worst = report.get("worst_slice") or {}
        is_worst = (one["column"], one["value"]) == (worst.get("column"), worst.get("value"))
        colour = _RED if is_worst else _BLUE
        axes.plot(one["metrics"][metric], place, "D" if is_worst else "o", color=colour, ms=6)
        if is_worst and worst.get("interval"):
            axes.plot(worst["interval"], [place, place], color=_RED, linewidth=1.6)
    names = [f"{one['column']} = {one['value']} ({one['rows']})" for one in told]
    axes.set_yticks(range(len(told)), names, fontsize=8)
    overall = report["metrics"].get(metric)
    if overall is not None:
        axes.axvline(overall, color=_GREY, linestyle=":", label=f"all rows: {overall:.3g}")
        axes.legend(loc="best")
    axes.set(xlabel=metric, title="Slices (rows), the worst with its 95 % interval")
    axes.grid(axis="x", color="#e4e4e4", linewidth=0.7)
    axes.margins(y=0.08)
