"""Zero points of photometry against what was published, typed in anew from tables of others.

Where each was read (2026-11): Johnson-Cousins, Bessell, Castelli & Plez (1998), table A2, and
2MASS, Cohen et al. (2003), table 2, both as the AstroImage project lists them; Gaia as the Gaia
team gives them (cosmos.esa.int/web/gaia/edr3-passbands, copied by several projects) and, beside
it, as the SVO Filter Profile Service lists GAIA/GAIA3, copied by JMMC; SDSS as its imaging camera
is listed in the tables of several projects.
"""

from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from skywright.assistant.tools.zero_points import AB_JY, BANDS

# Effective wavelength [um], flux density of magnitude zero [Jy], and its uncertainty or, where
# none is given, one per cent, by which two calibrations of Vega differ [Jy].
PUBLISHED = {
    "U": (0.366, 1790.0, 18.0),
    "B": (0.438, 4063.0, 41.0),
    "V": (0.545, 3636.0, 36.0),
    "R": (0.641, 3064.0, 31.0),
    "I": (0.798, 2416.0, 24.0),
    "J": (1.235, 1594.0, 27.8),
    "H": (1.662, 1024.0, 20.0),
    "K": (2.159, 666.7, 12.6),
    "u": (0.3551, 3631.0, 1.0),
    "g": (0.4686, 3631.0, 1.0),
    "r": (0.6166, 3631.0, 1.0),
    "i": (0.7480, 3631.0, 1.0),
    "z": (0.8932, 3631.0, 1.0),
}
# Pivot wavelength [Angstrom]; zero points of Vega and AB magnitudes with uncertainties [mag]; zero
# point that the SVO computes [Jy].
GAIA = {
    "BP": (5109.71, 25.3385, 0.0028, 25.3540, 0.0023, 3552.01),
    "G": (6217.59, 25.6874, 0.0028, 25.8010, 0.0028, 3228.75),
    "RP": (7769.02, 24.7479, 0.0038, 25.1040, 0.0016, 2554.95),
}
SYSTEMATIC_OF_VEGA = 0.03  # V = 0.023 of Vega, and how a mean over a band is formed


def test_no_band_is_without_a_published_value():
    assert set(BANDS) == set(PUBLISHED) | set(GAIA)


@pytest.mark.parametrize("band", PUBLISHED)
def test_a_zero_point_is_within_a_fifth_of_its_uncertainty_of_the_published_one(band):
    wavelength_um, zero_jy, uncertainty_jy = PUBLISHED[band]
    assert BANDS[band].wavelength_um == pytest.approx(wavelength_um, abs=5e-5)
    assert BANDS[band].zero_jy == pytest.approx(zero_jy, abs=uncertainty_jy / 5)


@pytest.mark.parametrize("band", GAIA)
def test_gaia_s_flux_density_follows_from_both_of_its_zero_points(band):
    pivot_a, vega_mag, vega_error_mag, ab_mag, ab_error_mag, _ = GAIA[band]
    expected_jy = 3631.0 * 10 ** (-0.4 * (ab_mag - vega_mag))
    error = 0.92 * (vega_error_mag**2 + ab_error_mag**2) ** 0.5
    assert BANDS[band].wavelength_um == pytest.approx(pivot_a / 1e4, abs=5e-5)
    assert BANDS[band].zero_jy == pytest.approx(expected_jy, rel=error / 5)


@pytest.mark.parametrize("band", GAIA)
def test_gaia_s_flux_density_is_near_what_the_filter_service_computes(band):
    assert BANDS[band].zero_jy == pytest.approx(GAIA[band][-1], rel=SYSTEMATIC_OF_VEGA)


def test_an_ab_magnitude_of_zero_is_that_of_oke_and_gunn():
    assert pytest.approx(1e23 * 10 ** (-0.4 * 48.60), rel=1e-4) == AB_JY  # 1983ApJ...266..713O


def _recorded(package, name):
    found = find_spec(package)
    assert found is not None
    path = Path(str(found.origin)).parent / name
    if not path.is_file():
        pytest.skip(f"{package} came without its recorded answers")
    return ET.parse(path).getroot()


def test_a_recorded_answer_of_the_filter_service_agrees_for_2mass():
    root = _recorded("astroquery.svo_fps", "tests/data/svo_fps_ID=2MASS.2MASS.H.xml")
    told = {one.get("name"): one.get("value") for one in root.iter() if one.tag.endswith("PARAM")}
    assert BANDS["H"].zero_jy == pytest.approx(float(told["ZeroPoint"]))
    assert BANDS["H"].wavelength_um * 1e4 == pytest.approx(float(told["WavelengthEff"]))


def test_a_recorded_answer_of_the_filter_service_agrees_for_gaia():
    root = _recorded("pyvo", "mivot/tests/data/filter_gaia_grp.xml")
    told = {one.get("dmrole"): one.get("value") for one in root.iter("ATTRIBUTE")}
    pivot_a = float(told["Phot:SpectralLocation.value"])
    assert BANDS["RP"].wavelength_um * 1e4 == pytest.approx(pivot_a, abs=0.5)
