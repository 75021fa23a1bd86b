"""Writing a net as ONNX, node by node.

The nets of the foundry are few and plain, so their graphs are written rather than traced: that
takes milliseconds and no torch, which matters where every federated round exports again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from skywright.foundry.kinds.preparation_graph import FEATURES, OPSET

Weights = Mapping[str, npt.NDArray[Any]]


class Writer:
    """Collects the nodes and constants of a graph."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, name: str, array: npt.NDArray[Any]) -> str:
        """Add a constant once; returns its name."""
        from onnx import numpy_helper

        if all(one.name != name for one in self.constants):
            self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def add(self, op: str, *inputs: str, **attributes: Any) -> str:
        """Add a node; returns the name of its output."""
        from onnx import helper

        name = f"{op.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def axes(self, *axes: int) -> str:
        """Return the constant that names axes to reduce."""
        return self.constant("axes_" + "_".join(map(str, axes)), np.array(axes, np.int64))

    def layer(self, op: str, layer: str, weights: Weights, given: str, **attributes: Any) -> str:
        """Add a layer of torch with weight and bias under the name it has there."""
        names = [f"{layer}.weight", f"{layer}.bias"]
        return self.add(op, given, *(self.constant(n, weights[n]) for n in names), **attributes)

    def linear(self, layer: str, weights: Weights, given: str) -> str:
        """Add a linear layer: given (n, a) to (n, b)."""
        return self.layer("Gemm", layer, weights, given, transB=1)

    def finished(self, output: str, shape: Sequence[Any], width: int) -> Any:
        """Return the model from ``features`` of a shape to an output of (n, width)."""
        from onnx import TensorProto, helper

        self.nodes[-1].output[0] = output
        given = helper.make_tensor_value_info(FEATURES, TensorProto.FLOAT, ["rows", *shape])
        told = helper.make_tensor_value_info(output, TensorProto.FLOAT, ["rows", width])
        body = helper.make_graph(self.nodes, "net", [given], [told], self.constants)
        imports = [helper.make_opsetid("", OPSET)]
        return helper.make_model(body, opset_imports=imports, ir_version=9)
