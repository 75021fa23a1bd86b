"""Manoeuvres: found in sets with burns, none in quiet ones, on real satellites as promised."""

import json

import polars as pl
import pytest
from typer.testing import CliRunner

from skywright.cli.main import app
from skywright.errors import InputError
from skywright.foundry.recipe import load_recipe
from skywright.foundry.run import Run
from skywright.ssa.detection.detector import Operating, peaks
from skywright.ssa.detection.manoeuvres import SCHEMA, detect
from skywright.ssa.detection.training import fit, load
from tests.ssa.detection.test_residuals import satellite


@pytest.fixture(scope="module")
def burnt():
    return satellite(((30, 15.0), (60, -12.0)), days=90, noise_m=0.3)


def test_burns_are_found_with_time_size_and_direction(burnt):
    found = detect(burnt).manoeuvres
    assert [str(t)[:10] for t in found["time_utc"]] == ["2024-03-30", "2024-04-29"]
    assert found["direction"].to_list() == ["in-track forward", "in-track backward"]
    # dv = v da / (2 a) with v = 7,188 m/s and a = 7,715 km.
    assert found["dv_intrack_m_s"].to_list() == pytest.approx([7.0e-3, -5.6e-3], rel=0.25)


def test_a_quiet_satellite_has_none():
    found = detect(satellite(days=120, noise_m=0.3))
    assert found.manoeuvres.is_empty()
    assert found.manoeuvres.schema == pl.DataFrame(schema=SCHEMA).schema


def test_the_order_of_rows_does_not_matter(burnt):
    mixed = burnt.sample(fraction=1.0, shuffle=True, seed=3)
    assert detect(mixed).manoeuvres.equals(detect(burnt).manoeuvres)


def test_one_set_tells_nothing_and_says_so(burnt):
    row = detect(burnt.head(1)).satellites.row(0, named=True)
    assert row["manoeuvres"] == 0
    assert "nothing can be told" in row["note"]


def test_a_history_without_elements_is_refused(burnt):
    with pytest.raises(InputError, match="no column mean_motion_rev_day"):
        detect(burnt.drop("mean_motion_rev_day"))


def test_peaks_keep_their_distance():
    import numpy as np

    at, scores = np.arange(6.0), np.array([0.2, 0.9, 0.8, 0.1, 0.7, 0.75])
    assert peaks(at, scores, Operating(0.5, 2.0)).tolist() == [1, 5]


def test_the_command_tells_one_object(burnt, tmp_path):
    burnt.write_parquet(tmp_path / "history.parquet")
    result = CliRunner().invoke(
        app, ["ssa", "detect", "--history", str(tmp_path / "history.parquet"), "--json"]
    )
    told = json.loads(result.stdout)
    assert len(told["manoeuvres"]) == 2
    assert {"time_utc", "dv_total_m_s", "direction", "score"} <= set(told["manoeuvres"][0])
    assert told["model"]["name"] == "ssa-manoeuvres"


@pytest.mark.slow
def test_real_satellites_are_judged_by_models_that_never_saw_them(ssa_data, tmp_path):
    recipe = load_recipe("ssa-manoeuvres")
    (tmp_path / "model").mkdir()
    run = Run(recipe, ssa_data, tmp_path / "model", 1, tmp_path / "log")
    metrics = fit(run)
    assert metrics["leo_f1"] >= 0.70
    assert metrics["leo_false_alarms_per_satellite_year"] <= 1.0
    assert metrics["geo_f1"] >= 0.80
    assert metrics["leo_cadence_only_f1"] < 0.2
    rows = satellite(((30, 15.0),), days=60).to_dicts()
    assert max(one["value"] for one in load(run.out)(rows)) > 0.5
