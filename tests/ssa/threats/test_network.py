"""ThreatDetectorNN: the layers of the plan, learning what is there, served as trained."""

import numpy as np
import pytest

from skywright.ssa.behaviours import Behaviour
from skywright.ssa.threats.network import (
    Examples,
    Lessons,
    export_network,
    probabilities,
    train_network,
)


@pytest.fixture(scope="module")
def examples():
    """Each class lights one quarter or channel of the images."""
    random = np.random.default_rng(1)
    n = 240
    classes = np.arange(n) % len(Behaviour)
    images = random.random((n, 3, 30, 30)).astype(np.float32) * 0.3
    for row, k in enumerate(classes):
        images[row, k % 3, 15 * (k // 3) : 15 * (k // 3) + 10, :] += 0.7
    return Examples(images, random.normal(size=(n, 8)).astype(np.float32), classes)


@pytest.fixture(scope="module")
def module(examples):
    return train_network(examples.rows(np.arange(180)), Lessons(epochs=3, batch=32), seed=1)


def test_it_has_the_layers_of_the_plan(module):
    shapes = [tuple(p.shape) for p in module.parameters() if p.ndim > 1]
    assert shapes == [(32, 3, 3, 3), (64, 32, 3, 3), (128, 12544 + 8), (6, 128)]


def test_it_tells_rows_it_has_not_seen(module, examples):
    rest = examples.rows(np.arange(180, 240))
    assert (probabilities(module, rest).argmax(axis=1) == rest.classes).mean() > 0.9


def test_the_served_graph_gives_the_same(module, examples, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    export_network(module, tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"))
    given = {"images": examples.images, "numbers": examples.numbers}
    (served,) = session.run(None, given)
    assert served == pytest.approx(probabilities(module, examples), abs=1e-5)


def test_the_same_seed_gives_the_same_network(examples):
    few = examples.rows(np.arange(64))
    one, two = (train_network(few, Lessons(epochs=1), seed=3) for _ in range(2))
    assert np.array_equal(probabilities(one, few), probabilities(two, few))
