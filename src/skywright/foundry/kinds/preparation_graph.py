"""The preparation as an ONNX graph, and its union with the graph of a model."""

from __future__ import annotations

from typing import Any

import numpy as np

from skywright.foundry.kinds.preparation import Category, Preparation
from skywright.foundry.kinds.preparation_channels import Channels
from skywright.foundry.signature import Input

FEATURES = "features"
"""Name of the input of a model that is to be joined to its preparation."""

OPSET, ML_OPSET = 18, 3  # the newest that every converter of the foundry writes
_ONNX_ML = "ai.onnx.ml"


def with_preparation(model: Any, preparation: Preparation | Channels, output: str) -> Any:
    """Put the preparation before a model, so that it takes raw columns.

    Parameters
    ----------
    model : onnx.ModelProto
        A model whose only input is ``features``, float32 (n, width).
    preparation : Preparation or Channels
        What was learned about the columns.
    output : str
        Name of the model's output that is kept, ``probabilities`` or ``value``; all others go.
    """
    from onnx import compose, helper

    keep_output(model, output)
    versions = {"": OPSET, _ONNX_ML: ML_OPSET}
    for one in model.opset_import:  # converters declare the oldest that would do
        versions[one.domain] = max(one.version, versions.get(one.domain, 1))
    del model.opset_import[:]
    model.opset_import.extend(helper.make_opsetid(*one) for one in versions.items())
    before = _before(preparation)
    del before.opset_import[:]
    before.opset_import.extend(model.opset_import)
    before.ir_version = model.ir_version
    net = compose.add_prefix(model, "net_", rename_inputs=False, rename_outputs=False)
    joined = compose.merge_models(before, net, io_map=[(FEATURES, FEATURES)])
    joined.producer_name = "skywright"
    # Converters draw random names, which would make every training another version.
    joined.graph.name, joined.graph.doc_string = "model", ""
    del joined.opset_import[:]  # merging lists those of both halves
    joined.opset_import.extend(helper.make_opsetid(*one) for one in versions.items())
    return joined


def _before(preparation: Preparation | Channels) -> Any:
    if isinstance(preparation, Channels):
        return channel_graph(preparation)
    return graph(preparation)


def renamed(model: Any, old: str, new: str) -> Any:
    """Give an output of a model another name."""
    for node in model.graph.node:
        for names in (node.input, node.output):
            for place, name in enumerate(names):
                if name == old:
                    names[place] = new
    for output in model.graph.output:
        if output.name == old:
            output.name = new
    return model


def keep_output(model: Any, name: str) -> None:
    """Leave a model one output only."""
    kept = [one for one in model.graph.output if one.name == name]
    del model.graph.output[:]
    model.graph.output.extend(kept)


def graph(preparation: Preparation) -> Any:
    """Return the preparation as a model from columns (n, 1) to ``features`` (n, width)."""
    from onnx import TensorProto, helper

    nodes: list[Any] = []
    constants: list[Any] = []
    parts = _numbers(preparation, nodes, constants) if preparation.numbers else []
    parts += [_category(one, preparation.encode, nodes) for one in preparation.categories]
    nodes.append(helper.make_node("Concat", parts, [FEATURES], axis=1, name="join"))
    types = {"number": TensorProto.FLOAT, "boolean": TensorProto.FLOAT}
    inputs = [
        helper.make_tensor_value_info(
            one.graph_name, types.get(one.type, TensorProto.STRING), ["rows", 1]
        )
        for one in preparation.inputs
    ]
    output = helper.make_tensor_value_info(FEATURES, TensorProto.FLOAT, ["rows", preparation.width])
    body = helper.make_graph(nodes, "preparation", inputs, [output], constants)
    return _model(body)


def channel_graph(preparation: Channels) -> Any:
    """Return the preparation of sequences or images as a model to ``features``."""
    from onnx import TensorProto, helper, numpy_helper

    column = preparation.inputs[0].graph_name
    offset, factor = preparation.constants()
    constants = [
        numpy_helper.from_array(array, f"prepare_{name}")
        for name, array in (("offset", offset), ("factor", factor), ("axis", np.array([2])))
    ]
    steps = _SEQUENCE_STEPS if preparation.type == "sequence" else _IMAGE_STEPS
    nodes = [
        helper.make_node(op, [one or column for one in given], [out], name=out, **more)
        for op, given, out, more in steps
    ]
    given = helper.make_tensor_value_info(column, TensorProto.FLOAT, ["rows", *preparation.shape])
    shape = preparation.shape
    wide = (preparation.width, shape[0]) if preparation.type == "sequence" else shape
    told = helper.make_tensor_value_info(FEATURES, TensorProto.FLOAT, ["rows", *wide])
    used = constants if preparation.type == "sequence" else constants[:2]
    return _model(helper.make_graph(nodes, "preparation", [given], [told], used))


_IMAGE_STEPS: tuple[tuple[str, list[str], str, dict[str, Any]], ...] = (
    ("Sub", ["", "prepare_offset"], "prepare_centred", {}),
    ("Mul", ["prepare_centred", "prepare_factor"], FEATURES, {}),
)
_SEQUENCE_STEPS: tuple[tuple[str, list[str], str, dict[str, Any]], ...] = (
    ("IsNaN", [""], "prepare_missing", {}),
    ("Where", ["prepare_missing", "prepare_offset", ""], "prepare_filled", {}),
    ("Sub", ["prepare_filled", "prepare_offset"], "prepare_centred", {}),
    ("Mul", ["prepare_centred", "prepare_factor"], "prepare_scaled", {}),
    ("Not", ["prepare_missing"], "prepare_known", {}),
    ("Cast", ["prepare_known"], "prepare_count", {"to": 1}),
    ("ReduceMax", ["prepare_count", "prepare_axis"], "prepare_there", {"keepdims": 1}),
    ("Concat", ["prepare_scaled", "prepare_there"], "prepare_both", {"axis": 2}),
    ("Transpose", ["prepare_both"], FEATURES, {"perm": [0, 2, 1]}),
)


def _model(body: Any) -> Any:
    from onnx import helper

    imports = [helper.make_opsetid("", OPSET), helper.make_opsetid(_ONNX_ML, ML_OPSET)]
    return helper.make_model(body, opset_imports=imports)


def _numbers(preparation: Preparation, nodes: list[Any], constants: list[Any]) -> list[str]:
    from onnx import helper, numpy_helper

    names = [Input(one.name, one.type).graph_name for one in preparation.numbers]
    fill, offset, factor = preparation.constants()
    for name, array in (("fill", fill), ("offset", offset), ("factor", factor)):
        constants.append(numpy_helper.from_array(array, f"prepare_{name}"))
    nodes.append(helper.make_node("Concat", names, ["prepare_raw"], axis=1, name="numbers"))
    steps = [
        ("IsNaN", ["prepare_raw"], "prepare_missing"),
        ("Where", ["prepare_missing", "prepare_fill", "prepare_raw"], "prepare_filled"),
        ("Sub", ["prepare_filled", "prepare_offset"], "prepare_centred"),
        ("Mul", ["prepare_centred", "prepare_factor"], "prepare_scaled"),
    ]
    if not np.any(offset) and np.all(factor == 1.0):
        steps = steps[:2]
    nodes += [helper.make_node(op, given, [out], name=out) for op, given, out in steps]
    return [steps[-1][2]]


def _category(column: Category, encode: str, nodes: list[Any]) -> str:
    """Code a text by a table; a text that is not in it gets -1, which is no column of one-hot."""
    from onnx import helper

    codes = column.codes()
    given = Input(column.name, column.type).graph_name
    code, out = f"prepare_code_{column.name}", f"prepare_coded_{column.name}"
    keys: dict[str, Any] = {"keys_strings": list(codes), "domain": _ONNX_ML}
    if encode == "ordinal":
        values = [float(value) for value in codes.values()]
        nodes.append(
            helper.make_node(
                "LabelEncoder",
                [given],
                [out],
                values_floats=values,
                default_float=-1.0,
                name=out,
                **keys,
            )
        )
        return out
    nodes.append(
        helper.make_node(
            "LabelEncoder",
            [given],
            [code],
            values_int64s=list(codes.values()),
            default_int64=-1,
            name=code,
            **keys,
        )
    )
    # OneHotEncoder adds an axis: (n, 1) becomes (n, 1, k), and the middle one is flattened away.
    wide = f"prepare_wide_{column.name}"
    cats = list(range(len(column.values)))
    nodes.append(
        helper.make_node(
            "OneHotEncoder", [code], [wide], cats_int64s=cats, zeros=1, name=wide, domain=_ONNX_ML
        )
    )
    nodes.append(helper.make_node("Flatten", [wide], [out], axis=1, name=out))
    return out
