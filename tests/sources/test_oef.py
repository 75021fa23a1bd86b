"""Orbits and covariances of ESA against those of JPL and against the same orbit elsewhere."""

import json

import numpy as np
import polars as pl
import pytest

from skywright.errors import InputError
from skywright.neo.objects import Orbits
from skywright.orbits.constants import AU_KM, GM_SUN
from skywright.orbits.elements import tp_from_mean_anomaly
from skywright.sources.files import read_objects, table_from_json
from skywright.sources.oef import _perihelion_jacobian, read_oef


def test_the_change_of_elements_is_the_derivative():
    at = np.array([0.92, 0.19, 3.3, 203.9, 126.7, -47.2])  # a, e, i, node, peri, M

    def perihelion(x):
        a, e, i, node, peri, mean = x
        tp = -np.radians(mean) * np.sqrt(a**3 / GM_SUN)
        return np.array([e, a * (1 - e), tp, node, peri, i])

    step = 1e-6
    numeric = np.column_stack(
        [(perihelion(at + d) - perihelion(at - d)) / (2 * step) for d in step * np.eye(6)]
    )
    J = _perihelion_jacobian(at[0], at[1], np.radians(at[5]))
    np.testing.assert_allclose(J, numeric, rtol=0, atol=2e-7)


def test_the_time_of_perihelion_is_that_of_the_mean_anomaly():
    tp = float(tp_from_mean_anomaly(0.92, 0.19, 0.1, 2461000.5))
    assert 2461000.5 - tp == pytest.approx(0.1 * np.sqrt(0.92**3 / GM_SUN), abs=1e-9)


def _sigmas(row):
    return np.sqrt(np.diag(np.reshape(row["covariance"], (6, 6))))


def test_one_sigma_of_eros_agrees_with_the_sigmas_esa_prints(reference_data):
    table = read_objects(reference_data / "uncertain_orbits" / "neocc" / "433.ke1")
    text = (reference_data / "uncertain_orbits" / "neocc" / "433.ke1").read_text()
    rms = next(line for line in text.splitlines() if line.startswith("! RMS")).split()[2:]
    a, e, i, node, peri, _ = (float(word) for word in rms[:6])
    ours = _sigmas(table.row(0, named=True))
    np.testing.assert_allclose(ours[[0, 3, 4, 5]], [e, node, peri, i], rtol=1e-4)
    assert a < 1e-9  # the axis is known far better than q: q moves with e
    assert ours[1] == pytest.approx(1.458 * e, rel=0.01)


@pytest.mark.parametrize("name", ["2024YR4", "2015AB", "2023DZ2", "433", "99942"])
def test_esa_and_jpl_are_uncertain_by_similar_amounts(reference_data, name):
    folder = reference_data / "uncertain_orbits"
    esa = read_objects(folder / "neocc" / f"{name}.ke0").row(0, named=True)
    jpl = read_objects(folder / "sbdb" / f"{name}_phys.json").row(0, named=True)
    ratio = _sigmas(esa) / _sigmas(jpl)
    assert np.all((ratio > 0.1) & (ratio < 10))
    assert esa["q_au"] == pytest.approx(jpl["q_au"], abs=2e-3)


@pytest.mark.parametrize("name", ["433", "99942", "2024YR4", "2015AB", "2022AP7", "2023DZ2"])
def test_esa_and_jpl_put_the_same_object_at_the_same_place(reference_data, name):
    folder = reference_data / "uncertain_orbits"
    record = json.loads((folder / "sbdb" / f"{name}_phys.json").read_text())
    del record["orbit"]["covariance"]  # the elements at the head are at ESA's epoch, 2461000.5
    jpl = Orbits.from_table(table_from_json(record)).states[0, :3]
    esa = Orbits.from_table(read_objects(folder / "neocc" / f"{name}.ke1")).states[0, :3]
    assert np.linalg.norm(jpl - esa) * AU_KM < 300  # two fits to the same observations


def test_several_orbits_of_one_file_are_read_in_order(reference_data):
    folder = reference_data / "uncertain_orbits" / "neocc"
    texts = [(folder / f"{name}.ke1").read_text() for name in ("433", "2024YR4")]
    both = texts[0] + texts[1].partition("END_OF_HEADER\n")[2]
    table = read_oef(both)
    assert table["designation"].to_list() == ["433", "2024 YR4"]
    assert table["covariance"].list.len().to_list() == [36, 36]
    assert isinstance(table.schema["covariance"], pl.List)


def test_a_triangle_with_a_number_missing_is_refused():
    text = (
        "format = 'OEF2.0'\nrefsys = ECLM J2000\nEND_OF_HEADER\n433\n KEP 1 .1 1 1 1 1\n"
        " MJD 61000.0 TDT\n COV 1 2 3\n COV 4 5 6\n"
    )
    with pytest.raises(InputError, match=r"433 \(line 4 .*6 numbers of COV are no upper triangle"):
        read_oef(text)
