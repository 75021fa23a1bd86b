"""One row and 1,000 rows through a registered model, and through the library that trained it."""

import statistics
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import polars as pl

from skywright.foundry.data.splits import split_table
from skywright.foundry.kind import kind_named
from skywright.foundry.onnx_model import agreement, load_onnx
from skywright.foundry.recipe import recipe_of
from skywright.foundry.run import Run

NAMES = [f"x{k}" for k in range(12)]
TIMES = {1: 400, 1000: 40}


def measure():
    rows = table()
    return {"lightgbm": lightgbm(rows), "torch": torch(rows)}


def table():
    rng = np.random.default_rng(7)
    x = rng.normal(size=(6000, len(NAMES)))
    z = x[:, 0] + x[:, 1] * x[:, 2] + 0.5 * rng.normal(size=len(x))
    return pl.DataFrame(x, schema=NAMES).with_columns(y=pl.Series((z > 0).astype(int)))


def fitted(rows, kind, params):
    recipe = recipe_of({"name": "bench", "kind": kind, "target": "y", "params": params}, "bench")
    folder = Path(tempfile.mkdtemp(prefix="skywright-bench-"))
    out, checkpoints = folder / "model", folder / "checkpoints"
    out.mkdir()
    checkpoints.mkdir()
    split = split_table(rows, recipe, 1)
    log = folder / "log.jsonl"
    run = Run(recipe, folder, out, 1, log, split=split, checkpoints=checkpoints)
    kind_named(kind).fit(run)
    proof = agreement(out, kind_named(kind).load(out), split.test.to_dicts())
    return out, split, proof, kind_named(kind).load(out)


def lightgbm(rows):
    import lightgbm as lgb

    out, split, proof, original = fitted(rows, "lightgbm", {"rounds": 100, "early_stopping": 0})
    booster = lgb.Booster(model_file=str(out / "model.txt"))
    x = split.test.select(NAMES).to_numpy()
    return beside(out, proof, (rows, original), x, booster.predict)


def torch(rows):
    import torch as library

    out, split, proof, original = fitted(
        rows, "torch", {"net": "tabular", "epochs": 3, "width": 64}
    )
    net = library.nn.Sequential(
        library.nn.Linear(len(NAMES), 64),
        library.nn.ReLU(),
        library.nn.Linear(64, 64),
        library.nn.ReLU(),
        library.nn.Linear(64, 2),
        library.nn.Softmax(dim=1),
    ).eval()
    x = split.test.select(NAMES).to_numpy().astype(np.float32)

    def predict(values):
        with library.inference_mode():
            return net(library.from_numpy(values)).numpy()

    told = beside(out, proof, (rows, original), x, predict)
    return told | {"peer": "a net of the same size in torch, no preparation, no dictionaries"}


def beside(out, proof, asked, x, library):
    ours, (rows, original) = load_onnx(out), asked
    told = {"agreement": {k: proof[k] for k in ("rows", "max_abs_error", "labels_equal", "agrees")}}
    for count, times in TIMES.items():
        dictionaries = rows.select(NAMES).head(count).to_dicts()
        values = np.ascontiguousarray(x[:count] if count <= len(x) else np.tile(x, (2, 1))[:count])
        mine = timed(lambda d=dictionaries: ours(d), times)
        theirs = timed(lambda v=values: library(v), times)
        from_rows = timed(lambda d=dictionaries: library(as_array(d, x.dtype)), times)
        whole = timed(lambda d=dictionaries: original(d), times)
        told[f"rows_{count}"] = {
            "ours_us": round(mine, 1),
            "library_with_preparation_and_answers_us": round(whole, 1),
            "ratio_like_for_like": round(whole / mine, 2),
            "library_from_the_same_rows_us": round(from_rows, 1),
            "library_from_a_ready_array_us": round(theirs, 1),
        }
    return told


def as_array(dictionaries, dtype):
    """Do by hand what a server does with a request before the library can be asked."""
    return np.array([[row[name] for name in NAMES] for row in dictionaries], dtype)


def timed(function, times):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(5):
            function()
        found = []
        for _ in range(times):
            began = time.perf_counter()
            function()
            found.append(time.perf_counter() - began)
    return 1e6 * statistics.median(found)
