import pytest

from skywright.sources.star_names import short_name


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Proxima Centauri", "Proxima Cen"),
        ("55 cancri e", "55 Cnc e"),
        ("Beta Pictoris b", "bet Pic b"),
        ("alpha Tauri b", "alf Tau b"),
        ("gamma1 Leonis", "gam1 Leo"),
        ("Alpha Leonis Minoris", "alf LMi"),
        ("mu2 Scorpii", "mu2 Sco"),
        ("Pi Mensae", "pi Men"),
        ("Barnard's Star", "Barnard"),
        ("TRAPPIST-1 e", "TRAPPIST-1 e"),
        ("Omega Nebula", "Omega Nebula"),
    ],
)
def test_a_constellation_in_full_becomes_its_abbreviation(name, short):
    assert short_name(name) == short
