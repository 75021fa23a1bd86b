"""The net for sequences: dilated convolutions with residuals, pooled over the steps there are.

References
----------
.. [1] Bai, Kolter & Koltun (2018), arXiv:1803.01271 (temporal convolutions; here not causal, since
   the whole sequence is known).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skywright.foundry.kinds.preparation_graph import FEATURES

if TYPE_CHECKING:
    from skywright.foundry.kinds.torch_graph import Weights, Writer
    from skywright.foundry.kinds.torch_nets import Net

_REACH = 2  # dilation doubles from layer to layer; five layers see 125 steps


def make(net: Net) -> Any:
    """Return the untrained module; the last channel of its features tells which steps there are."""
    from torch import nn

    layers: dict[str, Any] = {"first": nn.Conv1d(net.shape[0], net.width, 3, padding=1)}
    for layer in range(net.depth):
        reach = _REACH**layer
        layers[f"conv{layer}"] = nn.Conv1d(net.width, net.width, 3, padding=reach, dilation=reach)
    layers["drop"] = nn.Dropout(net.dropout)
    layers["last"] = nn.Linear(2 * net.width, net.outputs)
    return nn.ModuleDict(layers)


def forward(module: Any, x: Any) -> Any:
    """Return outputs (n, k) for features (n, channels, steps)."""
    import torch

    there = x[:, -1:, :]
    h = torch.relu(module["first"](x)) * there
    for layer in range(len(module) - 3):
        h = h + module["drop"](torch.relu(module[f"conv{layer}"](h))) * there
    mean = h.sum(dim=2) / there.sum(dim=2).clamp(min=1.0)
    return module["last"](torch.cat([mean, h.amax(dim=2)], dim=1))


def nodes(net: Net, weights: Weights, writer: Writer) -> str:
    """Write the net as `forward` computes it."""
    ends = [np.array([one], np.int64) for one in (net.shape[0] - 1, net.shape[0], 1)]
    names = ("there_from", "there_to", "there_axis")
    cut = [writer.constant(name, one) for name, one in zip(names, ends, strict=True)]
    there = writer.add("Slice", FEATURES, *cut)
    steps = writer.axes(2)
    h = writer.layer("Conv", "first", weights, FEATURES, pads=[1, 1])
    h = writer.add("Mul", writer.add("Relu", h), there)
    for layer in range(net.depth):
        reach = _REACH**layer
        more = writer.layer(
            "Conv", f"conv{layer}", weights, h, pads=[reach, reach], dilations=[reach]
        )
        h = writer.add("Add", h, writer.add("Mul", writer.add("Relu", more), there))
    count = writer.add("ReduceSum", there, steps, keepdims=0)
    count = writer.add("Max", count, writer.constant("least", np.array([1.0], np.float32)))
    mean = writer.add("Div", writer.add("ReduceSum", h, steps, keepdims=0), count)
    most = writer.add("ReduceMax", h, steps, keepdims=0)
    return writer.linear("last", weights, writer.add("Concat", mean, most, axis=1))
