"""Images of relative motion: bounded, blind to names and dates, and causal."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.errors import InputError
from skywright.ssa.element_sets import checked_history
from skywright.ssa.relative_track import RelativeTrack, relative_track
from skywright.ssa.threats.images import (
    PIXELS,
    SCALARS,
    images_of,
    recurrence,
    signed_log,
    threat_images,
)

START = datetime(2024, 5, 1, tzinfo=UTC)
AT = START + timedelta(days=31)


def history(norad_id=90001, *, anomaly_deg=10.0, days=30, node_deg=40.0, start=START):
    """A quiet sun-synchronous satellite, one set a day."""
    n, node_rate = 14.34, 0.9856
    rows = [
        {
            "norad_id": norad_id,
            "epoch_utc": start + timedelta(days=k),
            "mean_motion_rev_day": n,
            "eccentricity": 0.001,
            "inclination_deg": 98.5,
            "raan_deg": (node_deg + node_rate * k) % 360,
            "argp_deg": 90.0,
            "mean_anomaly_deg": (anomaly_deg + 360 * (n % 1) * k) % 360,
            "bstar": 1e-5,
        }
        for k in range(days)
    ]
    return checked_history(pl.DataFrame(rows))


@pytest.fixture
def pair():
    return history(), history(90002, anomaly_deg=10.2)


def test_images_are_in_their_range(pair):
    images, numbers = threat_images(*pair, AT)
    assert images.shape == (3, PIXELS, PIXELS)
    assert numbers.shape == (len(SCALARS),)
    assert (images >= 0).all()
    assert (images <= 1).all()
    assert np.isfinite(numbers).all()


def test_names_do_not_matter(pair):
    other = [one.with_columns(norad_id=one["norad_id"] + 5000) for one in pair]
    for found, expected in zip(threat_images(*other, AT), threat_images(*pair, AT), strict=True):
        assert np.array_equal(found, expected)


def test_dates_do_not_matter(pair):
    later = timedelta(days=400)
    moved = [history(start=START + later), history(90002, anomaly_deg=10.2, start=START + later)]
    for found, expected in zip(
        threat_images(*moved, AT + later), threat_images(*pair, AT), strict=True
    ):
        assert found == pytest.approx(expected, abs=1e-3)


# Zonal harmonics and drag of SGP4 do not depend on the node.
def test_the_hour_of_the_node_does_not_matter(pair):
    turned = [history(node_deg=130.0), history(90002, anomaly_deg=10.2, node_deg=130.0)]
    found, expected = threat_images(*turned, AT)[0], threat_images(*pair, AT)[0]
    assert np.abs(found - expected).mean() < 0.002


def test_what_was_not_received_yet_does_not_show(pair):
    asset, other = pair
    burnt = other.tail(1).with_columns(
        epoch_utc=pl.lit(START.replace(tzinfo=None) + timedelta(days=30.5)),
        mean_motion_rev_day=pl.lit(14.0),
    )
    late = pl.concat([other, burnt]).with_columns(
        received_utc=pl.col("epoch_utc") + timedelta(days=2)
    )
    before = threat_images(asset, late.head(30), AT)[0]
    assert np.array_equal(threat_images(asset, late, AT)[0], before)


def test_nothing_received_is_a_sentence(pair):
    with pytest.raises(InputError, match="No element set of the asset had been received"):
        threat_images(*pair, START - timedelta(days=1))


def test_a_predicted_approach_is_sampled_at_its_nearest_point():
    asset, other = history(), history(90002, anomaly_deg=350.0, node_deg=100.0)
    track = relative_track(asset, other, AT)
    ahead = track.days > 0
    dense = track.range_km[ahead].min()
    assert dense < np.sort(track.range_km[~ahead])[0] + 1.0


@given(st.lists(st.floats(-1e5, 1e5), min_size=1, max_size=20))
def test_the_axis_is_odd_and_bounded(km):
    x = signed_log(np.array(km))
    assert (np.abs(x) <= 1).all()
    assert x == pytest.approx(-signed_log(-np.array(km)))


def test_a_burn_divides_the_recurrence():
    elements = np.zeros((30, 6))
    elements[15:, 0] = 3.0
    shown = recurrence(elements)
    assert shown[:15, :15].max() == 0.0
    assert shown[0, 20] == pytest.approx(np.arcsinh(3.0) / 8.0)


def test_old_dwell_weighs_less():
    def track(day):
        n = 50
        days = np.full(2 * n, day)
        days[n:] = 0.0
        rtn = np.full((2 * n, 3), 500.0)
        rtn[n:] *= -1
        still = np.zeros(2 * n)
        return RelativeTrack(days, rtn, still, still, rtn * 0, np.zeros((30, 6)))

    old, new = (images_of(track(day))[0] for day in (-12.0, -1.0))
    corner = int((signed_log(np.array([500.0]))[0] + 1) / 2 * PIXELS)
    assert old[corner, corner] < new[corner, corner] < 1.0
