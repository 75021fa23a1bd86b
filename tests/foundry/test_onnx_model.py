"""Exported models: what they need, what they refuse, and how agreement is told."""

import json
import subprocess
import sys

import numpy as np
import polars as pl
import pytest

from skywright.errors import InputError, NotFoundError
from skywright.foundry.data.splits import Split
from skywright.foundry.kinds import sklearn
from skywright.foundry.onnx_model import agreement, load_onnx
from skywright.foundry.recipe import recipe_of
from skywright.foundry.run import Run

PARAMS = {"estimator": "logistic_regression"}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    rng = np.random.default_rng(5)
    speed = rng.normal(size=300)
    frame = pl.DataFrame(
        {
            "speed": speed,
            "body": rng.choice(["panel", "wheel"], 300).tolist(),
            "sunlit": rng.random(300) > 0.5,
            "fault": np.where(speed > 0, "yes", "no").tolist(),
        }
    )
    folder = tmp_path_factory.mktemp("model")
    given = {"name": "fault", "kind": "sklearn", "target": "fault", "params": PARAMS}
    split, log = Split(frame[:200], frame[200:250], frame[250:]), folder.with_suffix(".jsonl")
    sklearn.fit(Run(recipe_of(given, "a test"), folder, folder, 1, log, split=split))
    return folder


ROW = {"speed": 3.0, "body": "panel", "sunlit": True}


def test_one_row_and_many_give_the_same_answers(model):
    predict = load_onnx(model)
    rows = [ROW | {"speed": speed} for speed in np.linspace(-2, 2, 50).tolist()]
    alone = [predict([row])[0]["probabilities"]["yes"] for row in rows]
    together = [answer["probabilities"]["yes"] for answer in predict(rows)]
    np.testing.assert_allclose(alone, together, rtol=0, atol=1e-6)


def test_answers_name_the_likeliest_class_and_add_up_to_one(model):
    (answer,) = load_onnx(model)([ROW])
    assert answer["label"] == "yes"
    assert answer["probabilities"]["yes"] > 0.9
    assert sum(answer["probabilities"].values()) == pytest.approx(1.0, abs=1e-6)
    json.dumps(answer)


def test_no_rows_have_no_answers(model):
    assert load_onnx(model)([]) == []


def test_what_the_model_does_not_take_is_ignored(model):
    predict = load_onnx(model)
    assert predict([ROW | {"note": object()}]) == predict([ROW])


def test_missing_values_are_told_by_none(model):
    (answer,) = load_onnx(model)([{"speed": None, "body": None, "sunlit": None}])
    assert 0.0 < answer["probabilities"]["yes"] < 1.0


def test_an_unheard_of_category_is_no_category(model):
    predict = load_onnx(model)
    assert predict([ROW | {"body": "umbrella"}]) == predict([ROW | {"body": None}])


def test_a_missing_column_is_named(model):
    with pytest.raises(InputError, match="Row 1 lacks sunlit, body.*speed, sunlit, body"):
        load_onnx(model)([ROW, {"speed": 1.0}])


@pytest.mark.parametrize(
    ("column", "value"),
    [("speed", "3.0"), ("speed", True), ("speed", [3.0]), ("body", 3.5), ("sunlit", "yes")],
)
def test_a_value_of_the_wrong_type_is_named(model, column, value):
    with pytest.raises(InputError, match=f"Row 1 has {column}=.*which is not a"):
        load_onnx(model)([ROW, ROW | {column: value}])


def test_agreement_with_the_original_is_written_beside_the_model(model):
    told = agreement(model, sklearn.load(model), [ROW, ROW | {"speed": -3.0}])
    assert told["agrees"]
    assert told["rows"] == 2
    assert told["labels_equal"] == 1.0
    assert json.loads((model / "onnx.json").read_text()) == told


def test_another_model_does_not_agree(model):
    def other(rows):
        return [{"label": "no", "probabilities": {"no": 0.9, "yes": 0.1}} for _ in rows]

    told = agreement(model, other, [ROW])
    assert not told["agrees"]
    assert told["labels_equal"] == 0.0
    assert told["max_abs_error"] > 0.5


def test_agreement_needs_rows(model):
    with pytest.raises(InputError, match="at least one row"):
        agreement(model, sklearn.load(model), [])


def test_a_folder_without_a_graph_is_refused(tmp_path):
    with pytest.raises(NotFoundError, match=r"holds no model\.onnx"):
        load_onnx(tmp_path)


def test_a_model_that_is_written_again_is_read_again(model, tmp_path):
    for name in ("model.onnx", "signature.json"):
        (tmp_path / name).write_bytes((model / name).read_bytes())
    assert load_onnx(tmp_path)([ROW])[0]["label"] == "yes"
    text = (tmp_path / "model.onnx").read_bytes()
    (tmp_path / "model.onnx").write_bytes(text[:100])
    with pytest.raises(Exception, match="model.onnx"):
        load_onnx(tmp_path)


ALONE = """
import sys
banned = {"torch", "sklearn", "lightgbm", "onnx", "skl2onnx", "joblib"}
class Refuse:
    def find_spec(self, name, *rest):
        if name.split(".")[0] in banned:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Refuse())
from pathlib import Path
from skywright.foundry.kinds import lightgbm, sklearn, torch
predict = sklearn.load(Path(sys.argv[1]))
print(predict([{"speed": 3.0, "body": "panel", "sunlit": True}])[0]["label"])
assert not banned & set(sys.modules)
"""


def test_the_base_install_serves_what_others_trained(model):
    done = subprocess.run(
        [sys.executable, "-c", ALONE, str(model)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "yes"
