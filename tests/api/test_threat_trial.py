"""A challenger among the threat detectors is heard about its share of the assets, over HTTP."""

import json
import shutil

import numpy as np
import polars as pl
import pytest

from skywright.foundry.registry import Registry, in_use
from skywright.settings import get_settings
from skywright.ssa.behaviours import Behaviour
from skywright.ssa.threats.arms import look_again
from skywright.ssa.threats.assess import MODEL
from skywright.ssa.threats.circumstances import FEATURES
from tests.api.test_threat_routes import records
from tests.ssa.detection.test_residuals import satellite

onnx = pytest.importorskip("onnx", reason="the extra train is not installed")

WHERE = "/api/v1/ml/threat-analysis"


def detector(folder, behaviour):
    """A version that says one behaviour whatever it sees, and is sure of it."""
    shutil.copytree(in_use(MODEL), folder)
    told = json.loads((folder / "detector.json").read_text())
    told["least"] = [0.5] * len(Behaviour)
    (folder / "detector.json").write_text(json.dumps(told))
    helper, kind = onnx.helper, onnx.TensorProto
    sure = np.full(len(Behaviour), 0.01, np.float32)
    sure[behaviour] = 0.95
    weights = np.zeros((len(FEATURES), len(Behaviour)), np.float32)
    given = {"weights": weights, "sure": sure, "zero": np.zeros(1, np.float32)}
    graph = helper.make_graph(
        [
            helper.make_node("Sub", ["features", "features"], ["nothing"]),
            helper.make_node("IsNaN", ["nothing"], ["unknown"]),
            helper.make_node("Where", ["unknown", "zero", "nothing"], ["known"]),
            helper.make_node("MatMul", ["known", "weights"], ["none"]),
            helper.make_node("Add", ["none", "sure"], ["probabilities"]),
        ],
        "one answer",
        [helper.make_tensor_value_info("features", kind.FLOAT, [None, len(FEATURES)])],
        [helper.make_tensor_value_info("probabilities", kind.FLOAT, [None, len(Behaviour)])],
        [onnx.numpy_helper.from_array(value, name) for name, value in given.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=9)
    (folder / "boosting.onnx").write_bytes(model.SerializeToString())
    return Registry.of(get_settings()).add(MODEL, folder, {"kind": MODEL, "title": str(behaviour)})


@pytest.fixture(autouse=True)
def _afresh():
    look_again()
    yield
    look_again()


@pytest.fixture(scope="module")
def sets():
    """Two neighbours four kilometres apart that part: an approach there is reason for an alarm."""
    table = satellite(days=12)
    parting = table.with_columns(mean_motion_rev_day=pl.col("mean_motion_rev_day") + 5e-4)
    return records(table), records(parting, shift_deg=0.03)


@pytest.fixture
def ask(client, sets):
    def asked(asset):
        own, other = sets
        objects = [{"object_id": "B", "records": other}]
        body = {"asset": {"object_id": asset, "records": own}, "objects": objects}
        answer = client.post(WHERE, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return asked


@pytest.fixture
def versions(tmp_path):
    """One that never sees anything, and one that sees an approach everywhere."""
    calm = detector(tmp_path / "calm", Behaviour.PASSIVE_OR_STATION_KEEPING)
    alarmed = detector(tmp_path / "alarmed", Behaviour.APPROACH)
    Registry.of(get_settings()).promote(MODEL, calm)
    return calm, alarmed


def deploy(client, version, **more):
    answer = client.post(f"/api/models/{MODEL}/deploy", json={"version": version, **more})
    look_again()
    return answer


def decide(client, told, decision):
    where = f"/api/v1/ml/analyses/{told['analysis_id']}/override"
    answer = client.post(where, json={"decision": decision, "reason": "Seen by telescope."})
    assert answer.status_code == 200, answer.text


def test_the_arm_is_named_in_the_answer_and_on_record(client, ask, versions):
    calm, alarmed = versions
    assert deploy(client, alarmed, mode="ab", fraction=0.5).status_code == 200
    told = {f"A{k}": ask(f"A{k}") for k in range(12)}
    assert {one["arm"] for one in told.values()} == {"champion", "challenger"}
    rows = client.get("/api/v1/ml/analyses").json()["analyses"]
    for row in rows:
        one = told[row["subject"]]
        answered_by = alarmed if one["arm"] == "challenger" else calm
        assert one["models"][0]["version"] == row["models"][MODEL] == answered_by
        assert (one["objects"][0]["level"] >= 3) == (one["arm"] == "challenger")
        trial = {"arm": one["arm"], "mode": "ab", "champion": calm, "challenger": alarmed}
        assert row["decision"]["@trial"] == trial


def test_an_asset_stays_with_its_side(client, ask, versions):
    deploy(client, versions[1], mode="canary", fraction=0.5)
    first, second = ([ask(f"A{k}")["arm"] for k in range(10)] for _ in range(2))
    assert first == second


def test_a_share_of_nothing_and_of_all_are_refused_as_for_other_models(client, versions):
    for share in (0.0, 1.0):
        answer = deploy(client, versions[1], mode="ab", fraction=share)
        assert answer.status_code == 422
        assert f"fraction = {share} is not allowed" in answer.text


def test_in_the_shadow_nobody_hears_the_challenger(client, ask, versions):
    deploy(client, versions[1], mode="shadow")
    told = [ask(f"A{k}") for k in range(6)]
    assert {one["arm"] for one in told} == {"champion"}
    rows = client.get("/api/v1/ml/analyses").json()["analyses"]
    assert all(row["decision"]["@challenger"]["B"] >= 3 for row in rows)


def test_put_into_use_it_answers_about_everything(client, ask, versions):
    deploy(client, versions[1], mode="single")
    told = ask("A1")
    assert (told["arm"], told["models"][0]["version"]) == ("champion", versions[1])


@pytest.mark.parametrize(("mode", "flags"), [("canary", {}), ("ab", {"auto": True})])
def test_a_worse_challenger_is_caught_and_taken_off(client, ask, versions, mode, flags):
    deploy(client, versions[1], mode=mode, fraction=0.5, flags=flags)
    for k in range(80):
        told = ask(f"A{k}")
        decide(client, told, "dismissed")
        if k and client.get("/api/v1/ml/trial").json()["verdict"] != "undecided":
            break
    weighed = client.get("/api/v1/ml/trial").json()
    assert (weighed["verdict"], weighed["acted"]) == ("keep", True)
    assert (weighed["version"], weighed["mode"]) == (versions[1], mode)
    assert weighed["outcomes"] == k + 1 < 80
    assert {ask(f"A{k}")["arm"] for k in range(10)} == {"champion"}
    (row,) = [one for one in client.get(f"/api/models/{MODEL}").json()["versions"]
              if one["version"] == versions[1]]  # fmt: skip
    assert "challenger" not in row["aliases"]


def test_in_an_ab_trial_a_person_promotes(client, ask, versions):
    calm, alarmed = versions
    deploy(client, alarmed, mode="ab", fraction=0.5)
    for k in range(60):
        decide(client, ask(f"A{k}"), "confirmed")
    weighed = client.get("/api/v1/ml/trial").json()
    assert (weighed["verdict"], weighed["acted"]) == ("promote", False)
    assert weighed["alarms_champion"] == 0 < weighed["alarms_challenger"]
    assert "promote it by hand" in weighed["reason"]
    assert Registry.of(get_settings()).version(MODEL) == calm


def test_of_an_asset_only_the_first_decision_counts(client, ask, versions):
    deploy(client, versions[1], mode="ab", fraction=0.5)
    first, again = ask("A1"), ask("A1")
    decide(client, first, "look again")
    assert client.get("/api/v1/ml/trial").json()["outcomes"] == 0
    for one in (first, again, first):
        decide(client, one, "dismissed")
    decide(client, ask("A2"), "confirmed")
    weighed = client.get("/api/v1/ml/trial").json()
    assert (weighed["outcomes"], weighed["analyses"]) == (2, 3)


def test_where_a_challenger_fails_the_champion_answers(client, ask, versions):
    deploy(client, versions[1], mode="ab", fraction=0.9)
    place = Registry.of(get_settings()).folder(MODEL, versions[1])
    (place / "boosting.onnx").write_bytes(b"")  # its files went bad after it was deployed
    look_again()
    assert {ask(f"A{k}")["arm"] for k in range(6)} == {"champion"}
