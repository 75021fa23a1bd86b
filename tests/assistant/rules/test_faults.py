from datetime import date

import pytest

from skywright.assistant.engine.model import Asked, Replied
from skywright.assistant.messages import Answer
from skywright.assistant.rules.entities import entities_in
from skywright.assistant.rules.planning import planned
from skywright.assistant.rules.routing import Router
from skywright.assistant.rules.understanding import understood
from skywright.settings import Settings

_TODAY = date(2026, 11, 21)


def _planned(*asked, tables=()):
    turns = []
    for k, text in enumerate(asked[:-1]):
        back = Answer(text="Which?", is_question=bool(_planned(text, tables=tables).missing))
        turns += [Asked(text, tables=tables if k else ()), Replied(back)]
    wish = understood([*turns, Asked(asked[-1], tables=tables)], Router(), _TODAY)
    return planned(wish, Settings())


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("Launches on 30 February 2024", "February 2024 has 29 days"),
        ("launches since 2024-13-01", "a year has 12 months"),
        ("Falcon 9 launches between 2023-02-29 and 2023-03-05", "February 2023 has 28 days"),
        ("launches on 31.04.2020", "April 2020 has 30 days"),
        ("papers on quasars since 2150", "outside of 1800 to 2099"),
        ("APOD of 30 Feb 2021", "February 2021 has 28 days"),
        ("Give Apophis 5 cm/s on 2027-11-31", "November 2027 has 30 days"),
        ("launches on 4/10/1957", "1957-10-04 or 1957-04-10"),
        ("launches on 3 March", "of which year"),
        ("planets found in 2024-00", "12 months"),
        ("the picture of the day of my birthday", "not understood"),
    ],
)
def test_a_day_that_cannot_be_is_asked_back_and_nothing_runs(question, told):
    plan = _planned(question)
    assert plan.steps == ()
    assert told in plan.missing


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("Gaia sources within 0 arcmin of M13", "radius of 0"),
        ("Gaia sources within 0.0 deg of M13", "radius of 0"),
        ("CMD of M67 with a radius of 0'", "radius of 0"),
        ("Gaia sources within -5 arcmin of M13", "negative"),
        ("cone search around M13 with radius 0.1", "which unit"),
        ("Gaia stars within 10 pc of Vega", "no angle"),
        ("Gaia sources more than 5 arcmin from M13", "outside of a radius"),
        ("Gaia sources between 5 and 10 arcmin from M13", "outside of a radius"),
        ("CMD of stars at ra 400 dec 10", "0 to 360"),
        ("the top 0 papers on quasars", "At least 1"),
    ],
)
def test_a_radius_a_place_or_a_count_that_cannot_be_is_refused(question, told):
    plan = _planned(question)
    assert plan.steps == ()
    assert told in plan.missing


def test_the_reply_mends_what_could_not_be():
    plan = _planned("Falcon 9 launches since 30 February 2024", "1 March 2024")
    (step,) = plan.steps
    assert step.arguments(()) == {
        "rocket": "Falcon 9", "since": "2024-03-01", "until": "2024-03-01",
    }  # fmt: skip


def test_a_reply_that_mends_something_else_is_asked_again():
    assert "February" in _planned("launches on 30 February 2024", "Falcon 9").missing


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("between January and March 2024", date(2024, 1, 1), date(2024, 3, 31)),
        ("from 3 May to 5 June 2024", date(2024, 5, 3), date(2024, 6, 5)),
        ("May 3-10, 2024", date(2024, 5, 3), date(2024, 5, 10)),
        ("on 24/10/1957", date(1957, 10, 24), date(1957, 10, 24)),
        ("on 10/24/1957", date(1957, 10, 24), date(1957, 10, 24)),
        ("on 12.03.2020", date(2020, 3, 12), date(2020, 3, 12)),
        ("on 2024 Feb 29", date(2024, 2, 29), date(2024, 2, 29)),
        ("in Q2 2023", date(2023, 4, 1), date(2023, 6, 30)),
        ("in the third quarter of 2023", date(2023, 7, 1), date(2023, 9, 30)),
        ("2018-22", date(2018, 1, 1), date(2022, 12, 31)),
        ("since March", date(2026, 3, 1), None),
        ("last December", date(2025, 12, 1), date(2025, 12, 31)),
        ("in the last decade", date(2016, 1, 1), _TODAY),
        ("in the next ten days", _TODAY, date(2026, 12, 1)),
        ("next month", _TODAY, date(2026, 12, 21)),
        ("from 1998", date(1998, 1, 1), date(1998, 12, 31)),
        ("from 1998 on", date(1998, 1, 1), None),
        ("no older than 2015", date(2015, 1, 1), None),
        ("not older than three years", date(2023, 1, 1), _TODAY),
        ("after June 2023 and before February 2024", date(2023, 7, 1), date(2024, 1, 31)),
        ("a week ago", date(2026, 11, 14), date(2026, 11, 14)),
        ("two years ago", date(2024, 1, 1), date(2024, 12, 31)),
        ("last Monday", date(2026, 11, 16), date(2026, 11, 16)),
        ("next Friday", date(2026, 11, 27), date(2026, 11, 27)),
        ("on Christmas 2019", date(2019, 12, 25), date(2019, 12, 25)),
        ("in the week of 4 October 1957", date(1957, 9, 30), date(1957, 10, 6)),
        ("in the first half of 2021", date(2021, 1, 1), date(2021, 6, 30)),
        ("pre-2000", None, date(1999, 12, 31)),
    ],
)
def test_a_span_is_read_in_the_forms_that_people_write(text, since, until):
    span = entities_in(f"launches {text}", _TODAY).span
    assert (span.since, span.until) == (since, until)


@pytest.mark.parametrize("text", ["ra 10.5 dec 22.5", "a star at dec 10", "mar 3"])
def test_a_declination_is_no_december(text):
    assert entities_in(text, _TODAY).span is None


_SEARCH = "Gaia sources within 10' of M67"


@pytest.mark.parametrize("between", ["only those with G < 15", "keep 0.8 < BP-RP < 1.5", "plot it"])
@pytest.mark.parametrize(
    "then", ["and around M13?", "what about near M13", "now around M13 please"]
)
def test_another_place_repeats_the_last_search_not_the_last_cut(between, then):
    plan = _planned(_SEARCH, between, then, tables=("gaia-dr3-m67",))
    assert [step.tool for step in plan.steps] == ["resolve-name", "cone-search"]
    assert plan.steps[1].arguments(())["target"] == "M13"
    assert plan.steps[1].arguments(())["radius_deg"] == pytest.approx(0.166667)


def test_another_radius_repeats_the_last_search_too():
    plan = _planned(_SEARCH, "only those with G < 15", "and within 3'?", tables=("gaia-dr3-m67",))
    assert plan.steps[1].arguments(())["radius_deg"] == pytest.approx(0.05)
    assert plan.steps[1].arguments(())["target"] == "M67"


def test_a_bound_alone_cuts_the_table_of_the_search():
    plan = _planned(_SEARCH, "and only G < 15", tables=("gaia-dr3-m67",))
    assert [step.tool for step in plan.steps] == ["colour-cut"]


def test_a_cut_of_an_object_of_its_own_is_repeated_for_another():
    first = "Select red giants of NGC 6397 with 0.8 < BP-RP < 1.5"
    plan = _planned(first, "and of M13?", tables=("gaia-dr3-ngc-6397",))
    assert [step.tool for step in plan.steps][-1] == "colour-cut"


@pytest.mark.parametrize(
    "question",
    [
        "launches 99999999999 days ago",
        "launches in the next 99999999 years",
        "the last 1e999 launches",
        "What if Apophis got 1e999 m/s on 2027-01-01?",
        "Gaia sources within 1e999 deg of M13",
        'papers on "dark matter" \x00AND dwarf',
        "keep bp-rp over 2 and exclude stars with V above 4",
        "9" * 400,
    ],
)
def test_numbers_without_sense_and_unseen_signs_end_in_no_error(question):
    assert _planned(question, tables=("gaia-dr3",)) is not None
