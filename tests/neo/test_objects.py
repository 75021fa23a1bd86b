"""Reading orbits: the same orbit from elements, from a state, from a, from q."""

import json

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose

from skywright.errors import InputError
from skywright.neo.objects import Orbits

ROW = {
    "designation": "x",
    "epoch_jd_tdb": 2459000.5,
    "a_au": 1.4,
    "e": 0.4,
    "i_deg": 9.0,
    "node_deg": 274.0,
    "peri_deg": 127.0,
    "mean_anomaly_deg": 290.0,
}
STATE = ("x_au", "y_au", "z_au", "vx_au_d", "vy_au_d", "vz_au_d")


def read(**changes):
    row = {k: v for k, v in (ROW | changes).items() if v is not ...}
    return Orbits.from_table(pl.DataFrame([row]))


def test_perihelion_distance_and_axis_give_the_same_orbit():
    assert_allclose(read(a_au=..., q_au=1.4 * 0.6).states, read().states, rtol=0, atol=1e-15)


def test_time_of_perihelion_and_mean_anomaly_give_the_same_orbit():
    tp = float(read().elements.tp_jd_tdb[0])
    other = read(mean_anomaly_deg=..., tp_jd_tdb=tp)
    assert_allclose(other.states, read().states, rtol=0, atol=1e-10)  # a JD resolves 4e-5 s


def test_state_gives_back_its_elements():
    state = dict(zip(STATE, read().states[0], strict=True))
    table = pl.DataFrame([{"epoch_jd_tdb": 2459000.5} | state])
    orbits = Orbits.from_table(table)
    assert orbits.covariance_over == "cartesian"
    assert_allclose(orbits.elements.q_au, read().elements.q_au, rtol=1e-13)


def test_elements_win_over_a_state_in_the_same_table():
    orbits = read(**dict.fromkeys(STATE, 9.0))
    assert_allclose(orbits.states, read().states, rtol=0, atol=0)
    assert orbits.covariance_over == "elements"


def test_covariance_in_a_csv_cell_is_a_json_list():
    matrix = np.diag([1e-8] * 6)
    cell = json.dumps(matrix.ravel().tolist())
    assert_allclose(read(covariance=cell).covariance[0], matrix, rtol=0, atol=0)


def test_mixed_meanings_of_the_covariance_are_refused():
    rows = [ROW | {"covariance_over": over} for over in ("elements", "cartesian")]
    with pytest.raises(InputError, match="one file takes one of"):
        Orbits.from_table(pl.DataFrame(rows))


def test_missing_nongravitational_terms_are_zero():
    assert_allclose(read(a2_au_d2=-1e-14).nongrav, [[0.0, -1e-14, 0.0]], rtol=0, atol=0)
