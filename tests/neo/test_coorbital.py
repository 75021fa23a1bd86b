"""Co-orbital states of published objects, and the geometry of a libration."""

import numpy as np
import pytest

from skywright.neo.coorbital import (
    MAX_OFFSET_AU,
    _mean_longitude,
    classify,
    coorbital_states,
    relative_longitudes,
)
from skywright.orbits.constants import GM_SUN
from skywright.orbits.elements import Elements, state_from_elements, tp_from_mean_anomaly

EPOCH = 2460600.5

# Elements a [au], e, i, node, peri, M [deg] at JD 2460600.5 TDB: JPL SBDB, October 2024. States:
# 2016 HO3 de la Fuente Marcos (2016), MNRAS 462, 3441; 2010 TK7 Connors et al. (2011), Nature
# 475, 481; 2002 AA29 Connors et al. (2002), Meteorit. Planet. Sci. 37, 1435; 2010 SO16 Christou &
# Asher (2011), MNRAS 414, 2965; Cruithne (1986 TO) Wiegert et al. (1997), Nature 387, 685.
PUBLISHED = {
    "2016 HO3": ((1.001, 0.1026, 7.8, 65.75, 304.94, 12.09), "quasi_satellite"),
    "2010 TK7": ((0.9987, 0.1903, 20.9, 96.42, 46.05, 271.82), "earth_trojan"),
    "2002 AA29": ((0.9926, 0.013, 10.75, 106.35, 101.98, 259.7), "horseshoe"),
    "2010 SO16": ((1.004, 0.0754, 14.51, 40.35, 109.24, 202.51), "horseshoe"),
    "1986 TO": ((0.9978, 0.5148, 19.8, 126.19, 43.88, 308.8), "horseshoe"),
}


def _state(row):
    a, e, *angles = row
    i, node, peri, M = np.radians(angles)
    tp = tp_from_mean_anomaly(a, e, M, EPOCH)
    elements = Elements(*(np.atleast_1d(x) for x in (a * (1 - e), e, i, node, peri, tp)))
    return state_from_elements(elements, np.array([EPOCH]))


@pytest.fixture(scope="module")
def found():
    rows = [row for row, _ in PUBLISHED.values()]
    a, e, i = np.array([row[:3] for row in rows]).T
    states = np.concatenate([_state(row) for row in rows])
    epochs = np.full(len(rows), EPOCH)
    names = coorbital_states(states, epochs, a, e, np.radians(i))
    return dict(zip(PUBLISHED, names, strict=True))


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_co_orbitals_are_recognised(found, name):
    assert found[name].kind == PUBLISHED[name][1]


def test_the_trojan_stays_about_the_leading_point(found):
    trojan = found["2010 TK7"]  # Connors et al. (2011): it librates about L4 alone
    assert 0 < trojan.sigma_min_deg < 60 < trojan.sigma_max_deg < 180


def test_an_object_with_its_axis_far_from_the_earths_is_not_integrated():
    state = _state((0.9224, 0.1911, 3.34, 203.9, 126.67, 227.76))  # Apophis
    answer = coorbital_states(
        state, np.array([EPOCH]), np.array([0.9224]), np.array([0.1911]), np.array([0.058])
    )
    assert abs(0.9224 - 1) > MAX_OFFSET_AU
    assert answer == [None]


def test_the_mean_longitude_of_a_state_is_the_sum_of_its_angles():
    state = _state((1.3, 0.4, 20.0, 50.0, 70.0, 100.0))[0]
    assert np.degrees(_mean_longitude(state, GM_SUN)) % 360 == pytest.approx(220.0, abs=1e-9)


def test_sigma_starts_where_the_elements_say():
    row = PUBLISHED["2010 TK7"][0]
    years, sigma = relative_longitudes(_state(row), np.array([EPOCH]))
    earth = 100.46645683 + 35999.3728565 * (EPOCH - 2451545.0) / 36525  # Simon et al. (1994)
    expected = (sum(row[3:]) - earth + 180) % 360 - 180
    # The nearest shared step lies up to four days off, over which sigma hardly moves.
    assert sigma[0, years.size // 2] == pytest.approx(expected, abs=0.2)


@pytest.mark.parametrize(
    ("low", "high", "e", "kind"),
    [
        (-20, 20, 0.1, "quasi_satellite"),
        (25, 150, 0.1, "earth_trojan"),
        (-150, -25, 0.1, "earth_trojan"),
        (20, 340, 0.1, "horseshoe"),
        (-60, 300, 0.1, "compound"),
        (-10, 345, 0.2, "horseshoe"),
    ],
)
def test_a_libration_is_named_by_what_it_encloses(low, high, e, kind):
    t = np.linspace(-370, 370, 1001)
    sigma = (low + high) / 2 + (high - low) / 2 * np.sin(2 * np.pi * t / 250)
    assert classify(sigma, e).kind == kind


def test_a_steady_drift_is_no_libration():
    assert classify(np.linspace(-800, 800, 1001), 0.1).kind == ""
