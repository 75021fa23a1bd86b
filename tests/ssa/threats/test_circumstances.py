"""Circumstances: coasting paths, kicks by their parts, and changes that follow the asset's."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from skywright.ssa.threats.circumstances import BACK_D, CIRCUMSTANCES, FEATURES, circumstances
from tests.ssa.detection.test_residuals import EPOCH, satellite

AT = (EPOCH + timedelta(days=62, hours=3)).replace(tzinfo=None)
DAYS = 62


def told(other, asset=None):
    asset = satellite(days=DAYS, noise_m=0.3) if asset is None else asset
    return dict(zip(CIRCUMSTANCES, circumstances(asset, other, AT), strict=True))


def beside(steps=(), degrees=3.0, **more):
    table = satellite(steps, days=DAYS, norad_id=90002, noise_m=0.3, seed=2, **more)
    return table.with_columns(mean_anomaly_deg=(pl.col("mean_anomaly_deg") + degrees) % 360)


def test_features_have_names_of_their_own():
    names = [one.name for one in FEATURES]
    assert len(set(names)) == len(names) == 128 + len(CIRCUMSTANCES)


def test_an_object_that_did_not_burn_would_have_come_to_the_same_place():
    quiet = told(beside())
    assert max(quiet[f"coasting_{d}_km"] for d in BACK_D) - quiet["coasting_0_km"] < 0.15
    assert abs(quiet["closed_by_burns"]) < 0.15
    assert quiet["kicks_seen"] <= 1


def test_a_burn_into_a_drift_towards_the_asset_shows_as_closed_by_burns():
    # 3 deg are 403 km along the orbit; -3 pi da a revolution, 12.8 revolutions a day.
    coming = told(beside(((50, 250.0),), degrees=3.0))
    assert coming["closed_by_burns"] > 0.4
    assert coming["coasting_0_km"] < coming["coasting_25_km"]


def test_in_track_burns_are_pure_and_one_way():
    row = told(beside(((20, 800.0), (40, 800.0))))
    assert row["kicks_seen"] >= 2
    assert row["kick_purity"] > 0.8
    assert row["kick_one_way"] == pytest.approx(1.0, abs=0.05)
    # Half of n da: 400 m at 1,336 km is 0.18 m/s.
    assert 10.0 ** row["kick_size_m_s"] == pytest.approx(0.36, rel=0.3)


def test_a_kick_across_is_told_from_one_along():
    table = beside()
    later = pl.col("epoch_utc") > (EPOCH + timedelta(days=30)).replace(tzinfo=None)
    turned = table.with_columns(
        inclination_deg=pl.col("inclination_deg") + pl.when(later).then(0.02).otherwise(0.0)
    )
    row = told(turned)
    # 0.02 deg at 7.19 km/s is 2.5 m/s.
    assert 10.0 ** row["kick_size_m_s"] == pytest.approx(2.5, rel=0.1)
    assert row["kick_across"] > 0.9


def test_changes_repeated_a_day_after_the_asset_follow_it():
    asset = satellite(((20, 300.0), (40, -300.0)), days=DAYS, noise_m=0.3)
    after = told(beside(((21, 300.0), (41, -300.0))), asset)
    before = told(beside(((19, 300.0), (39, -300.0))), asset)
    alone = told(beside(((10, 300.0), (50, -300.0))), asset)
    assert after["follows_least"] > 0.7
    assert before["followed_least"] > 0.7
    assert alone["follows"] < 0.3


def test_the_number_of_an_object_does_not_matter():
    other = beside(((20, 300.0),))
    renamed = other.with_columns(norad_id=pl.lit(5, pl.Int64))
    np.testing.assert_array_equal(list(told(other).values()), list(told(renamed).values()))


def test_short_histories_leave_it_unknown():
    row = told(beside().tail(3))
    assert np.isnan(row["kicks_seen"])
    assert np.isnan(row["coasting_40_km"])
    assert np.isfinite(row["coasting_0_km"])
