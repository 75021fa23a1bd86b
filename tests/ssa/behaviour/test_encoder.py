"""The encoder: graph and module agree, what is not known is no error, p-values hold."""

import json

import numpy as np
import pytest

from skywright.errors import InputError
from skywright.ssa.behaviour import yardsticks
from skywright.ssa.behaviour.autoencoder import Lessons, outputs_of, train_encoder
from skywright.ssa.behaviour.calibration import calibrated
from skywright.ssa.behaviour.encoder import (
    ENCODER,
    AdversaryEncoder,
    BehaviourEncoder,
    joint_distance,
)
from skywright.ssa.behaviour.judging import Judged, Settings
from skywright.ssa.behaviour.slots import SLOTS
from skywright.ssa.behaviour.training import write_model
from skywright.ssa.behaviour.windows import (
    Windows,
    regimes_of,
)

NAMES = [one.name for one in SLOTS]
LESSONS = Lessons(epochs=8)


def quiet_slots(count, seed=1):
    """Slots of low orbits that hang together by four hidden numbers; the relation is unknown."""
    random = np.random.default_rng(seed)
    mixing = np.random.default_rng(0).normal(size=(4, len(SLOTS)))
    slots = random.normal(size=(count, 4)) @ mixing + 0.2 * random.normal(size=(count, len(SLOTS)))
    slots[:, NAMES.index("axis_km")] = 7000.0 + random.normal(size=count)
    slots[:, NAMES.index("period_min")] = 97.0
    slots[:, NAMES.index("eccentricity")] = 0.001
    slots[random.random(slots.shape) < 0.02] = np.nan
    for name in ("axis_km", "period_min", "eccentricity"):
        column = slots[:, NAMES.index(name)]
        column[np.isnan(column)] = np.nanmedian(column)
    slots[:, [one.group == "relation" for one in SLOTS]] = np.nan
    return slots


def windows(count=400, moved=None):
    slots = quiet_slots(count)
    names = np.array([f"o{k % 8}" for k in range(count)])
    sources = np.full(count, "passive")
    flags = np.zeros(count, dtype=bool) if moved is None else moved
    return Windows(slots, regimes_of(slots), names, sources, flags, np.arange(count, dtype=float))


@pytest.fixture(scope="module")
def module():
    pytest.importorskip("torch")
    return train_encoder(quiet_slots(400), np.ones(400), LESSONS, 1)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory, module):
    out = tmp_path_factory.mktemp("model")
    some = windows()
    _, _, _, code, groups = outputs_of(module, some.slots)
    scores = {"network": joint_distance(groups, code, np.full(5, 0.2))}
    judged = Judged(some, np.arange(400) % 2, scores)
    write_model(out, judged, Settings(LESSONS, 2, 1), "network")
    return BehaviourEncoder(out)


def test_the_plan_knows_the_encoder_by_another_name():
    assert AdversaryEncoder is BehaviourEncoder


def test_graph_and_module_agree_to_1e_5(encoder):
    # The model of the fixture was taught with the same rows and seed, so it is the same module.
    slots = quiet_slots(400)
    taught = train_encoder(slots, _weights(400), LESSONS, 1)
    asked = quiet_slots(50, seed=9)
    asked[0] = np.nan
    asked[1, 40:60] = 1e6
    for served, told in zip(encoder.outputs(asked), outputs_of(taught, asked), strict=True):
        np.testing.assert_allclose(served, told, rtol=1e-5, atol=1e-5)


def _weights(count):
    return np.full(count, 1.0 / np.sqrt(count / 8))


def test_codes_have_64_numbers(encoder):
    assert encoder.encode(quiet_slots(3)).shape == (3, 64)


def test_a_slot_that_is_not_known_has_no_residual(encoder):
    slots = quiet_slots(1, seed=4)
    slots[0, 20] = np.nan
    assert encoder.outputs(slots)[1][0, 20] == 0.0
    assert NAMES[20] not in [one.slot for one in encoder.explain(slots[0])]


def test_rows_do_not_depend_on_their_neighbours(encoder):
    slots = quiet_slots(20, seed=6)
    alone = np.array([encoder.score(row[None, :])[0] for row in slots])
    np.testing.assert_allclose(encoder.score(slots), alone, rtol=1e-4)


def test_what_breaks_the_pattern_is_less_likely_than_what_keeps_it(encoder):
    usual = quiet_slots(200, seed=3)
    odd = usual.copy()
    odd[:, NAMES.index("axis_most")] += 60.0
    odd[:, NAMES.index("axis_slope_m_d")] -= 60.0
    assert np.median(encoder.score(odd)) < 0.2 * np.median(encoder.score(usual))


def test_cadence_orbit_and_relation_alone_are_no_behaviour(encoder):
    slots = quiet_slots(1, seed=3)
    slots[0, [one.group not in ("cadence", "relation") for one in SLOTS]] = np.nan
    assert encoder.outputs(slots)[2][0] == 0.0


def test_the_slot_that_was_moved_is_explained_first(encoder):
    slots = quiet_slots(1, seed=5)[0]
    slots[NAMES.index("tilt_most")] = 80.0
    first = encoder.explain(slots, most=3)[0]
    assert first.slot == "tilt_most"
    assert first.value == 80.0
    assert first.expected < 60.0
    assert first.z > 3.0


def test_p_values_of_the_calibration_are_the_shares_above():
    random = np.random.default_rng(2)
    statistic = random.normal(size=2000)
    names = np.array([f"o{k % 20}" for k in range(2000)])
    one = calibrated(statistic, names, np.full(2000, "passive"))
    p = one.p_values(random.normal(size=5000))
    for level in (0.01, 0.1, 0.5):
        # 2,000 calibrate and 5,000 ask: four standard errors of both.
        allowed = 4.0 * np.sqrt(level * (1.0 - level) * (1 / 2000 + 1 / 5000))
        assert abs((p < level).mean() - level) < allowed + 0.01 * level
    assert p.min() >= 1.0 / 2002.0 - 1e-12


def test_an_object_with_many_windows_counts_no_more_than_another():
    statistic = np.concatenate([np.full(900, 5.0), np.full(10, 0.0), np.full(10, 1.0)])
    names = np.array(["many"] * 900 + ["few"] * 10 + ["other"] * 10)
    one = calibrated(statistic, names, np.full(920, "passive"))
    assert one.p_values(np.array([3.0]))[0] == pytest.approx(1.0 / 3.0, abs=0.01)


def test_p_values_fall_as_the_statistic_grows(encoder):
    statistic = np.linspace(-5.0, 20.0, 200)
    assert (np.diff(encoder.calibrations["leo"].p_values(statistic)) <= 0.0).all()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (np.zeros((2, 127)), "shape"),
        (np.zeros(128), "shape"),
        ([["a"] * 128], "numbers"),
        (np.full((1, 128), np.inf), "axis_km is infinite in row 0"),
    ],
)
def test_other_than_128_finite_numbers_are_refused(encoder, given, told):
    with pytest.raises(InputError, match=told):
        encoder.score(given)


def test_a_regime_that_does_not_exist_is_refused(encoder):
    with pytest.raises(InputError, match="no regime 'lunar'"):
        encoder.score(quiet_slots(1), ["lunar"])


def test_one_regime_a_row_is_asked_for(encoder):
    with pytest.raises(InputError, match="2 rows, 1 names"):
        encoder.score(quiet_slots(2), ["leo"])


def test_the_forest_and_the_floor_serve_behind_the_same_interface(tmp_path, monkeypatch):
    pytest.importorskip("skl2onnx")
    monkeypatch.setattr(yardsticks, "TREES", 10)
    some = windows()
    filling = yardsticks.filling_of(some.slots)
    forest = yardsticks.grown_forest(some.slots, _weights(400), filling, 1)
    scores = {"forest": yardsticks.isolation(forest, some.slots, filling)}
    write_model(
        tmp_path, Judged(some, np.arange(400) % 2, scores), Settings(LESSONS, 2, 1), "forest"
    )
    served = BehaviourEncoder(tmp_path)
    asked = quiet_slots(30, seed=8)
    told = yardsticks.isolation(forest, asked, filling)
    np.testing.assert_allclose(served.statistic(asked), told, atol=1e-5)
    assert ((served.score(asked) > 0.0) & (served.score(asked) <= 1.0)).all()
    told = json.loads((tmp_path / ENCODER).read_text(encoding="utf-8"))
    (tmp_path / ENCODER).write_text(json.dumps(told | {"chosen": "floor"}), encoding="utf-8")
    floor = BehaviourEncoder(tmp_path).statistic(asked)
    expected = np.nan_to_num(asked[:, NAMES.index("axis_most")], nan=-1.0)
    np.testing.assert_array_equal(floor, expected)


def test_regimes_are_told_from_the_slots():
    slots = np.full((4, 128), np.nan)
    for row, (axis, e, period) in enumerate(
        [(7000, 0.001, 97.0), (42164, 0.0, 1436.0), (26560, 0.01, 718.0), (26560, 0.7, 718.0)]
    ):
        for name, value in (("axis_km", axis), ("eccentricity", e), ("period_min", period)):
            slots[row, NAMES.index(name)] = value
    assert regimes_of(slots).tolist() == ["leo", "geo", "meo", "heo"]
