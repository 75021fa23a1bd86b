"""The net for tables: linear layers with ReLU and dropout between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skywright.foundry.kinds.preparation_graph import FEATURES

if TYPE_CHECKING:
    from skywright.foundry.kinds.torch_graph import Weights, Writer
    from skywright.foundry.kinds.torch_nets import Net


def make(net: Net) -> Any:
    """Return the untrained module: ``depth`` hidden layers of ``width``."""
    from torch import nn

    layers: list[Any] = []
    given = net.shape[0]
    for _ in range(net.depth):
        layers += [nn.Linear(given, net.width), nn.ReLU(), nn.Dropout(net.dropout)]
        given = net.width
    return nn.Sequential(*layers, nn.Linear(given, net.outputs))


def forward(module: Any, x: Any) -> Any:
    """Return outputs (n, k) for features (n, width)."""
    return module(x)


def nodes(net: Net, weights: Weights, writer: Writer) -> str:
    """Write the net; layers of the module are numbered in threes."""
    given = FEATURES
    for layer in range(net.depth):
        given = writer.add("Relu", writer.linear(str(3 * layer), weights, given))
    return writer.linear(str(3 * net.depth), weights, given)
