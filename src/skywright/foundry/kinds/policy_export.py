"""A learned policy as files: the weights, the signature, and an ONNX graph that acts.

The graph is written out layer by layer, so that equal weights give equal bytes, and it holds what
the algorithm does after its last layer: choose the best, or clip and scale to the allowed range.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from skywright.foundry.kinds.policy_environment import Spaces
from skywright.foundry.kinds.policy_plan import Plan
from skywright.foundry.kinds.policy_training import STATE
from skywright.foundry.onnx_model import MODEL
from skywright.foundry.signature import Input, Signature

OBSERVATION, SCORES, ACTION = "observation", "scores", "action"

_OPSET, _IR = 17, 9
_STEMS = {
    "ppo": ("mlp_extractor.policy_net", "action_net"),
    "sac": ("actor.latent_pi", "actor.mu"),
}

Weights = dict[str, npt.NDArray[np.float32]]


def export(out: Path, model: Any, plan: Plan, spaces: Spaces) -> None:
    """Write a policy into a model folder.

    Parameters
    ----------
    out : pathlib.Path
        Model folder.
    model : stable_baselines3 model
        The learned one.
    plan : Plan
        Algorithm and activation.
    spaces : Spaces
        What it sees and does.
    """
    from safetensors.torch import save_file

    state = {name: one.detach().cpu().contiguous() for name, one in _unique(model)}
    save_file(state, out / STATE)
    _signature(spaces).write(out)
    weights = {name: one.numpy().astype(np.float32) for name, one in state.items()}
    graph = _Graph(spaces, weights).of(plan)
    (out / MODEL).write_bytes(graph.SerializeToString(deterministic=True))


def _unique(model: Any) -> list[tuple[str, Any]]:
    return sorted((name, one.clone()) for name, one in model.policy.state_dict().items())


def _signature(spaces: Spaces) -> Signature:
    if spaces.observation == "state":
        return Signature("policy", ACTION, (Input(OBSERVATION, "number"),))
    return Signature("policy", ACTION, (Input(OBSERVATION, "sequence", (spaces.width, 1)),))


class _Graph:
    """Nodes and constants of a policy, in the order in which they are computed."""

    def __init__(self, spaces: Spaces, weights: Weights) -> None:
        self.spaces = spaces
        self.weights = weights
        self.nodes: list[Any] = []
        self.constants: dict[str, npt.NDArray[Any]] = {}

    def of(self, plan: Plan) -> Any:
        """Return the model."""
        hidden, head = _STEMS[plan.algorithm]
        value = self._seen()
        for number in range(len(plan.layers)):
            value = self._layer(f"{hidden}.{2 * number}", value)  # a layer, then its activation
            value = self._node(plan.activation.title(), value)
        self._layer(head, value, SCORES)
        self._act(plan.algorithm)
        return self._model()

    def _node(self, kind: str, *inputs: str, out: str = "", **given: Any) -> str:
        from onnx import helper

        out = out or f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [out], **given))
        return out

    def _constant(self, name: str, value: npt.NDArray[Any]) -> str:
        self.constants[name] = value
        return name

    def _layer(self, stem: str, value: str, out: str = "") -> str:
        weight = self._constant(f"{stem}.weight", self.weights[f"{stem}.weight"])
        bias = self._constant(f"{stem}.bias", self.weights[f"{stem}.bias"])
        return self._node("Gemm", value, weight, bias, out=out, transB=1)

    def _seen(self) -> str:
        """Return the features: the numbers themselves, or a 1 in the place of the state."""
        from onnx import TensorProto

        if self.spaces.observation == "numbers":
            return OBSERVATION
        places = np.arange(self.spaces.width, dtype=np.float32)
        hot = self._node("Equal", OBSERVATION, self._constant("states", places[None]))
        return self._node("Cast", hot, to=TensorProto.FLOAT)

    def _act(self, algorithm: str) -> None:
        if self.spaces.action == "choice":
            self._node("ArgMax", SCORES, out=ACTION, axis=1, keepdims=0)
            return
        low = self._constant("low", np.array([self.spaces.low], np.float32))
        high = self._constant("high", np.array([self.spaces.high], np.float32))
        value = SCORES
        if algorithm == "sac":
            half = (np.array([self.spaces.high]) - np.array([self.spaces.low])) / 2
            middle = (np.array([self.spaces.high]) + np.array([self.spaces.low])) / 2
            value = self._node("Tanh", value)
            value = self._node("Mul", value, self._constant("half", half.astype(np.float32)))
            value = self._node("Add", value, self._constant("middle", middle.astype(np.float32)))
        value = self._node("Max", value, low)
        self._node("Min", value, high, out=ACTION)

    def _model(self) -> Any:
        from onnx import TensorProto, helper, numpy_helper

        spaces = self.spaces
        width = spaces.width if spaces.observation == "numbers" else 1
        choice = spaces.action == "choice"
        action = (
            helper.make_tensor_value_info(ACTION, TensorProto.INT64, ["n"])
            if choice
            else helper.make_tensor_value_info(ACTION, TensorProto.FLOAT, ["n", spaces.actions])
        )
        scores = helper.make_tensor_value_info(SCORES, TensorProto.FLOAT, ["n", spaces.actions])
        graph = helper.make_graph(
            self.nodes,
            "policy",
            [helper.make_tensor_value_info(OBSERVATION, TensorProto.FLOAT, ["n", width])],
            [action, scores],
            [numpy_helper.from_array(value, name) for name, value in self.constants.items()],
        )
        made = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR
        )
        shape = ",".join(map(str, spaces.shape or (spaces.actions,)))
        helper.set_model_props(made, {"action": spaces.action, "shape": shape})
        return made
