"""What a request may say: one orbit, changes that fit together, sentences otherwise."""

import pytest
from pydantic import ValidationError

from skywright.errors import InputError
from skywright.neo.simulate_request import SimulateRequest, request_from_options


def test_options_become_a_request():
    request = request_from_options(
        {"object": "Apophis", "delta_v": "0,0.05,-1", "at": "2027-01-01", "set": ["e=0.2"]}
    )
    assert request.delta_v == (0.0, 0.05, -1.0)
    assert request.set == {"e": 0.2}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "either 'object' .* or 'elements'"),
        ({"object": "x", "elements": {}}, "one of the two"),
        ({"object": "x", "delta_v": "0,1,0"}, "'delta_v' .* and its date 'at' belong together"),
        ({"object": "x", "delta_v": "0,1", "at": "2027-01-01"}, "three numbers R,T,N"),
        ({"object": "x", "set": ["mass=3"]}, "'set' names 'mass'; it may change a_au"),
        ({"object": "x", "set": ["e"]}, "NAME=NUMBER"),
        ({"object": "x", "set": ["a_au=1", "q_au=1"]}, "fix one another"),
        ({"object": "x", "years": -1}, "years: .*greater than 0"),
        ({"object": "x", "mass_kg": 0.0}, "mass_kg: .*greater than 0"),
    ],
)
def test_bad_request_is_a_sentence(options, sentence):
    with pytest.raises(InputError, match=sentence):
        request_from_options(options)


def test_unknown_field_and_not_a_number_are_refused():
    with pytest.raises(ValidationError, match="Extra inputs"):
        SimulateRequest(object="x", yaers=3)
    with pytest.raises(ValidationError, match="finite"):
        SimulateRequest(object="x", years=float("nan"))
