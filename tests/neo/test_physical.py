"""Size, density and mass: two fix the third, the rest is assumed aloud."""

import pytest

from skywright.errors import InputError
from skywright.neo.effects import sphere_mass_kg
from skywright.neo.physical import physical_of


# CNEOS glossary: H = 22.0 and albedo 0.14 mean about 140 m.
def test_size_of_the_limit_of_hazard():
    found = physical_of({"h_mag": 22.0}, {})
    assert found.diameter_km == pytest.approx(0.140, abs=0.002)
    assert any("albedo of 0.14" in sentence for sentence in found.assumed)


def test_mass_and_known_diameter_fix_the_density():
    found = physical_of({"diameter_km": 0.34}, {"mass_kg": 6.1e10})
    assert sphere_mass_kg(0.34, found.density_kg_m3) == pytest.approx(6.1e10)
    assert found.assumed == []


def test_mass_and_density_fix_the_diameter():
    found = physical_of({"h_mag": 20.0}, {"mass_kg": 1e10, "density_kg_m3": 2000.0})
    assert sphere_mass_kg(found.diameter_km, 2000.0) == pytest.approx(1e10)


def test_contradiction_is_refused():
    changes = {"mass_kg": 1.0, "density_kg_m3": 2000.0, "diameter_km": 1.0}
    with pytest.raises(InputError, match="contradict one another"):
        physical_of({}, changes)


def test_nothing_known_gives_no_size():
    assert physical_of({}, {}).mass_kg is None
