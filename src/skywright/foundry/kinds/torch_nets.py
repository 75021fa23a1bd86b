"""What a net is made of, and the table of nets: tabular, sequence and image."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from skywright.foundry.kinds import torch_image, torch_sequence, torch_tabular
from skywright.foundry.kinds.torch_graph import Weights, Writer

FILE = "net.json"
"""File of a model folder that describes the net."""


@dataclass(frozen=True, slots=True)
class Net:
    """Everything about a net but its weights."""

    net: str
    """Key of `NETS`."""
    shape: tuple[int, ...]
    """Shape of the features of one row."""
    outputs: int
    """Number of classes, or 1 for a number."""
    width: int
    depth: int
    dropout: float
    classes: bool
    offset: float = 0.0
    """Mean of the target [unit of the target]; the net learns (target - offset) / spread."""
    spread: float = 1.0

    def write(self, folder: Path) -> None:
        """Write ``net.json`` into a model folder."""
        (folder / FILE).write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def of(cls, folder: Path) -> Net:
        """Read the net of a model folder."""
        given = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return cls(**given | {"shape": tuple(given["shape"])})


@dataclass(frozen=True, slots=True)
class Design:
    """How one kind of net is made, run and written."""

    make: Callable[[Any], Any]
    """Net to an untrained torch module."""
    forward: Callable[[Any, Any], Any]
    """Module and features (n, ...) to outputs (n, k), before any softmax."""
    nodes: Callable[[Any, Weights, Writer], str]
    """The same as ONNX nodes; returns the name of the output."""
    depth: int
    """Layers if the recipe does not say."""


NETS = {
    "tabular": Design(torch_tabular.make, torch_tabular.forward, torch_tabular.nodes, 2),
    "sequence": Design(torch_sequence.make, torch_sequence.forward, torch_sequence.nodes, 4),
    "image": Design(torch_image.make, torch_image.forward, torch_image.nodes, 3),
}
"""The nets by their names in ``params.net``."""


def exported(net: Net, weights: Weights) -> Any:
    """Return a net as ONNX, from ``features`` to ``probabilities`` or ``value``."""
    writer = Writer()
    out = NETS[net.net].nodes(net, weights, writer)
    if net.classes:
        writer.add("Softmax", out, axis=1)
        return writer.finished("probabilities", net.shape, net.outputs)
    spread = writer.constant("target_spread", np.array([net.spread], np.float32))
    offset = writer.constant("target_offset", np.array([net.offset], np.float32))
    writer.add("Add", writer.add("Mul", out, spread), offset)
    return writer.finished("value", net.shape, 1)
