"""Smaller copies of nets: smaller indeed, still good, and told with their loss."""

import numpy as np
import polars as pl
import pytest

from skywright.errors import InputError, NotFoundError
from skywright.foundry.compress import INT8, PRUNED, prune, quantise
from skywright.foundry.data.splits import Split
from skywright.foundry.kind import kind_named
from skywright.foundry.onnx_model import load_onnx
from skywright.foundry.recipe import recipe_of
from skywright.foundry.run import Run


def rows_of(net):
    rng = np.random.default_rng(2)
    yes = rng.random(400) > 0.5
    if net == "sequence":
        waves = [np.sin(np.arange(20) * (0.3 + 0.6 * one)) for one in yes]
        return pl.DataFrame({"wave": [wave.tolist() for wave in waves], "fault": yes})
    noisy = rng.normal(size=(400, 6)) + 1.5 * yes[:, None]
    columns = {f"c{number}": noisy[:, number] for number in range(6)}
    return pl.DataFrame({**columns, "fault": yes})


def trained(folder, kind, frame, params):
    given = {"name": "fault", "kind": kind, "target": "fault", "params": params}
    out = folder / f"{kind}-{params.get('net', '')}"
    out.mkdir()
    split = Split(frame[:250], frame[250:300], frame[300:])
    log = out.with_suffix(".jsonl")
    run = Run(recipe_of(given, "a test"), folder, out, seed=1, log_path=log, split=split)
    kind_named(kind).fit(run)
    return out, split.test.to_dicts()


@pytest.fixture(scope="module", params=["tabular", "sequence"])
def model(request, tmp_path_factory):
    params = {"net": request.param, "width": 64, "epochs": 6}
    return trained(tmp_path_factory.mktemp("nets"), "torch", rows_of(request.param), params)


def test_int8_makes_a_net_smaller_and_keeps_what_it_knows(model):
    folder, rows = model
    told = quantise(folder, rows, "auc")
    assert told["bytes"] == (folder / INT8).stat().st_size < 0.6 * told["bytes_before"]
    assert told["before"] > 0.9
    assert abs(told["after"] - told["before"]) < 0.02
    assert 0 < told["max_abs_error"] < 0.1


def test_the_error_that_is_told_is_the_error_there_is(model):
    folder, rows = model
    told = quantise(folder, rows, "accuracy")
    whole, small = (
        [answer["probabilities"]["True"] for answer in load_onnx(folder, name)(rows)]
        for name in ("model.onnx", INT8)
    )
    assert told["max_abs_error"] == pytest.approx(
        np.max(np.abs(np.subtract(whole, small))), abs=1e-6
    )


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_pruning_zeroes_exactly_its_share_of_the_weights(model, share):
    folder, rows = model
    told = prune(folder, share, rows, "auc")
    assert told["sparsity"] == pytest.approx(share, abs=1e-3)
    assert told["bytes"] == told["bytes_before"]
    if share == 0.9:
        assert told["gzip_bytes"] < 0.5 * told["gzip_bytes_before"]
        assert told["max_abs_error"] > 0


def test_pruning_takes_the_smallest_weights(model):
    folder, rows = model
    prune(folder, 0.5, rows, "auc")
    before, after = (weights(folder / name) for name in ("model.onnx", PRUNED))
    gone = after == 0
    assert np.abs(before[gone]).max() <= np.abs(before[~gone]).min()
    np.testing.assert_array_equal(before[~gone], after[~gone])


def weights(path):
    import onnx

    named = {one.name: onnx.numpy_helper.to_array(one) for one in onnx.load(path).graph.initializer}
    return np.concatenate(
        [named[name].ravel() for name in sorted(named) if named[name].ndim > 1 and "weight" in name]
    )


@pytest.mark.parametrize("share", [-0.1, 1.0])
def test_a_share_outside_its_range_is_refused(model, share):
    with pytest.raises(InputError, match="at least 0 and below 1"):
        prune(model[0], share, model[1], "auc")


def test_trees_hold_nothing_to_compress(tmp_path):
    folder, rows = trained(tmp_path, "lightgbm", rows_of("tabular"), {"rounds": 3})
    for told in (quantise(folder, rows, "auc"), prune(folder, 0.5, rows, "auc")):
        assert "nothing to compress" in told["skipped"]
    assert not (folder / INT8).exists()


def test_the_loss_cannot_be_measured_without_rows(model):
    with pytest.raises(InputError, match="needs rows"):
        quantise(model[0], [], "auc")


def test_a_folder_without_an_export_is_refused(tmp_path, model):
    with pytest.raises(NotFoundError, match=r"holds no model\.onnx"):
        quantise(tmp_path, model[1], "auc")
