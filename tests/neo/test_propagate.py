import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose

from skywright.errors import EphemerisRangeError, InputError
from skywright.neo.columns import STATE_COLUMNS
from skywright.neo.propagate import add_states
from skywright.orbits.constants import AU_KM
from skywright.orbits.ephemeris import body_state


def _orbit(**columns):
    plain = {
        "designation": ["Test"],
        "epoch_jd_tdb": [2_459_000.5],
        "a_au": [1.4],
        "e": [0.3],
        "i_deg": [12.0],
        "node_deg": [80.0],
        "peri_deg": [200.0],
        "mean_anomaly_deg": [33.0],
        "target_jd_tdb": [2_460_000.5],
    }
    return pl.DataFrame(plain | columns)


def test_elements_give_a_state_at_the_target_and_keep_their_columns():
    table = _orbit(note=["mine"])
    moved = add_states(table)
    assert moved.columns == [*table.columns, *STATE_COLUMNS]
    assert moved.select(table.columns).equals(table)


def test_a_state_as_input_is_not_overwritten():
    there = add_states(_orbit()).select("designation", "target_jd_tdb", *STATE_COLUMNS)
    table = there.rename({"target_jd_tdb": "epoch_jd_tdb"}).with_columns(target_jd_tdb=2_459_000.5)
    back = add_states(table)
    assert back.select(STATE_COLUMNS).equals(table.select(STATE_COLUMNS))
    again = add_states(_orbit(target_jd_tdb=[2_459_000.5]))
    for name in STATE_COLUMNS:
        assert_allclose(back["target_" + name], again[name], rtol=0, atol=1 / AU_KM)


def test_reference_answers_beside_elements_are_replaced():
    moved = add_states(_orbit())
    again = add_states(moved.with_columns(x_au=pl.lit(9.0)))
    assert again.equals(moved)


def test_an_object_that_hits_the_earth_has_null_instead_of_a_state():
    earth = body_state("earth", 2_459_000.5)[0] + np.array([0.01, 0, 0, -0.005, 0, 0])
    table = pl.DataFrame(
        {"epoch_jd_tdb": 2_459_000.5, "target_jd_tdb": 2_459_100.5}
        | dict(zip(STATE_COLUMNS, earth.tolist(), strict=True))
    )
    assert add_states(table)["target_x_au"].to_list() == [None]


@pytest.mark.parametrize(
    ("table", "kwargs", "error", "match"),
    [
        (_orbit().drop("target_jd_tdb"), {}, InputError, "target_jd_tdb"),
        (_orbit(target_jd_tdb=[60_000.5]), {}, EphemerisRangeError, "target_jd_tdb = 60000.5"),
        (_orbit(), {"engine": "abacus"}, InputError, "choose from skywright, rebound"),
    ],
)
def test_what_cannot_be_moved_is_refused(table, kwargs, error, match):
    with pytest.raises(error, match=match):
        add_states(table, **kwargs)


# States by ASSIST (full gravity) 10 years back and 10 and 30 years ahead of 2020.
@pytest.mark.parametrize(("years", "median_km"), [(-10, 10), (10, 10), (30, 50)])
def test_states_agree_with_those_of_assist(reference_data, years, median_km):
    table = pl.read_parquet(reference_data / "reference" / "assist_states.parquet")
    span = (table["target_jd_tdb"] - table["epoch_jd_tdb"]) / 365.25
    table = table.filter((span - years).abs() < 1)
    moved = add_states(table)
    delta = moved.select(STATE_COLUMNS[:3]).to_numpy() - table.select(STATE_COLUMNS[:3]).to_numpy()
    assert np.median(np.linalg.norm(delta, axis=1)) * AU_KM < median_km
