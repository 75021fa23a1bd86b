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
        "select stars with V-I between 0.2 and 0.8",
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
        "what if Bennu had twice 7.3e10 kg, i.e. 1.46e11 kg",
        "planets not found by transit",
        "planets hotter than 2000 K",
        "planets heavier than 5 Earth masses",
        "launches in 2021 not by SpaceX",
        "Gaia sources with B-V > 0.4 within 5' of M13",
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
    assert "Not considered: vandenberg." in plan.remarks


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


@pytest.mark.parametrize(
    ("question", "tool", "arguments"),
    [
        ("Gaia sources within 0.002 radians of ra 10.5 dec 20.5", "cone-search",
         {"radius_deg": 0.114592}),
        ("SDSS objects near ra 10.5 dec 20.5", "cone-search",
         {"radius_deg": 0.05, "catalogue": "sdss"}),
        ("How many Gaia sources lie within 0.1 deg of ra 10.5 dec 20.5?", "cone-search",
         {"limit": 50_000}),
        ("the last 3 flights of Ariane 5", "find-launches", {"limit": 3, "rocket": "Ariane 5"}),
        ("launches planned for december", "find-launches",
         {"since": "2026-12-01", "until": "2026-12-31", "upcoming": True}),
        ("chinese launches in 2021", "find-launches", {"provider": "CASC"}),
        ("give me 25 anomalous near-earth asteroids", "neo-anomalies", {"limit": 25}),
        ("run this and cap it at 100 rows: SELECT ra FROM gaiadr3.gaia_source", "run-adql",
         {"limit": 100}),
        ("who wrote about magnetars before 1995?", "search-papers",
         {"query": "magnetars", "until_year": 1994}),
        ("papers on star formation but no theses", "search-papers", {"query": "star formation"}),
        ('search ADS for "stellar streams" gaia', "search-papers",
         {"query": '"stellar streams" gaia'}),
        ("5 publications of Jane Doe", "search-papers", {"author": "Jane Doe", "limit": 5}),
        ("papers of the Andromeda Galaxy", "search-papers", {"author": None}),
        ("What kind of object is IC 434?", "resolve-name", {"name": "IC 434"}),
        ("How bright is M87 and what is its type?", "resolve-name", {"name": "M87"}),
        ("what does the field of NGC 7789 look like (1\u00b0 radius)", "plot-sky-map",
         {"target": "NGC 7789", "radius_deg": 1}),
        ("a map of the openngc catalogue", "plot-sky-map", {"table": "openngc"}),
        ("coordinates of the double cluster, ngc 869", "resolve-name", {"name": "NGC 869"}),
        ("how is a conjunction data message structured?", "search-knowledge", {}),
        ("cut: exclude stars with B-V above 0.4", "colour-cut", {"high": 0.4, "colour": "b_v"}),
        ("get rid of anything dimmer than G=18", "colour-cut", {"brighter_than": 18}),
        ("how does the flux of Cygnus A vary with frequency", "plot-sed", {"target": "Cygnus A"}),
        ("I want to see the transits of HD 189733 in TESS data", "plot-light-curve",
         {"target": "HD 189733", "mission": "TESS"}),
        ("where on the sky are my stars? draw it", "plot-sky-map", {"table": "stars"}),
        ("What's new on fast radio bursts?", "search-papers", {"query": "fast radio bursts"}),
        ("who has worked on the initial mass function?", "search-papers",
         {"query": "initial mass function"}),
        ("literature on quasars, please, no older than 2015", "search-papers",
         {"query": "quasars", "since_year": 2015}),
        ("papers by Jane Doe but only from 1998", "search-papers",
         {"query": "", "author": "Jane Doe", "since_year": 1998, "until_year": 1998}),
        ("is there a launch today?", "find-launches", {"upcoming": True, "since": "2026-11-21"}),
        ("What was launched today?", "find-launches", {"upcoming": None}),
        ("which NEOs look odd? show 3", "neo-anomalies", {"limit": 3}),
        ("is 3C 273 a quasar?", "resolve-name", {"name": "3C 273"}),
        ("Gaia sources near ra 10.5 dec 20.5, don't plot them", "cone-search", {}),
        ("When was Sentinel-2A launched and what's its inclination?", "find-satellites",
         {"name": "Sentinel-2A"}),
        ("What's launching on Friday?", "find-launches",
         {"since": "2026-11-27", "upcoming": True}),
        ("launches in the seventies", "find-launches",
         {"since": "1970-01-01", "until": "1979-12-31"}),
        ("what did Hawking publish about black holes", "search-papers",
         {"query": "black holes", "author": "Hawking"}),
        ("search the literature, subject: white dwarf pulsations", "search-papers",
         {"query": "white dwarf pulsations"}),
        ("keep those whose colour index is bigger than 0.9", "colour-cut", {"low": 0.9}),
        ("papers: gravitational lensing, 2020 to now", "search-papers",
         {"query": "gravitational lensing", "since_year": 2020, "until_year": None}),
        ("everything but the stars with bp-rp over 2", "colour-cut", {"high": 2}),
        ("cut at bp-rp=1.2, keep the red side", "colour-cut", {"low": 1.2}),
        ("the latest Electron flight", "find-launches", {"rocket": "Electron", "limit": 1}),
        ("HST orbit", "find-satellites", {"name": "HST"}),
        ("Is asteroid 2021 PDC dangerous", "neo-assess", {"name": "2021 PDC"}),
        ("sources?", "list-sources", {}),
        ("How do you compute collision probability?", "search-knowledge", {}),
        ("list every public source and whether it is frozen or retired", "list-sources", {}),
        ("microlensing planets 2019", "find-exoplanets",
         {"year": 2019, "method": "Microlensing"}),
        ("reference for astro-ph/9805201 as .bib", "get-bibtex", {}),
        ("What did Blue Origin put into orbit?", "find-launches", {"provider": "Blue Origin"}),
        ("Is Ryugu an Apollo or an Aten?", "neo-assess", {"name": "Ryugu"}),
        ("which rockets blew up in 2015?", "find-launches", {"outcome": "failure"}),
        ("what went up in October 1957", "find-launches", {"since": "1957-10-01"}),
        ("launches after June 2023 and before February 2024", "find-launches",
         {"since": "2023-07-01", "until": "2024-01-31"}),
        ("Falcon Heavy success rate", "find-launches",
         {"rocket": "Falcon Heavy", "outcome": None}),
        ("how many Starlinks are in orbit right now?", "find-satellites", {"name": "Starlink"}),
        ("do we need to fear 1950 DA", "neo-assess", {"name": "1950 DA"}),
        ("who built the Ariane 5?", "search-knowledge", {}),
        ("what data can you access?", "list-sources", {}),
        ("keep V < 12", "colour-cut", {"brighter_than": 12, "colour": "b_v"}),
    ],
)  # fmt: skip
def test_units_limits_and_kinds_of_question(question, tool, arguments):
    called, given = _called(question, ("stars",))
    assert called == tool
    assert {name: given.get(name) for name in arguments} == pytest.approx(arguments, abs=1e-6)


def test_an_element_may_stand_before_the_name_of_its_asteroid():
    request = _called("what if the eccentricity of Apophis were 0.25?")[1]["request"]
    assert request == {"object": "Apophis", "set": {"e": 0.25}}


def test_a_change_of_an_asteroid_keeps_density_and_years():
    said = "What if Itokawa was 300 m wide with a density of 2 g/cm3, looking 50 years ahead?"
    request = _called(said)[1]["request"]
    assert request == {
        "object": "Itokawa", "diameter_km": 0.3, "density_kg_m3": 2000.0, "years": 50.0,
    }  # fmt: skip


_SETS = """1 25544U 98067A   26301.50000000  .00016717  00000-0  10270-3 0  9004
2 25544  51.6416 247.4627 0006703 130.5360 325.0288 15.72125391563537"""


@pytest.mark.parametrize(
    ("question", "start", "hours", "km"),
    [
        ("which of these come closer than 2 km within 48 hours from 2026-10-30?\n{}",
         "2026-10-30", 48, 2),
        ("{}\nscreen them for conjunctions", "2026-10-28", 24, 10),
        ("screen these over 2 days starting 2026-10-29T00:00, threshold 5 km\n{}",
         "2026-10-29", 48, 5),
    ],
)  # fmt: skip
def test_element_sets_are_screened_from_the_newest_on_where_no_day_is_said(
    question, start, hours, km
):
    tool, given = _called(question.format(_SETS))
    assert tool == "ssa-approaches"
    assert (given["start_utc"], given["hours"], given["km"]) == (start, hours, km)
    assert given["element_sets"] == _SETS


@pytest.mark.parametrize(
    "question",
    [
        "launch firefox",
        "the stock price of Rocket Lab",
        "write me a poem about Saturn",
        "what's the weather like in Paris tomorrow",
        "my horoscope for leo today",
        "DROP TABLE gaiadr3.gaia_source",
    ],
)
def test_a_word_of_the_field_does_not_make_a_question_one_of_ours(question):
    assert _planned(question).steps == ()
