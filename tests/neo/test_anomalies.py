"""Named objects get their oddity, ordinary ones do not, and every score has its reasons."""

import numpy as np
import polars as pl
import pytest

from skywright.errors import InputError
from skywright.neo.anomalies import add_anomalies, score_objects

COLUMNS = ("a_au", "e", "i_deg", "node_deg", "peri_deg", "mean_anomaly_deg", "h_mag")

# JPL SBDB, elements at JD 2460600.5 TDB (October 2024); 1I from its SBDB solution (e = 1.2011,
# q = 0.2559 au, i = 122.74 deg), H 22.1.
OBJECTS = {
    "2016 HO3": (1.001, 0.1026, 7.8, 65.75, 304.94, 12.09, 24.33),
    "2010 TK7": (0.9987, 0.1903, 20.9, 96.42, 46.05, 271.82, 20.78),
    "1986 TO": (0.9978, 0.5148, 19.8, 126.19, 43.88, 308.8, 15.47),
    "1983 TB": (1.271, 0.8898, 22.31, 265.1, 322.31, 248.98, 14.4),
    "2020 AV2": (0.5554, 0.1771, 15.87, 6.69, 187.35, 72.14, 16.2),
    "2009 HC82": (2.527, 0.8067, 154.35, 295.5, 299.0, 349.24, 16.0),
    "A898 PA": (1.458, 0.2227, 10.83, 304.27, 178.91, 86.67, 10.41),
    "1991 VG": (1.032, 0.0524, 1.43, 71.27, 26.93, 170.24, 28.3),
    "2004 MN4": (0.9224, 0.1911, 3.34, 203.9, 126.67, 227.76, 19.09),
}


def _table(names=tuple(OBJECTS)):
    rows = [dict(zip(COLUMNS, OBJECTS[name], strict=True)) for name in names]
    dated = [
        {"designation": n, "epoch_jd_tdb": 2460600.5} | r for n, r in zip(names, rows, strict=True)
    ]
    return pl.DataFrame(dated)


@pytest.fixture(scope="module")
def scored():
    return {row["designation"]: row for row in add_anomalies(_table()).to_dicts()}


@pytest.mark.parametrize(
    ("name", "oddity"),
    [
        ("2016 HO3", "quasi_satellite"),
        ("2010 TK7", "earth_trojan"),
        ("1986 TO", "horseshoe"),
        ("1983 TB", "extreme_low_q"),
        ("2020 AV2", "inside_venus"),
        ("2009 HC82", "retrograde"),
        ("A898 PA", "very_large"),
        ("1991 VG", "minimoon_or_artificial_like"),
    ],
)
def test_a_famous_oddity_is_named_and_ranks_high(scored, name, oddity):
    assert oddity in scored[name]["oddities"]
    assert scored[name]["novelty_percentile"] > 98


def test_apophis_is_no_oddity(scored):
    assert scored["2004 MN4"]["oddities"] == []
    assert not scored["2004 MN4"]["flagged"]


def test_the_sentence_carries_the_numbers(scored):
    text = scored["2020 AV2"]["explanation"]
    assert "inside that of Venus" in text
    assert "0.654 au" in text
    assert "Nearest in orbit and size" in text


def test_input_columns_come_first_and_unchanged():
    table = _table().with_columns(mine=pl.lit("kept"))
    answer = add_anomalies(table)
    assert answer.columns[: table.width] == table.columns
    assert answer.columns[table.width :][:4] == [
        "novelty_percentile",
        "oddities",
        "explanation",
        "top_features",
    ]
    assert answer.select(table.columns).equals(table)


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("i_deg", 140.0, "i_deg"),
        ("e", 0.93, "e"),
        ("h_mag", 11.0, "h_mag"),
        ("a_au", 30.0, "a_au"),
        ("rot_per_h", 0.2, "rot_per_h"),
        ("albedo", 0.002, "albedo"),
        ("a2_au_d2", 1e-10, "a2_au_d2"),
    ],
)
def test_the_feature_that_was_spoilt_is_the_first_reason(column, value, reason):
    row = {"designation": "x", "epoch_jd_tdb": 2460600.5, "h_mag": 19.0, "a_au": 1.9, "e": 0.45}
    angles = {"i_deg": 12.0, "node_deg": 80.0, "peri_deg": 200.0, "mean_anomaly_deg": 40.0}
    usual = {"albedo": 0.2, "rot_per_h": 5.0}
    answer = score_objects([row | angles | usual | {column: value}])[0]
    assert answer["top_features"][0] == reason


def test_an_interstellar_orbit_is_hyperbolic():
    row = {"designation": "1I", "epoch_jd_tdb": 2458080.5, "q_au": 0.2559, "e": 1.2011}
    angles = {"i_deg": 122.74, "node_deg": 24.6, "peri_deg": 241.8, "tp_jd_tdb": 2458006.0}
    answer = score_objects([row | angles | {"h_mag": 22.1}])[0]
    assert {"hyperbolic", "retrograde"} <= set(answer["oddities"])
    assert "outside the Solar System" in answer["explanation"]
    assert answer["novelty_percentile"] > 99.9


def test_brightness_may_be_unknown():
    answer = score_objects(_table(("1983 TB",)).drop("h_mag").to_dicts())[0]
    assert answer["novelty_percentile"] > 95
    assert len(answer["neighbours"]) == 5


def test_an_orbit_without_a_date_is_scored_without_the_co_orbital_test():
    table = _table(("2016 HO3",)).drop("mean_anomaly_deg", "epoch_jd_tdb")
    assert "quasi_satellite" not in add_anomalies(table)["oddities"][0]


def test_clones_of_an_uncertain_orbit_spread_the_score():
    sigmas = dict.fromkeys(("sigma_q_au", "sigma_e", "sigma_i_deg"), 0.1)
    angles = {"sigma_node_deg": 1.0, "sigma_peri_deg": 1.0}
    row = _table(("2004 MN4",)).to_dicts()[0] | sigmas | angles
    answer = score_objects([row])[0]
    assert answer["novelty_low"] < answer["novelty_percentile"] <= answer["novelty_high"] + 10
    assert "clones score" in answer["explanation"]


def test_an_uncertain_orbit_is_not_flagged():
    row = _table(("2009 HC82",)).to_dicts()[0]
    sure, unsure = (score_objects([row | {"condition_code": code}])[0] for code in (2, 8))
    assert sure["flagged"]
    assert not unsure["flagged"]


def test_contamination_moves_the_threshold():
    few, many = (add_anomalies(_table(), contamination=c)["flagged"].sum() for c in (0.0001, 0.2))
    assert few < many


@pytest.mark.parametrize("contamination", [0.0, 0.7, float("nan")])
def test_contamination_outside_its_range_is_refused(contamination):
    with pytest.raises(InputError, match="contamination"):
        add_anomalies(_table(), contamination=contamination)


def test_a_missing_column_is_named():
    with pytest.raises(InputError, match="peri_deg"):
        add_anomalies(_table().drop("peri_deg"))


def test_a_spoilt_axis_is_not_hidden_by_an_old_perihelion():
    row = _table(("2004 MN4",)).to_dicts()[0] | {"q_au": 0.746}
    answer = score_objects([row | {"a_au": 40.0}])[0]
    assert answer["novelty_percentile"] > 99
    assert "inconsistent_elements" in answer["oddities"]
    assert "q = 0.7460 au contradicts" in answer["explanation"]


@pytest.mark.slow
def test_one_percent_of_the_catalogue_lies_above_the_ninety_ninth_percentile(reference_data):
    table = pl.read_parquet(reference_data / "catalogue" / "neo_catalogue_202410.parquet")
    some = table.sample(12_000, seed=1)
    above = np.mean(add_anomalies(some)["novelty_percentile"].to_numpy() >= 99)
    assert above == pytest.approx(0.01, abs=0.003)  # three deviations of so many draws


def test_the_acceleration_of_a_comet_is_no_surprise():
    row = _table(("1983 TB",)).to_dicts()[0] | {"a2_au_d2": 1e-9}
    asteroid, comet = (score_objects([row | {"designation": n}])[0] for n in ("x", "81P/Wild"))
    assert "dark_comet" in asteroid["oddities"]
    assert "dark_comet" not in comet["oddities"]
