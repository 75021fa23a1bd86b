from datetime import date

import pytest

from skywright.assistant.engine.model import Asked
from skywright.assistant.rules.entities import entities_in
from skywright.assistant.rules.planning import planned
from skywright.assistant.rules.routing import Router
from skywright.assistant.rules.understanding import understood
from skywright.settings import Settings

_TODAY = date(2026, 11, 21)


def _planned(question, tables=()):
    wish = understood([Asked(question, tables=tables)], Router(), _TODAY)
    return planned(wish, Settings())


def _called(question, tables=()):
    """Return tool and arguments of the last call that needs none before it."""
    return [(step.tool, step.arguments(())) for step in _planned(question, tables).steps][-1]


@pytest.mark.parametrize(
    ("said", "low", "high"),
    [
        ("drop everything bluer than 0.7", 0.7, None),
        ("remove stars with BP-RP > 2", None, 2.0),
        ("which are not redder than 1?", None, 1.0),
        ("without those below BP-RP < 0.3", 0.3, None),
        ("BP-RP is not above 1", None, 1.0),
        ("throw out all except 0.7 < BP-RP < 1.1", 0.7, 1.1),
        ("drop what lies outside 0.7 < BP-RP < 1.1", 0.7, 1.1),
        ("redder than 1 but not redder than 2", 1.0, 2.0),
        ("I do not need M13, keep BP-RP > 1", 1.0, None),
        ("0.9..1.4 in bp_rp", 0.9, 1.4),
    ],
)
def test_what_is_to_be_left_out_bounds_the_other_side(said, low, high):
    colour = entities_in(said, _TODAY).colour
    assert (colour.low, colour.high, colour.is_outside) == (low, high, False)


@pytest.mark.parametrize(
    ("said", "high"),
    [("exclude stars fainter than 17", 17.0), ("no stars fainter than 15", 15.0),
     ("I don't want any star fainter than 18", 18.0), ("keep G < 12, drop nothing else", 12.0)],
)  # fmt: skip
def test_a_magnitude_that_is_too_faint_is_left_out(said, high):
    magnitude = entities_in(said, _TODAY).magnitude
    assert (magnitude.low, magnitude.high) == (None, high)


@pytest.mark.parametrize(
    "question",
    [
        "exclude 0.8 < BP-RP < 1.5",
        "select stars with B-V between 0.2 and 0.8",
        "Gaia stars with V < 12 within 5' of M13",
        "Gaia stars with parallax > 10 within 5 arcmin of M13",
        "keep the stars with RUWE < 1.4 and BP-RP > 1",
        "exoplanets with a mass below 5 Jupiter masses",
        "exoplanets discovered between 2010 and 2015",
        "exoplanets found before 2000",
        "which Starlink satellites went up in 2021 in orbit?",
        "When was the Hubble launched?",
        "the launch of Apollo 11",
        "the picture of the day last week",
    ],
)
def test_what_no_tool_can_choose_by_is_asked_back_and_not_passed_over(question):
    plan = _planned(question, ("gaia-dr3-m13",))
    assert plan.steps == ()
    assert plan.missing


@pytest.mark.parametrize(
    ("question", "outcome"),
    [
        ("Electron launches that failed", "failure"),
        ("Electron launches that did not fail", "success"),
        ("Electron launches without failure", "success"),
        ("Electron launches that weren't successful", "failure"),
        ("unsuccessful Electron launches", "failure"),
        ("successful Electron launches", "success"),
        ("failed and successful Electron launches", None),
    ],
)
def test_the_outcome_of_launches_with_its_denial(question, outcome):
    tool, arguments = _called(question)
    assert (tool, arguments.get("outcome")) == ("find-launches", outcome)


@pytest.mark.parametrize(
    "question", ["Not M31 but M33: where is it?", "the coordinates of M33, not of M31"]
)
def test_a_name_that_is_denied_is_not_meant(question):
    assert _called(question) == ("resolve-name", {"name": "M33"})


def test_of_two_objects_one_is_answered_and_the_other_told():
    plan = _planned("Compare the light curves of WASP-12 and WASP-18")
    assert [step.arguments(())["target"] for step in plan.steps] == ["WASP-12"]
    assert "ask for WASP-18 next" in plan.remarks[-1]


def test_launches_in_the_future_are_those_to_come():
    assert _called("Falcon 9 launches in March 2027")[1]["upcoming"] is True


def test_the_date_of_a_launch_is_told_by_the_catalogue_of_satellites():
    assert _called("When was Sputnik 1 launched?") == ("find-satellites", {"name": "Sputnik 1"})


def test_a_site_that_is_no_filter_is_told():
    plan = _planned("SpaceX launches from Vandenberg in 2022")
    assert "Vandenberg was not considered." in plan.remarks


@pytest.mark.parametrize(
    ("question", "push"),
    [
        ("Slow Apophis down by 5 cm/s on 2027-01-01", [0, -0.05, 0]),
        ("Give Apophis 5 cm/s radially outward on 2027-01-01", [0.05, 0, 0]),
        ("Push Apophis by 5 cm/s normal to its orbit on 2027-01-01", [0, 0, 0.05]),
    ],
)
def test_the_direction_of_a_push(question, push):
    tool, arguments = _called(question)
    assert tool == "neo-simulate"
    assert arguments["request"]["delta_v"] == pytest.approx(push)


def test_a_diagram_with_bounds_is_drawn_of_the_stars_within():
    plan = _planned("CMD of M67 with G < 15")
    tools = [step.tool for step in plan.steps]
    assert tools == ["resolve-name", "cone-search", "colour-cut", "plot-cmd"]


def test_a_term_of_the_field_is_no_object():
    plan = _planned("plot the light curve of the SED")
    assert "Of which star?" in plan.missing
