"""Asking an exported policy: observations in, actions out, with ONNX Runtime alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from skywright.errors import InputError, NotFoundError
from skywright.foundry.kind import Predict, Rows
from skywright.foundry.onnx_session import session
from skywright.foundry.signature import Signature

F32 = npt.NDArray[np.float32]
_MODEL = "model.onnx"
_COLUMN = "observation"


def load_policy(folder: Path, name: str = _MODEL) -> Predict:
    """Return a policy: rows with ``observation`` in, answers with ``action`` out.

    A choice is answered by its number, an action of numbers by a list in the shape that the
    environment takes.

    Raises
    ------
    NotFoundError
        If the folder holds no exported policy.
    """
    path = folder / name
    if not path.is_file():
        message = f"The model {folder} holds no {name}, so it is no policy."
        raise NotFoundError(message)
    runs = session(path, path.stat().st_mtime_ns)
    told = runs.get_modelmeta().custom_metadata_map
    shape = tuple(int(one) for one in told["shape"].split(",") if one)
    column = Signature.of(folder).inputs[0]
    width = column.shape[0] if column.shape else 1

    def predict(rows: Rows) -> list[dict[str, Any]]:
        if not len(rows):
            return []
        seen = np.stack([_observation(row, number, width) for number, row in enumerate(rows)])
        actions = runs.run(["action"], {_COLUMN: seen})[0]
        if told["action"] == "choice":
            return [{"action": one} for one in actions.tolist()]
        return [{"action": one.reshape(shape).tolist()} for one in actions]

    return predict


def _observation(row: Any, number: int, width: int) -> F32:
    try:
        value = np.asarray(row[_COLUMN], np.float32).reshape(-1)
    except (KeyError, TypeError, ValueError) as error:
        message = f"Row {number} has no {_COLUMN} of numbers."
        raise InputError(message, hint=_hint(width)) from error
    if value.size != width or np.isnan(value).any():
        message = f"Row {number} has an {_COLUMN} of {value.size} numbers, or one that is missing."
        raise InputError(message, hint=_hint(width))
    return value


def _hint(width: int) -> str:
    return f"Give {_COLUMN} as {width} {'number' if width == 1 else 'numbers'}."
