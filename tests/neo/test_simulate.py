"""The "what if": known passages, edits that do what they say, probabilities with an interval."""

import math

import pytest

from skywright.errors import InputError, NotFoundError
from skywright.neo.simulate import SimulateRequest, simulate
from skywright.orbits.threads import CancelledError

IMPACTOR = {
    # Synthetic orbit: crosses the Earth's orbit at its ascending node.
    "designation": "test",
    "epoch_jd_tdb": 2461000.5,
    "a_au": 1.3,
    "e": 0.35,
    "i_deg": 5.0,
    "node_deg": 80.0,
    "peri_deg": 200.0,
    "mean_anomaly_deg": 10.0,
    "h_mag": 21.0,
}


def earth_passages(report, year):
    return [
        row
        for row in report["approaches"]
        if row["body"] == "earth" and row["calendar_tdb"].startswith(str(year))
    ]


@pytest.fixture(scope="module")
def apophis():
    return simulate(
        SimulateRequest(
            object="Apophis",
            start="2029-01-01",
            years=1,
            delta_v=(0.0, 0.05, 0.0),
            at="2027-01-01",
            clones=64,
        )
    )


# JPL (CNEOS close-approach table, solutions 200 to 220): 2029-04-13 21:46 TDB, 38,011 to 38,013 km.
def test_apophis_passes_in_2029_where_jpl_says(apophis):
    (passage,) = earth_passages(apophis["baseline"], 2029)
    assert passage["dist_km"] == pytest.approx(38_011.5, abs=5.0)
    assert passage["jd_tdb"] == pytest.approx(2462240.407, abs=0.001)


def test_push_along_the_track_moves_the_passage(apophis):
    shift = next(r for r in apophis["difference"]["approaches"] if r["body"] == "earth")
    # An along-track dv drifts by about 3 dv t: 0.05 m/s over 833 d is about 10,800 km.
    assert math.hypot(shift["b_xi_km"], shift["b_zeta_km"]) == pytest.approx(10_800, rel=0.5)


def test_certain_miss_is_an_interval_not_a_zero(apophis):
    counted = apophis["baseline"]["impact_probability"]["monte_carlo"]
    assert counted["probability"] == 0
    assert counted["high"] == pytest.approx(1 - 0.025 ** (1 / 64), rel=1e-6)


def test_same_seed_gives_the_same_digits():
    request = SimulateRequest(object="Apophis", start="2029-01-01", years=1, clones=64, seed=7)
    assert simulate(request) == simulate(request)


def test_mass_changes_the_energy_and_not_the_orbit():
    result = simulate(SimulateRequest(elements=IMPACTOR, years=3, within_au=0.5, mass_kg=1e12))
    before, after = result["baseline"], result["changed"]
    assert after["approaches"] == before["approaches"]
    assert after["elements"] == before["elements"]
    assert after["physical"]["mass_kg"] == 1e12
    assert any("do not change the orbit" in note for note in result["notes"])


def test_edited_eccentricity_keeps_the_axis_and_is_told():
    result = simulate(SimulateRequest(elements=IMPACTOR, years=1, set={"e": 0.5}))
    changed = result["changed"]["elements"]
    assert changed["a_au"] == pytest.approx(1.3, rel=1e-12)
    assert changed["q_au"] == pytest.approx(0.65, rel=1e-12)
    assert result["difference"]["elements"]["e"] == pytest.approx(0.15, rel=1e-9)


def test_opening_the_orbit_is_labelled():
    result = simulate(SimulateRequest(elements=IMPACTOR, years=1, set={"e": 1.2}))
    assert result["changed"]["elements"]["bound"] is False
    assert any("open" in note for note in result["notes"])


def test_no_covariance_no_probability():
    result = simulate(SimulateRequest(elements=IMPACTOR, years=1))
    assert result["baseline"]["impact_probability"] is None
    assert any("no covariance" in text for text in result["assumptions"])


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        ({"elements": IMPACTOR | {"e": -1}}, "e = -1"),
        ({"elements": IMPACTOR | {"epoch_jd_tdb": 59000.0}}, "modified Julian date"),
        ({"elements": IMPACTOR, "clones": 10**9}, "more than this server allows"),
        ({"elements": {"e": 0.3}}, "epoch_jd_tdb"),
        ({"elements": IMPACTOR, "delta_v": (0, 1, 0), "at": "2199-01-01"}, "after the end"),
        ({"elements": IMPACTOR, "delta_v": (0, 1, 0), "at": "soon"}, "soon"),
    ],
)
def test_bad_input_is_a_sentence(request_, sentence):
    with pytest.raises(InputError, match=sentence):
        simulate(SimulateRequest(years=1, **request_))


def test_unknown_object_names_the_nearest():
    with pytest.raises(NotFoundError, match="Apophis"):
        simulate(SimulateRequest(object="Apohpis", years=1))


def test_cancelled_request_stops():
    with pytest.raises(CancelledError):
        simulate(SimulateRequest(object="Apophis", years=1, clones=2000), cancelled=lambda: True)


def test_impactor_is_told_with_time_energy_and_the_push_that_misses():
    # Made here: the nominal orbit of Apophis, pushed so that it meets the Earth in 2029.
    request = SimulateRequest(
        object="Apophis",
        start="2029-01-01",
        years=1,
        delta_v=(0.0, -0.1786, 0.0),
        at="2027-01-01",
        deflection=True,
        spacecraft_kg=1e4,
    )
    changed = simulate(request)["changed"]
    assert changed["impact"] is not None
    assert changed["impact_effects"]["hypothetical"] is False
    assert changed["risk"]["torino"] >= 8
    assert (
        0
        < changed["deflection"]["least_m_s"]
        < abs(changed["deflection"]["along_track_m_s"]) * 1.01
    )
