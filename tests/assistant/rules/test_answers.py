"""Whole answers without a language model: rules, tools, stand-ins of the services, citations."""

import pytest

from skywright.assistant.session import Session
from skywright.assistant.tools.desk import Desk


@pytest.fixture
def ask(sandbox, assistant_data, tmp_path):
    """Ask one question after the other at one desk, or in one conversation."""
    overrides = {"data_dir": tmp_path, "catalogues_dir": assistant_data / "catalogs"}
    settings = sandbox.settings().model_copy(update=overrides)
    session = Session(settings)
    id_ = session.memory.begin().id
    return lambda question: session.answer(question, conversation=id_)


def _last(answer):
    return answer.tool_runs[-1]


def _is_verbatim(answer):
    texts = {run.call.id: run.result.text for run in answer.tool_runs if run.result}
    return answer.citations and all(
        texts[one.id][one.start : one.stop] == one.quote
        for one in answer.citations
        if one.kind == "tool"
    )


def test_the_coordinates_of_m31_with_their_source(ask):
    told = ask("What are the coordinates of M31?")
    assert "RA=10.68 Dec=41.27" in told.text
    assert "RA=10.68 Dec=41.27" in told.citations[0].quote
    assert told.citations[0].title == "OpenNGC"
    assert _is_verbatim(told)


def test_a_cone_around_m13_as_valid_adql(ask):
    told = ask("Find Gaia sources within 5' of M13")
    (origin, *_) = _last(told).result.origins
    assert "CIRCLE('ICRS', 250.42" in origin.query
    assert "0.083333" in origin.query
    assert _last(told).call.arguments["radius_deg"] == 0.083333
    assert _is_verbatim(told)


def test_the_diagram_of_ngc_6397_and_its_red_giants(ask):
    told = ask("Create a CMD for NGC 6397")
    assert "11,187 stars" in told.text
    assert {one.media_type for one in told.artifacts} == {"image/png", "text/csv"}
    told = ask("Select red giants with 0.8 < BP-RP < 1.5")
    assert "9,595 of the 11,187 stars" in told.text
    assert any("colour cut alone" in one and "204" in one for one in told.warnings)
    told = ask("and only those with G < 15")
    assert "204" in told.citations[0].quote
    assert _is_verbatim(told)


def test_papers_on_atmospheres_seen_by_jwst(ask):
    told = ask("Find papers on JWST exoplanet atmospheres")
    assert _last(told).call.arguments == {"query": "JWST exoplanet atmospheres"}
    assert told.is_found
    assert _is_verbatim(told)


def test_an_explanation_comes_with_its_place_in_the_handbook(ask):
    told = ask("What is the Torino scale?")
    assert told.citations
    assert {one.kind for one in told.citations} == {"chunk"}
    assert all(one.stop - one.start == len(one.quote) for one in told.citations)


def test_what_nobody_wrote_is_not_found(ask):
    told = ask("How do I bake sourdough bread?")
    assert not told.is_found
    assert "no answer" in told.text


def test_an_unknown_object_is_an_answer_too(ask):
    told = ask("What are the coordinates of NGC 9999?")
    assert not told.is_found
    assert "NGC 9999" in told.text


def test_it_is_known_over_questions(ask):
    ask("What are the coordinates of M31?")
    told = ask("and of M33?")
    assert _last(told).call.arguments == {"name": "M33"}


def test_with_a_desk_of_its_own_nothing_is_kept(sandbox, tmp_path):
    settings = sandbox.settings().model_copy(update={"data_dir": tmp_path})
    desk = Desk(tmp_path / "desk", settings)
    told = Session(settings).answer("hello", desk=desk)
    assert told.engine == "rules"


def test_the_danger_of_an_asteroid_is_told_in_the_words_of_its_assessment(ask):
    told = ask("Is Apophis dangerous?")
    assert [run.call.tool for run in told.tool_runs] == ["neo-assess"]
    assert "counts as potentially hazardous" in told.text
    assert _is_verbatim(told)
    assert told.removed_citations == 0
