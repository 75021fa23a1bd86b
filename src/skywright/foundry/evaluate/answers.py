"""What a model answered, as arrays beside the truth, so that every metric is a few lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from skywright.errors import InputError
from skywright.foundry.evaluate.texts import same_text, token_overlap
from skywright.foundry.kind import Predict

TASKS = ("binary", "multiclass", "regression", "policy", "text")
"""What models do, as far as judging them is concerned."""

_PER_ROW_NUMBERS = ("low", "high", "log_probability", "tokens")


@dataclass(frozen=True, slots=True)
class Answers:
    """Truth and answers of n rows."""

    task: str
    """One of ``TASKS``."""
    truth: NDArray[Any]
    """Shape (n,): index of the class, number, or text."""
    classes: tuple[str, ...] = ()
    """Names of the k classes; the last one of two is the positive one."""
    probabilities: NDArray[np.float64] | None = None
    """Shape (n, k) [-]; None if the model answers labels only."""
    labels: NDArray[np.int64] | None = None
    """Shape (n,): index of the class that was answered, -1 for one that is unknown."""
    values: NDArray[np.float64] | None = None
    """Shape (n,): numbers that were answered, in the unit of the target."""
    columns: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    """More numbers a row, shape (n,) each, such as ``low`` and ``high`` of an interval."""

    def __len__(self) -> int:
        return len(self.truth)

    def take(self, index: NDArray[Any]) -> Answers:
        """Return the rows of an index or mask, shape (m,)."""
        picked = {
            name: None if array is None else array[index]
            for name, array in (
                ("probabilities", self.probabilities),
                ("labels", self.labels),
                ("values", self.values),
            )
        }
        columns = {name: array[index] for name, array in self.columns.items()}
        return replace(self, truth=self.truth[index], columns=columns, **cast("Any", picked))

    @property
    def positive(self) -> NDArray[np.float64]:
        """Probability of the positive class of two, shape (n,) [-].

        Raises
        ------
        InputError
            If the model answers labels only.
        """
        return self.chances()[:, -1]

    def chances(self) -> NDArray[np.float64]:
        """Return the probabilities, shape (n, k) [-].

        Raises
        ------
        InputError
            If the model answers labels only.
        """
        if self.probabilities is None:
            message = "This metric needs probabilities, and the model answers labels only."
            raise InputError(message)
        return self.probabilities


def task_of(signature: Mapping[str, Any]) -> str:
    """Return which of ``TASKS`` judges a model, from its signature.

    Raises
    ------
    InputError
        If the signature names a task that nothing here can judge.
    """
    named = str(signature.get("task", ""))
    if named in TASKS:
        return named
    if classes := signature.get("classes"):
        return "binary" if len(classes) == 2 else "multiclass"
    for task in TASKS:
        if named.endswith(task):
            return task
    message = f"The signature names the task {named!r}; tasks are {', '.join(TASKS)}."
    raise InputError(message, hint="A prefix such as image_ or sequence_ is allowed.")


def ask(predict: Predict, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Ask a model for the answers to some rows.

    Raises
    ------
    InputError
        If it gives another number of answers than there are rows.
    """
    told = predict(rows)
    if len(told) != len(rows):
        message = f"The model gave {len(told)} answers to {len(rows)} rows; it must give one each."
        raise InputError(message)
    return told


def answers_of(
    signature: Mapping[str, Any], truth: Sequence[Any], told: Sequence[Mapping[str, Any]]
) -> Answers:
    """Put truth and answers beside each other.

    Parameters
    ----------
    signature : mapping
        Task and classes of the model.
    truth : sequence of length n
        Values of the target.
    told : sequence of length n
        Answers of the model.

    Raises
    ------
    InputError
        If there are no rows, an answer lacks what its task needs, or the truth of a model of two
        classes holds a third.
    """
    if len(truth) == 0 or len(truth) != len(told):
        message = (
            f"There are {len(truth)} rows and {len(told)} answers; at least one row is needed."
        )
        raise InputError(message)
    task = task_of(signature)
    numbers = _numbers(told)
    if task == "regression":
        values = np.array([_number_in(answer) for answer in told])
        return Answers(task, np.asarray(truth, float), values=values, columns=numbers)
    if task == "text":
        return Answers(task, np.asarray(truth, object), columns=numbers | _scores(truth, told))
    if task == "policy":
        message = "A policy is judged by what it earns, not by rows; its kind judges it."
        raise InputError(message)
    return _classified(signature, truth, told)


def class_name(value: Any) -> str:
    """Return the name of a class, the same for 1, 1.0, True and their texts where they agree."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _classified(
    signature: Mapping[str, Any], truth: Sequence[Any], told: Sequence[Mapping[str, Any]]
) -> Answers:
    known = [class_name(name) for name in signature.get("classes", ())]
    names = [class_name(value) for value in truth]
    unknown = sorted(set(names) - set(known))
    if unknown and len(known) == 2:
        message = f"The rows hold the class {unknown[0]!r}; the model knows {' and '.join(known)}."
        raise InputError(message, hint="Train on rows that hold every class.")
    # A class that no row taught counts against a model of many classes: its probability is 0.
    classes = tuple(known + unknown)
    place = {name: index for index, name in enumerate(classes)}
    labels = np.array([place.get(class_name(answer.get("label")), -1) for answer in told])
    return Answers(
        task_of(signature),
        np.array([place[name] for name in names]),
        classes,
        _probabilities(place, told),
        labels.astype(np.int64),
    )


def _probabilities(
    place: Mapping[str, int], told: Sequence[Mapping[str, Any]]
) -> NDArray[np.float64] | None:
    if not all("probabilities" in answer for answer in told):
        return None
    table = np.zeros((len(told), len(place)))
    for row, answer in enumerate(told):
        for name, chance in answer["probabilities"].items():
            if (column := place.get(class_name(name))) is not None:
                table[row, column] = chance
    return table


def _number_in(answer: Mapping[str, Any]) -> float:
    if "value" not in answer:
        message = f"A regression answers {{'value': number}}, not {sorted(answer)}."
        raise InputError(message)
    return float(answer["value"])


def _numbers(told: Sequence[Mapping[str, Any]]) -> dict[str, NDArray[np.float64]]:
    return {
        name: np.array([float(answer[name]) for answer in told])
        for name in _PER_ROW_NUMBERS
        if all(name in answer for answer in told)
    }


def _scores(
    truth: Sequence[Any], told: Sequence[Mapping[str, Any]]
) -> dict[str, NDArray[np.float64]]:
    pairs = [
        (str(right), str(answer.get("text", ""))) for right, answer in zip(truth, told, strict=True)
    ]
    return {
        "exact_match": np.array([same_text(right, said) for right, said in pairs], float),
        "token_f1": np.array([token_overlap(right, said) for right, said in pairs]),
    }
