"""Nets: what they learn, that a crash changes nothing, and what is refused."""

import base64
import hashlib
import io
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from skywright.errors import InputError
from skywright.foundry.kinds import torch as kind
from skywright.foundry.onnx_model import agreement, load_onnx

QUICK = {"width": 16, "epochs": 6, "learning_rate": 0.01}


def waves(n=300):
    """Slow and fast oscillations of unequal length; the second channel tells nothing."""
    rng = np.random.default_rng(3)
    labels, lengths = rng.integers(0, 2, n), rng.integers(8, 30, n)
    rows = [
        [[float(np.sin(t * (0.3 + 0.6 * label)) + 0.2 * rng.normal()), 100.0] for t in range(steps)]
        for label, steps in zip(labels, lengths, strict=True)
    ]
    return pl.DataFrame({"wave": rows, "tumbling": labels.astype(bool)})


def picture(rng, bright):
    pixels = rng.integers(0, 90, (18, 22, 3)).astype(np.uint8)
    if bright:
        pixels[4:12, 4:12] = 230
    return pixels


def png(pixels):
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def pictures(n=240):
    rng = np.random.default_rng(4)
    labels = rng.integers(0, 2, n)
    images = [png(picture(rng, label)) for label in labels]
    return pl.DataFrame({"picture": images, "source": np.where(labels, "star", "sky").tolist()})


def of_net(run_of, net, **more):
    if net == "sequence":
        return run_of("torch", "tumbling", frame=waves(), params=QUICK | {"net": net}, **more)
    if net == "image":
        given = QUICK | {"net": net, "size": 16, "epochs": 8}
        return run_of("torch", "source", frame=pictures(), params=given, **more)
    return run_of("torch", params=QUICK, **more)


def sha256(run):
    return hashlib.sha256((run.out / kind.WEIGHTS).read_bytes()).hexdigest()


@pytest.mark.parametrize("net", ["tabular", "sequence", "image"])
def test_a_net_learns_and_its_export_answers_the_same(run_of, accuracy, net):
    run = of_net(run_of, net)
    kind.fit(run)
    rows = run.split.test.to_dicts()
    assert accuracy(kind.load(run.out), run) > 0.8
    found = agreement(run.out, kind.load(run.out), rows)
    assert found["labels_equal"] == 1.0
    assert found["max_abs_error"] < 1e-5


@pytest.mark.parametrize("target", ["grade", "score"])
def test_nets_of_many_classes_and_of_numbers_agree_too(run_of, target):
    run = run_of("torch", target, params=QUICK)
    kind.fit(run)
    assert agreement(run.out, kind.load(run.out), run.split.test.to_dicts())["max_abs_error"] < 1e-5


def test_a_net_for_numbers_beats_their_mean(run_of):
    run = run_of("torch", "score", params=QUICK)
    kind.fit(run)
    truth = run.split.test["score"].to_numpy()
    told = [answer["value"] for answer in kind.load(run.out)(run.split.test.to_dicts())]
    assert np.mean((truth - told) ** 2) < 0.3 * truth.var()


class _CrashError(Exception):
    pass


@pytest.mark.parametrize("every", [1, 2])
def test_a_run_that_crashed_ends_with_the_same_weights(run_of, every):
    whole = run_of("torch", name="whole", params=QUICK)
    kind.fit(whole)
    broken = run_of(
        "torch", name="broken", params=QUICK, checkpoints=True, run={"checkpoint_every": every}
    )

    def crash(line):
        if line.get("step") == 4:
            raise _CrashError

    with pytest.raises(_CrashError):
        kind.fit(replace(broken, emit=crash))
    kind.fit(broken)
    assert "resumed_at_epoch" in broken.log_path.read_text()
    assert sha256(broken) == sha256(whole)
    assert (broken.out / "model.onnx").read_bytes() == (whole.out / "model.onnx").read_bytes()


CHILD = """
import sys, time, pickle, pathlib
from dataclasses import replace
from skywright.foundry.kinds import torch
run = pickle.loads(pathlib.Path(sys.argv[1]).read_bytes())
slow = lambda line: time.sleep(0.3 if line.get("step") else 0)
torch.fit(replace(run, emit=slow))
"""


@pytest.mark.slow
def test_a_process_killed_in_the_middle_leaves_no_trace_in_the_weights(run_of, tmp_path):
    import pickle

    whole = of_net(run_of, "sequence", name="whole")
    kind.fit(whole)
    killed = of_net(run_of, "sequence", name="killed", checkpoints=True)
    spec = tmp_path / "run.pickle"
    spec.write_bytes(pickle.dumps(killed))
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(spec)])
    while len(list(killed.checkpoints.glob("step-*"))) < 2:
        assert child.poll() is None
        time.sleep(0.02)
    os.kill(child.pid, signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    assert not (killed.out / kind.WEIGHTS).exists()
    kind.fit(killed)
    assert sha256(killed) == sha256(whole)


@pytest.mark.gpu
@pytest.mark.parametrize("net", ["tabular", "sequence", "image"])
def test_an_accelerator_gives_the_same_weights_twice(run_of, net):
    runs = [of_net(run_of, net, name=name, run={"gpus": 1}) for name in ("one", "two")]
    for run in runs:
        kind.fit(run)
    assert sha256(runs[0]) == sha256(runs[1])


def test_another_seed_gives_other_weights(run_of):
    runs = [run_of("torch", name=name, params=QUICK) for name in ("one", "two")]
    kind.fit(runs[0])
    kind.fit(replace(runs[1], seed=7))
    assert sha256(runs[0]) != sha256(runs[1])


def test_training_leaves_torch_as_it_was(run_of):
    import torch

    before = torch.get_rng_state(), torch.get_num_threads()
    kind.fit(run_of("torch", params=QUICK))
    assert torch.equal(torch.get_rng_state(), before[0])
    assert torch.get_num_threads() == before[1]
    assert not torch.are_deterministic_algorithms_enabled()


def test_stopping_early_gives_back_the_best_weights(run_of):
    given = {"width": 64, "epochs": 60, "early_stopping": 3, "learning_rate": 0.02}
    run = run_of("torch", params=given)
    kind.fit(run)
    lines = pl.read_ndjson(run.log_path).drop_nulls("step")
    assert lines.height < 60
    best = lines["loss"].min()
    rows = run.split.valid.to_dicts()
    chances = [answer["probabilities"] for answer in kind.load(run.out)(rows)]
    told = [chance[row["fault"]] for chance, row in zip(chances, rows, strict=True)]
    assert -np.mean(np.log(told)) == pytest.approx(best, abs=1e-5)


def test_class_weights_find_more_of_a_rare_class(run_of, table):
    rare = pl.concat([table.filter(fault="no"), table.filter(fault="yes").head(25)])
    rare = rare.sample(fraction=1.0, shuffle=True, seed=1)
    found = []
    for name, weigh in (("plain", False), ("weighed", True)):
        given = QUICK | {"class_weights": weigh}
        run = run_of("torch", name=name, frame=rare, params=given)
        kind.fit(run)
        answers = kind.load(run.out)(rare.filter(fault="yes").to_dicts())
        found.append(np.mean([answer["probabilities"]["yes"] for answer in answers]))
    assert found[1] > found[0] + 0.1


def test_a_warm_start_keeps_preparation_and_begins_at_the_old_weights(run_of):
    first = run_of("torch", name="first", params=QUICK)
    kind.fit(first)
    later = run_of("torch", name="later", params=QUICK | {"epochs": 1, "learning_rate": 1e-12})
    kind.fit(replace(later, start=first.out))
    for name, array in kind.weights(first.out).items():
        np.testing.assert_allclose(kind.weights(later.out)[name], array, rtol=0, atol=1e-6)
    files = [(run.out / "preparation.json").read_text() for run in (first, later)]
    assert files[0] == files[1]


def test_the_proximal_term_keeps_weights_near_the_start(run_of):
    first = run_of("torch", name="first", params=QUICK)
    kind.fit(first)
    start = kind.weights(first.out)
    moved = []
    for name, pull in (("free", 0.0), ("held", 10.0)):
        run = run_of("torch", name=name, params=QUICK | {"proximal": pull})
        kind.fit(replace(run, start=first.out))
        now = kind.weights(run.out)
        moved.append(sum(float(np.sum((now[key] - start[key]) ** 2)) for key in start))
    assert moved[1] < 0.2 * moved[0]


def test_a_class_that_the_start_does_not_know_is_refused(run_of, table):
    first = run_of("torch", name="first", params=QUICK)
    kind.fit(first)
    new = table.with_columns(fault=pl.lit("maybe"))
    later = run_of("torch", name="later", frame=new, params=QUICK)
    with pytest.raises(InputError, match="'maybe', which the model to start from lacks"):
        kind.fit(replace(later, start=first.out))


def test_weights_that_are_put_in_change_model_and_export(run_of):
    run = run_of("torch", params=QUICK)
    kind.fit(run)
    rows = run.split.test.to_dicts()
    kind.put_weights(run.out, {name: 0 * one for name, one in kind.weights(run.out).items()})
    for predict in (kind.load(run.out), load_onnx(run.out)):
        assert predict(rows)[0]["probabilities"] == {"no": 0.5, "yes": 0.5}


def test_weights_of_another_shape_are_refused_and_change_nothing(run_of):
    run = run_of("torch", params=QUICK)
    kind.fit(run)
    before = sha256(run)
    wrong = kind.weights(run.out) | {"0.bias": np.zeros(3, np.float32)}
    with pytest.raises(InputError, match=r"Weight 0.bias has shape \(3,\).*\(16,\)"):
        kind.put_weights(run.out, wrong)
    assert sha256(run) == before


def test_an_image_is_the_same_as_bytes_as_base64_and_as_pixels(run_of):
    run = of_net(run_of, "image")
    kind.fit(run)
    pixels = picture(np.random.default_rng(9), True)
    ways = [png(pixels), base64.b64encode(png(pixels)).decode(), pixels.tolist()]
    answers = load_onnx(run.out)([{"picture": way} for way in ways])
    assert answers[0] == answers[1] == answers[2]


def test_images_may_be_files_beside_the_data(run_of, tmp_path, accuracy):
    frame = pictures(120)
    for number, content in enumerate(frame["picture"]):
        (tmp_path / f"{number}.png").write_bytes(content)
    named = frame.with_columns(picture=pl.Series([f"{n}.png" for n in range(len(frame))]))
    given = QUICK | {"net": "image", "size": 16, "epochs": 12}
    run = run_of("torch", "source", frame=named, params=given)
    kind.fit(run)
    assert accuracy(kind.load(run.out), run) > 0.8


def test_a_longer_sequence_keeps_its_end_and_padding_changes_nothing(run_of):
    run = of_net(run_of, "sequence")
    kind.fit(run)
    predict = load_onnx(run.out)
    (steps, _) = kind.Signature.of(run.out).inputs[0].shape
    wave = [[0.1 * t, 100.0] for t in range(steps)]
    longer, short = [[9.0, 0.0], *wave], wave[:5]
    padded = [*short, [float("nan")] * 2, [None, None]]
    answers = predict([{"wave": one} for one in (wave, longer, short, padded)])
    assert answers[0] == answers[1]
    assert answers[2] == answers[3]


def test_several_columns_are_too_many_for_a_sequence_net(run_of):
    frame = waves().with_columns(more=pl.lit(1.0))
    run = run_of("torch", "tumbling", frame=frame, params={"net": "sequence"})
    with pytest.raises(InputError, match="one column, not wave, more.*features"):
        kind.fit(run)


def test_an_unknown_parameter_of_a_net_is_refused(run_of):
    with pytest.raises(InputError, match=r"params\.layers.*depth"):
        kind.fit(run_of("torch", params={"layers": 3}))


def test_several_processes_are_refused(run_of):
    with pytest.raises(InputError, match="in one process"):
        kind.fit(run_of("torch", params=QUICK, run={"distributed": "ddp"}))
