"""The invented population: seeded, labelled, and of roughly the right kind."""

import pytest

from skywright.errors import InputError
from skywright.neo.features import add_features
from skywright.neo.objects import Orbits
from skywright.neo.synthetic import synthetic_population


def test_the_same_seed_gives_the_same_digits_and_another_does_not():
    assert synthetic_population(50, seed=7).equals(synthetic_population(50, seed=7))
    assert not synthetic_population(50, seed=7)["e"].equals(synthetic_population(50, seed=8)["e"])


def test_every_row_says_that_it_is_invented():
    table = synthetic_population(20)
    assert table["synthetic"].all()
    assert set(table["label"]) == {"synthetic"}
    assert table["source"].str.contains("not a real object").all()
    assert table["designation"].str.starts_with("SYN-").all()


def test_shares_of_the_classes_are_roughly_those_of_the_debiased_model():
    # Granvik et al. (2018), Icarus 312, 181: Amor 39.4 %, Apollo 54.4 %, Aten 3.5 %, Atira 1.2 %
    table = add_features(synthetic_population(2000), with_moid=False)
    shares = {name: count / 2000 for name, count in table["orbit_class"].value_counts().iter_rows()}
    assert shares["AMO"] == pytest.approx(0.394, abs=0.02)
    assert shares["APO"] == pytest.approx(0.544, abs=0.02)
    assert shares["ATE"] == pytest.approx(0.035, abs=0.02)
    assert shares["IEO"] == pytest.approx(0.012, abs=0.01)


def test_faint_objects_are_many_and_all_are_near_the_earth():
    table = synthetic_population(5000, seed=2)
    assert table["q_au"].max() < 1.3
    assert ((table["e"] > 0) & (table["e"] < 1)).all()
    faint = (table["h_mag"] > 27).sum()
    assert faint / (table["h_mag"] <= 27).sum() == pytest.approx(10**0.4 - 1, rel=0.1)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_the_smallest_populations_are_whole_and_take_part_in_the_commands(n):
    assert len(Orbits.from_table(synthetic_population(n))) == n


@pytest.mark.parametrize("n", [0, -1, 10**9])
def test_an_absurd_number_is_refused(n):
    with pytest.raises(InputError, match="1 to 1000000 objects"):
        synthetic_population(n)
