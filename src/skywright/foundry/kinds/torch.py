"""The kind ``torch``: small nets for tables, sequences and images.

A model folder holds ``weights.safetensors``, ``net.json``, ``preparation.json``,
``signature.json`` and ``model.onnx``; nothing in it is code.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.errors import InputError, MissingExtraError
from skywright.foundry.kind import Predict, Rows
from skywright.foundry.kinds.preparation import Preparation, feeds_of, learn
from skywright.foundry.kinds.preparation_channels import (
    Channels,
    channel_feeds,
    learn_images,
    learn_sequences,
)
from skywright.foundry.kinds.preparation_graph import with_preparation
from skywright.foundry.kinds.tabular import (
    class_names,
    coded_target,
    feature_names,
    feature_types,
    target_known,
    target_of,
)
from skywright.foundry.kinds.torch_nets import NETS, Net, exported
from skywright.foundry.kinds.torch_params import TorchParams, params_of
from skywright.foundry.kinds.torch_training import Lesson, train
from skywright.foundry.onnx_model import MODEL, load_onnx
from skywright.foundry.run import Run
from skywright.foundry.signature import F32, Signature
from skywright.foundry.unpacking import allow_images_from

WEIGHTS = "weights.safetensors"
"""File of a model folder that holds the weights."""

Arrays = dict[str, npt.NDArray[Any]]


def fit(run: Run) -> None:
    """Train the net of a recipe, from the model in ``run.start`` if there is one.

    With ``run.start`` the preparation, the classes and the shape of the net are those of that
    model, so that weights of several sites and rounds mean the same.

    Raises
    ------
    InputError
        If a parameter is unknown, or the rows do not fit the net.
    MissingExtraError
        If torch is not installed.
    """
    _refuse_missing_parts()
    import torch

    params = params_of(run.recipe)
    allow_images_from(run.data)
    signature, preparation, net = _begun(run, params)
    lesson = _lesson(run, signature, preparation, net)
    with torch.random.fork_rng():
        torch.manual_seed(run.seed)
        module = NETS[net.net].make(net)
    if run.start is not None:
        _set(module, weights(run.start))
    run.log(rows=len(lesson.y), weights=sum(one.numel() for one in module.parameters()))
    train(run, module, lesson, params)
    signature.write(run.out)
    preparation.write(run.out)
    net.write(run.out)
    put_weights(run.out, {name: one.numpy() for name, one in module.state_dict().items()})


def load(folder: Path) -> Predict:
    """Return the predictor of the net in torch, or of its export without torch."""
    try:
        import torch
    except ImportError:
        return load_onnx(folder)
    signature, preparation, net = Signature.of(folder), _preparation(folder), Net.of(folder)
    design = NETS[net.net]
    with torch.random.fork_rng():
        module = design.make(net).eval()
    _set(module, weights(folder))

    def predict(rows: Rows) -> list[dict[str, Any]]:
        if not len(rows):
            return []
        with torch.inference_mode():
            x = torch.from_numpy(preparation.matrix(signature.feeds(rows)))
            out = design.forward(module, x)
            told = torch.softmax(out, dim=1) if net.classes else out * net.spread + net.offset
        return signature.answers(told.numpy())

    return predict


def weights(folder: Path) -> Arrays:
    """Return the weights of a model by the names of its layers."""
    from safetensors.numpy import load_file

    return dict(load_file(folder / WEIGHTS))


def put_weights(folder: Path, weights: Arrays) -> None:
    """Give a model other weights, and export it again.

    Raises
    ------
    InputError
        If names or shapes are not those of the net.
    """
    from safetensors.numpy import save_file

    net = Net.of(folder)
    whole = {name: np.ascontiguousarray(array, np.float32) for name, array in weights.items()}
    _refuse_other_shapes(net, whole)
    graph = exported(net, whole)
    joined = with_preparation(graph, _preparation(folder), _output(net))
    save_file(whole, folder / WEIGHTS)
    # Renamed over the old file, which a server may be reading at this moment.
    partial = folder / f".{MODEL}"
    partial.write_bytes(joined.SerializeToString(deterministic=True))
    partial.replace(folder / MODEL)


def _output(net: Net) -> str:
    return "probabilities" if net.classes else "value"


def _refuse_other_shapes(net: Net, weights: Arrays) -> None:
    import torch

    with torch.random.fork_rng():
        known = {
            name: tuple(one.shape) for name, one in NETS[net.net].make(net).state_dict().items()
        }
    given = {name: array.shape for name, array in weights.items()}
    for name in sorted(known.keys() | given.keys()):
        if known.get(name) != given.get(name):
            message = (
                f"Weight {name} has shape {given.get(name)}, and the net needs {known.get(name)}."
            )
            raise InputError(message, hint="Weights can only be put into the net they came from.")


def _set(module: Any, weights: Arrays) -> None:
    import torch

    module.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})


def _preparation(folder: Path) -> Preparation | Channels:
    return Preparation.of(folder) if Net.of(folder).net == "tabular" else Channels.of(folder)


def _refuse_missing_parts() -> None:
    for part in ("torch", "onnx", "safetensors"):
        try:
            import_module(part)
        except ImportError as error:
            what = "Training nets"
            raise MissingExtraError(what, "train") from error


def _begun(run: Run, params: TorchParams) -> tuple[Signature, Preparation | Channels, Net]:
    """Learn signature, preparation and shape of the net, or take them from ``run.start``."""
    rows = run.rows().train
    target_known(run.recipe, rows)
    if run.recipe.run.distributed != "none":
        message = "The kind torch trains in one process, and run.distributed names several."
        raise InputError(message, hint="Leave run.distributed out.")
    if run.start is not None:
        signature = Signature.of(run.start)
        _refuse_new_classes(signature, rows[run.recipe.target])
        return signature, _preparation(run.start), Net.of(run.start)
    rows = rows.drop_nulls(run.recipe.target)
    task, classes = target_of(run.recipe, rows[run.recipe.target])
    preparation = _learned(run, params, rows)
    prefix = "" if params.net == "tabular" else f"{params.net}_"
    signature = Signature(prefix + task, run.recipe.target, preparation.inputs, classes)
    return signature, preparation, _net(params, preparation, signature, rows)


def _learned(run: Run, params: TorchParams, rows: pl.DataFrame) -> Preparation | Channels:
    recipe = run.recipe
    if params.net == "tabular":
        if recipe.prepare.missing == "keep" or "keep" in recipe.prepare.columns.values():
            message = "A net cannot learn from missing values, and prepare.missing is keep."
            raise InputError(message, hint="Set missing = 'median', or kind = 'lightgbm'.")
        return learn(rows, feature_types(recipe, rows), recipe.prepare)
    names = feature_names(recipe, rows)
    if len(names) != 1:
        message = f"A net for a {params.net} learns from one column, not {', '.join(names)}."
        raise InputError(message, hint=f"Name it: features = ['{names[0]}'].")
    learning = learn_sequences if params.net == "sequence" else learn_images
    return learning(rows[names[0]], recipe)


def _net(
    params: TorchParams,
    preparation: Preparation | Channels,
    signature: Signature,
    rows: pl.DataFrame,
) -> Net:
    shape: tuple[int, ...] = (preparation.width,)
    if isinstance(preparation, Channels):
        steps = preparation.shape[:1] if params.net == "sequence" else preparation.shape[1:]
        shape = (preparation.width, *steps)
    offset, spread = 0.0, 1.0
    if not signature.classes:
        target = rows[signature.target].cast(pl.Float64).to_numpy()
        offset, spread = float(target.mean()), float(target.std()) or 1.0
    return Net(
        net=params.net,
        shape=shape,
        outputs=len(signature.classes) or 1,
        width=params.width,
        depth=params.depth or NETS[params.net].depth,
        dropout=params.dropout,
        classes=bool(signature.classes),
        offset=offset,
        spread=spread,
    )


def _lesson(
    run: Run, signature: Signature, preparation: Preparation | Channels, net: Net
) -> Lesson:
    def arrays(frame: pl.DataFrame) -> tuple[F32, npt.NDArray[Any]]:
        frame, y = coded_target(frame, signature)
        if isinstance(preparation, Channels):
            x = preparation.matrix(channel_feeds(frame, preparation))
        else:
            x = preparation.matrix(feeds_of(frame, preparation.inputs))
        if not net.classes:
            y = ((y - net.offset) / net.spread).astype(np.float32)[:, None]
        return x, y

    split = run.rows()
    forward = NETS[net.net].forward
    return Lesson(*arrays(split.train), *arrays(split.valid), forward, len(signature.classes))


def _refuse_new_classes(signature: Signature, target: pl.Series) -> None:
    new = set(class_names(target.unique().to_list())) - set(signature.classes)
    if signature.classes and new:
        message = f"The rows hold the class {min(new)!r}, which the model to start from lacks."
        hint = f"It knows {', '.join(signature.classes)}. Train without a model to start from."
        raise InputError(message, hint=hint)
