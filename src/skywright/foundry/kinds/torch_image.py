"""The net for images: convolutions that halve the picture and double the channels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skywright.foundry.kinds.preparation_graph import FEATURES

if TYPE_CHECKING:
    from skywright.foundry.kinds.torch_graph import Weights, Writer
    from skywright.foundry.kinds.torch_nets import Net


def make(net: Net) -> Any:
    """Return the untrained module: ``depth`` convolutions, the first with ``width`` channels."""
    from torch import nn

    layers: list[Any] = []
    given, width = net.shape[0], net.width
    for _ in range(net.depth):
        layers += [nn.Conv2d(given, width, 3, stride=2, padding=1), nn.ReLU()]
        given, width = width, 2 * width
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(net.dropout)]
    return nn.Sequential(*layers, *head, nn.Linear(given, net.outputs))


def forward(module: Any, x: Any) -> Any:
    """Return outputs (n, k) for features (n, channels, height, width)."""
    return module(x)


def nodes(net: Net, weights: Weights, writer: Writer) -> str:
    """Write the net; layers of the module are numbered in twos, then three without weights."""
    given = FEATURES
    for layer in range(net.depth):
        conv = writer.layer(
            "Conv", str(2 * layer), weights, given, strides=[2, 2], pads=[1, 1, 1, 1]
        )
        given = writer.add("Relu", conv)
    pooled = writer.add("Flatten", writer.add("GlobalAveragePool", given), axis=1)
    return writer.linear(str(2 * net.depth + 3), weights, pooled)
