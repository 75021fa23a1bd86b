from dataclasses import replace
from datetime import date

import pytest

from skywright.assistant.engine.model import Asked, Replied
from skywright.assistant.messages import Answer, ToolCall, ToolResult, ToolRun
from skywright.assistant.rules.planning import planned
from skywright.assistant.rules.routing import Router
from skywright.assistant.rules.understanding import understood
from skywright.settings import Settings

_TODAY = date(2026, 11, 21)


def _last(*questions, target="", tables=()):
    """Return the plan of the last question, after the others were answered with a table."""
    turns = []
    for k, text in enumerate(questions):
        turns.append(Asked(text, target if k else "", tables if k else ()))
        plan = planned(understood(turns, Router(), _TODAY), Settings())
        runs = tuple(
            ToolRun(
                call=ToolCall(id="t", tool=step.tool, arguments={}),
                result=ToolResult(text="204 stars are left."),
            )
            for step in plan.steps
        )
        answer = Answer(text="Told.", is_question=bool(plan.missing), tool_runs=runs)
        turns.append(Replied(answer))
    return plan


def _called(*questions, **known):
    step = _last(*questions, **known).steps[-1]
    return step.tool, step.arguments(())


@pytest.mark.parametrize(
    ("questions", "arguments"),
    [
        (["next launches", "only by SpaceX"], {"upcoming": True, "provider": "SpaceX"}),
        (["next launches", "only by SpaceX", "and last year?"],
         {"provider": "SpaceX", "since": "2025-01-01", "until": "2025-12-31"}),
        (["SpaceX launches in 2022", "how many failed?"],
         {"provider": "SpaceX", "since": "2022-01-01", "until": "2022-12-31",
          "outcome": "failure"}),
        (["SpaceX launches in 2022", "how many failed?", "and how many succeeded?"],
         {"provider": "SpaceX", "since": "2022-01-01", "until": "2022-12-31",
          "outcome": "success"}),
        (["SpaceX launches in 2022", "and the year before?"],
         {"provider": "SpaceX", "since": "2021-01-01", "until": "2021-12-31"}),
        (["SpaceX launches in June 2022", "and the month after?"],
         {"provider": "SpaceX", "since": "2022-07-01", "until": "2022-07-31"}),
        (["SpaceX launches in 2022", "and by Rocket Lab?"],
         {"provider": "Rocket Lab", "since": "2022-01-01", "until": "2022-12-31"}),
    ],
)  # fmt: skip
def test_what_was_said_of_launches_stays_where_a_question_only_changes_some_of_it(
    questions, arguments
):
    assert _called(*questions) == ("find-launches", arguments)


@pytest.mark.parametrize(
    ("questions", "arguments"),
    [
        (["papers on dark matter since 2020", "and before 2000"],
         {"query": "dark matter", "until_year": 1999}),
        (["papers on dark matter since 2020", "only the 5 newest"],
         {"query": "dark matter", "since_year": 2020, "limit": 5}),
        (["papers on dark matter since 2020", "and on dark energy since 2010"],
         {"query": "dark energy", "since_year": 2010}),
        (["coordinates of M13", "papers about it since 2015"],
         {"query": "M13", "since_year": 2015}),
    ],
)  # fmt: skip
def test_the_subject_of_papers_stays_too(questions, arguments):
    assert _called(*questions) == ("search-papers", arguments)


def test_an_asteroid_is_the_one_spoken_of_last_and_never_a_cluster():
    questions = ["CMD of NGC 6397", "is Apophis dangerous?", "what if it got 5 cm/s on 2027-01-01?"]
    tool, given = _called(*questions, target="NGC 6397")
    assert (tool, given["request"]["object"]) == ("neo-simulate", "Apophis")
    assert _called(*questions, "and 10 cm/s?")[1]["request"]["object"] == "Apophis"


def test_without_an_asteroid_spoken_of_it_is_asked_for():
    plan = _last("coordinates of M13", "what if it got 5 cm/s on 2027-01-01?", target="M13")
    assert "Which asteroid?" in plan.missing


def test_what_the_last_answer_counted_is_said_again_and_not_searched_for():
    questions = ["Gaia sources within 5' of M67", "only those with G < 15", "how many are left?"]
    plan = _last(*questions, tables=("gaia-dr3-m67",))
    assert plan.steps == ()
    assert "204 stars are left." in plan.missing


@pytest.mark.parametrize(
    ("then", "changed"),
    [("and 0.5 degrees?", {"radius_deg": 0.5}), ("and in SIMBAD?", {"catalogue": "simbad"})],
)
def test_a_radius_or_a_catalogue_alone_repeats_the_search(then, changed):
    tool, given = _called("Gaia sources within 10' of M67", then, target="M67")
    assert tool == "cone-search"
    assert {name: given[name] for name in changed} == changed


def test_thanks_between_change_nothing():
    assert _called("coordinates of M31", "thanks", "and M33?") == ("resolve-name", {"name": "M33"})


@pytest.mark.parametrize("then", ["what was my first question?", "hmm, so what?", "x" * 1500])
def test_what_fits_nothing_becomes_no_call_of_a_tool(then):
    plan = _last("SpaceX launches in 2022", then)
    assert [step.tool for step in plan.steps] in ([], ["search-knowledge"])
    assert all(len(step.arguments(())["question"]) <= 1000 for step in plan.steps)


@pytest.mark.parametrize(
    ("first", "then", "called"),
    [
        ("the period of WASP-43 b", "its mass?", ("find-exoplanets", {"name": "WASP-43 b"})),
        ("is Apophis dangerous?", "how big is it", ("neo-assess", {"name": "Apophis"})),
        ("what orbit is the ISS in?", "its inclination?", ("find-satellites", {"name": "ISS"})),
    ],
)
def test_a_property_of_it_is_one_of_what_was_spoken_of(first, then, called):
    assert _called(first, then) == called


def test_a_middle_and_a_half_width_are_bounds():
    then = "just those with color around 1, say within 0.05"
    tool, given = _called("Gaia sources within 5' of M13", then, tables=("gaia-dr3-m13",))
    assert tool == "colour-cut"
    assert (given["low"], given["high"]) == pytest.approx((0.95, 1.05))


@pytest.mark.parametrize(
    ("questions", "tool", "arguments"),
    [
        (["papers on globular clusters", "by Heggie"], "search-papers",
         {"query": "globular clusters", "author": "Heggie"}),
        (["SELECT TOP 3 ra FROM gaiadr3.gaia_source", "same with TOP 5"], "run-adql",
         {"query": "SELECT TOP 5 ra FROM gaiadr3.gaia_source", "limit": 5}),
        (["papers on quasars", "more of them, 20"], "search-papers",
         {"query": "quasars", "limit": 20}),
        (["Gaia sources within 5' of M67", "double the radius"], "cone-search",
         {"radius_deg": 0.166667}),
        (["the ISS", "when was it launched?"], "find-satellites", {"name": "ISS"}),
        (["APOD on 2020-01-01", "next day"], "picture-of-the-day", {"date": "2020-01-02"}),
    ],
)  # fmt: skip
def test_short_questions_go_on_with_what_was_asked(questions, tool, arguments):
    called, given = _called(*questions, target="ISS")
    assert called == tool
    assert {name: given.get(name) for name in arguments} == arguments


class _Doubtful(Router):
    """Holds that a search around a place may as well be a map."""

    def route(self, entities):
        found = super().route(entities)
        return replace(found, rival="sky-map") if found.intent == "cone-search" else found


_BETWEEN_TWO = "Gaia sources within 5' of M13"


def _chosen(*questions):
    turns = []
    for text in questions:
        turns += [Asked(text), Replied(Answer(text="What is wanted?", is_question=True))]
    return planned(understood(turns, _Doubtful(), _TODAY), Settings())


def test_where_two_wishes_are_about_as_likely_it_is_asked_which():
    plan = _chosen(_BETWEEN_TWO)
    assert plan.steps == ()
    assert "lists around a place or a map of positions" in plan.missing


def test_the_reply_chooses_between_two_wishes():
    steps = _chosen(_BETWEEN_TWO, "a map of the sky").steps
    assert [(step.tool, step.arguments(())) for step in steps] == [
        ("plot-sky-map", {"target": "M13", "radius_deg": 0.083333})
    ]
