import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose

from skywright.errors import EphemerisRangeError, InputError
from skywright.orbits.approaches import find_approaches
from skywright.orbits.constants import AU_KM, RADIUS_KM
from skywright.orbits.dynamics import ForceModel
from skywright.orbits.elements import Elements, state_from_elements, tp_from_mean_anomaly
from skywright.orbits.ephemeris import body_state
from skywright.orbits.integrator import propagate

# JPL Small-Body Database, 99942 Apophis, solution 220 of 2024-06-25, epoch 2461000.5 TDB.
_APOPHIS_EPOCH = 2_461_000.5
_APOPHIS = Elements(
    q_au=np.array([0.7460522521429133]),
    e=np.array([0.1911663355386932]),
    i=np.radians([3.340958441017069]),
    node=np.radians([203.8996515621043]),
    peri=np.radians([126.6728325163065]),
    tp_jd_tdb=np.array([2_461_042.918242006079]),
)
_APOPHIS_FORCE = np.array([5e-13, -2.901766637153165e-14, 0.0])

_JD = 2_459_000.5
_NEO = np.array([0.6, -0.9, 0.1, 0.012, 0.009, 0.001])


def _apophis():
    return state_from_elements(_APOPHIS, _APOPHIS_EPOCH)


# JPL: 38,011 km from the centre of the Earth on 2029-04-13 at 21:46 TDB, at 7.42 km/s.
def test_apophis_passes_in_2029_at_38011_km():
    model = ForceModel(nongrav=_APOPHIS_FORCE)
    found = find_approaches(_apophis(), _APOPHIS_EPOCH, 2_462_235.5, 2_462_245.5, 0.1, model=model)
    assert found.body == ("earth", "moon")
    assert_allclose(found.dist_au[0] * AU_KM, 38_011, rtol=0, atol=5)
    assert_allclose(found.jd_tdb[0], 2_462_240.407, rtol=0, atol=1e-3)
    assert_allclose(found.v_rel_km_s[0], 7.42, rtol=0, atol=0.01)
    assert not found.impact.any()
    assert found.complete.all()


def test_impact_parameter_and_speed_at_infinity_fit_the_distance():
    found = find_approaches(_apophis(), _APOPHIS_EPOCH, 2_462_235.5, 2_462_245.5, 0.01, ["earth"])
    b, q = np.hypot(found.b_xi_km, found.b_zeta_km), found.dist_au * AU_KM
    focus = 2 * 398_600.435507 / (q * found.v_inf_km_s**2)
    assert_allclose(b, q * np.sqrt(1 + focus), rtol=1e-5, atol=0)


def _minima_by_sampling(state, epoch, start, stop, body, step):
    """The plain way: positions on a grid, the smallest of three neighbours."""
    jd = np.arange(start, stop, step)
    states = propagate(np.repeat(state[None], jd.size, axis=0), epoch, jd)
    d = np.linalg.norm((states - body_state(body, jd))[:, :3], axis=1)
    inner = np.flatnonzero((d[1:-1] < d[:-2]) & (d[1:-1] <= d[2:])) + 1
    return jd[inner], d[inner]


@pytest.mark.parametrize("body", ["earth", "moon", "mercury", "mars"])
def test_every_minimum_of_a_sampled_distance_is_found(body):
    start, stop, step = _JD, _JD + 1000, 1.0
    jd, d = _minima_by_sampling(_NEO, _JD, start, stop, body, step)
    found = find_approaches(_NEO, _JD, start, stop, 3.0, [body])
    inside = found.jd_tdb[(found.jd_tdb > start + 1) & (found.jd_tdb < stop - 1)]
    assert_allclose(inside, jd, rtol=0, atol=step)
    assert np.all(found.dist_au[: d.size] <= d + 1e-9)


@pytest.mark.parametrize("epoch", [_JD - 400, _JD + 300, _JD + 1200])
def test_the_epoch_may_lie_before_inside_or_after_the_window(epoch):
    expected = find_approaches(_NEO, _JD, _JD, _JD + 700, 1.0)
    moved = propagate(_NEO, _JD, epoch)
    found = find_approaches(moved, epoch, _JD, _JD + 700, 1.0)
    assert found.body == expected.body
    assert_allclose(found.dist_au, expected.dist_au, rtol=0, atol=0.1 / AU_KM)
    assert_allclose(found.b_zeta_km, expected.b_zeta_km, rtol=1e-5, atol=1)


def test_orbits_with_many_approaches_are_all_listed():
    one = find_approaches(_NEO, _JD, _JD - 900, _JD + 900, 2.0)
    many = find_approaches(
        np.repeat(_NEO[None], 60, axis=0), _JD, _JD - 900, _JD + 900, 2.0, threads=1
    )
    assert len(many) == 60 * len(one)
    assert np.array_equal(many.jd_tdb, np.tile(one.jd_tdb, 60))
    assert np.array_equal(many.orbit, np.repeat(np.arange(60), len(one)))


def test_an_impact_ends_the_orbit_and_is_flagged():
    earth = body_state("earth", _JD)[0]
    falling = earth + np.array([0.02, 1e-5, 0, -0.006, 0, 0])
    found = find_approaches(np.vstack([falling, _NEO]), _JD, _JD, _JD + 60, 0.05, ["earth"])
    assert found.impact.tolist() == [True]
    assert found.dist_au[0] * AU_KM < RADIUS_KM["earth"]
    assert found.complete.tolist() == [False, True]
    state = propagate(falling, _JD, found.jd_tdb[0] - 1e-6)[0]
    gap = np.linalg.norm(state[:3] - body_state("earth", found.jd_tdb[0] - 1e-6)[0, :3]) * AU_KM
    assert_allclose(gap, RADIUS_KM["earth"], rtol=0, atol=5)


def test_a_fall_into_a_body_that_is_not_watched_ends_the_orbit_silently():
    moon = body_state("moon", _JD)[0]
    falling = moon + np.array([0.0003, 0, 0, -0.003, 0, 0])
    found = find_approaches(falling, _JD, _JD, _JD + 400, 0.2, ["mars"])
    assert len(found) == 0
    assert not found.complete[0]


def test_a_body_in_orbit_about_the_earth_comes_to_an_end():
    earth = body_state("earth", _JD)[0]
    high = earth + np.array([60_000 / AU_KM, 0, 0, 0, 2.5 * 86_400 / AU_KM, 0])
    found = find_approaches(high, _JD, _JD, _JD + 30, 0.01, ["earth"])
    assert len(found) > 10
    assert np.isnan(found.b_xi_km).all()
    assert np.all(found.v_inf_km_s == 0)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"within_au": 0.0}, "positive number of au"),
        ({"stop_jd_tdb": _JD - 1}, "is empty"),
        ({"bodies": ["sun"]}, "perihelion"),
        ({"bodies": ["nibiru"]}, "choose from"),
        ({"stop_jd_tdb": np.nan}, "outside"),
    ],
)
def test_a_question_without_an_answer_is_refused(change, match):
    asked = {"start_jd_tdb": _JD, "stop_jd_tdb": _JD + 10, "within_au": 0.1} | change
    with pytest.raises((InputError, EphemerisRangeError), match=match):
        find_approaches(_NEO, _JD, **asked)


def test_no_orbits_have_no_approaches():
    assert len(find_approaches(np.empty((0, 6)), np.empty(0), _JD, _JD + 1, 0.1)) == 0


# CNEOS close approaches of 2020 with the same orbit solutions from the Small-Body Database.
def test_approaches_of_2020_are_those_of_cneos(reference_data):
    orbits = pl.read_parquet(reference_data / "catalogue" / "sbdb_neo_full_2020.parquet")
    listed = pl.read_parquet(reference_data / "close_approaches" / "cad_2020.parquet")
    listed = listed.filter(pl.col("orbit_id") != "").join(
        orbits.with_row_index("row").select("row", "designation", sbdb_id="orbit_id"),
        on="designation",
    )
    listed = listed.filter(pl.col("orbit_id") == pl.col("sbdb_id").str.extract(r"(\d+)$"))
    found = find_approaches(
        *_states_of(orbits), 2_458_849.5, 2_459_215.5, 0.5, ["earth"], _yarkovsky(orbits)
    )
    mine = pl.DataFrame({"row": found.orbit, "t": found.jd_tdb, "d": found.dist_au})
    pairs = listed.with_columns(pl.col("row").cast(pl.Int64)).join(mine, on="row", how="left")
    pairs = pairs.with_columns(apart=(pl.col("t") - pl.col("jd_tdb")).abs())
    nearest = pairs.sort("apart").unique(["row", "jd_tdb"], keep="first")
    assert nearest["apart"].null_count() == 0
    assert nearest["apart"].max() < 0.1
    error_km = ((nearest["d"] - nearest["dist_au"]).abs() * AU_KM).to_numpy()
    assert np.median(error_km) < 0.5
    assert np.percentile(error_km, 99) < 10


def _states_of(orbits):
    e, a = orbits["e"].to_numpy(), orbits["a"].to_numpy()
    i, node, peri, M = (np.radians(orbits[c].to_numpy()) for c in ("i", "om", "w", "ma"))
    epoch = orbits["epoch"].to_numpy().astype(float)
    tp = tp_from_mean_anomaly(a, e, M, epoch)
    return state_from_elements(Elements(a * (1 - e), e, i, node, peri, tp), epoch), epoch


def _yarkovsky(orbits):
    a2 = orbits["A2"].cast(pl.Float64).fill_null(0).to_numpy()
    return ForceModel(nongrav=np.column_stack([0 * a2, a2, 0 * a2]))


# Synthetic impactors of the Asteroid Institute, integrated to the surface by ASSIST.
def test_impactors_hit_the_earth_when_assist_says(reference_data):
    table = pl.read_parquet(reference_data / "impactors" / "impactors_state_20251121.parquet")
    states = table.select("x_au", "y_au", "z_au", "vx_au_d", "vy_au_d", "vz_au_d").to_numpy()
    found = find_approaches(states, 2_461_000.5, 2_461_000.5, 2_468_500.5, 0.01, ["earth"])
    expected = table["impact_jd_tdb"].to_numpy()[found.orbit[found.impact]]
    late_s = np.abs(found.jd_tdb[found.impact] - expected) * 86_400
    assert found.impact.sum() >= 0.98 * table.height
    assert np.percentile(late_s, 95) < 60
