"""Each rule begins exactly at its limit, and its sentence carries the value."""

import numpy as np
import pytest

from skywright.neo.novelty import load_model
from skywright.neo.novelty_features import Population, physical_features
from skywright.neo.oddities import (
    RULES,
    fast_rotators,
    name_oddities,
    non_gravitational,
    rarity,
)

OPTIONAL = ("albedo", "rot_per_h", "a2_au_d2", "a1_au_d2", "a3_au_d2", "diameter_km")


def _object(q=1.0, e=0.4, i=10.0, h=19.0, **physical):
    arrays = [np.array([v]) for v in (q, e, i, 80.0, 200.0, 2460600.5, h)]
    known = {name: np.array([physical.get(name, np.nan)]) for name in OPTIONAL}
    return Population(*arrays, known)


def _names(thing, designation="x"):
    model = load_model()
    return name_oddities(model, physical_features(thing), thing, [None], [designation])[0]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_begins_beyond_its_limit(rule):
    step = -1e-6 if rule.low else 1e-6
    at, beyond = rule.holds(np.array([rule.limit, rule.limit + step]))
    assert not at
    assert beyond


@pytest.mark.parametrize(
    ("thing", "oddity"),
    [
        (_object(i=120.0), "retrograde"),
        (_object(q=1.2, e=0.75), "comet_like_asteroid"),
        (_object(q=0.5, e=0.97), "distant_aphelion"),
        (_object(q=0.6, e=0.2), "atira"),
        (_object(q=0.45, e=0.15), "inside_venus"),
        (_object(q=0.1, e=0.9), "extreme_low_q"),
        (_object(q=0.99, e=0.03, i=0.5), "minimoon_or_artificial_like"),
        (_object(h=12.0), "very_large"),
        (_object(e=1.2), "hyperbolic"),
        (_object(q=2.0, e=0.1), "outside_definition"),
    ],
)
def test_an_orbit_beyond_a_limit_is_named(thing, oddity):
    assert oddity in _names(thing).names


def test_an_ordinary_object_has_no_oddity():
    named = _names(_object())
    assert named.names == []
    assert named.sentences == []


def test_every_oddity_has_one_sentence_with_its_number():
    named = _names(_object(q=0.1, e=0.9))
    assert len(named.names) == len(named.sentences)
    assert any("0.100 au" in sentence for sentence in named.sentences)


@pytest.mark.parametrize(
    ("period", "size", "odd"), [(1.0, 0.5, True), (1.0, 0.1, False), (3, 1, 0)]
)
def test_the_spin_barrier_needs_both_speed_and_size(period, size, odd):
    assert fast_rotators(_object(rot_per_h=period, diameter_km=size))[0] == bool(odd)


# Bennu: A2 = -4.6e-14 au/d^2, 0.49 km (Farnocchia et al. 2021) is Yarkovsky drift, not outgassing.
@pytest.mark.parametrize(("a2", "odd"), [(-4.6e-14, False), (-4.6e-13, True)])
def test_yarkovsky_drift_is_no_dark_comet(a2, odd):
    assert non_gravitational(_object(a2_au_d2=a2, diameter_km=0.49))[0] == odd


def test_a_reported_dark_comet_is_named_with_its_paper():
    named = _names(_object(), "2003 RM")
    assert named.names == ["dark_comet"]
    assert "Farnocchia et al. 2023" in named.sentences[0]


@pytest.mark.parametrize("q", [0.19, 0.12, 0.06, 0.02])
def test_rarity_grows_as_the_perihelion_shrinks(q):
    model, near, nearer = load_model(), _object(q=q, e=0.9), _object(q=q / 2, e=0.9)
    low, high = (rarity(model, physical_features(thing), thing)[0] for thing in (near, nearer))
    assert 0 < low <= high
