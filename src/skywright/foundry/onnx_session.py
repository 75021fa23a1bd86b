"""ONNX models, loaded once and shared by threads."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt


@lru_cache(maxsize=32)
def session(path: Path, stamp: int = 0) -> Any:
    """Return the onnxruntime session of a file; one thread, so that requests do not fight.

    A file that may be written again is asked for with its time of change, else the old one stays.
    """
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # converters of tree models declare outputs of one row
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def run_onnx(path: Path, feeds: Mapping[str, npt.NDArray[Any]]) -> list[npt.NDArray[Any]]:
    """Return all outputs of a model for float32 inputs by name."""
    given = {name: np.ascontiguousarray(value, np.float32) for name, value in feeds.items()}
    return list(session(path).run(None, given))
