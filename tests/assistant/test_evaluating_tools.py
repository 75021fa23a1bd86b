import json

import pytest

from skywright.assistant.evaluating_tools import (
    SETS,
    Question,
    evaluate_tools,
    questions_of,
    wilson,
)
from skywright.assistant.rules.routing import intents
from skywright.errors import InputError


@pytest.mark.parametrize(
    ("name", "accuracy", "wrong"),
    [("dev", 0.95, 0.02), ("held", 0.95, 0.02), ("blind", 0.85, 0.15)],
)
def test_intents_of_our_questions_are_found_by_patterns_alone(name, accuracy, wrong):
    told = evaluate_tools(questions_of(name)).to_dict()
    assert told["accuracy"] >= accuracy
    assert told["wrong_calls"] <= wrong * told["questions"]


def test_no_question_is_in_both_sets_or_among_the_examples():
    asked = [one.question.lower() for name in SETS for one in questions_of(name)]
    examples = {text.lower() for one in intents().values() for text in one.examples}
    assert len(asked) == len(set(asked)) > 500
    assert not examples & {one.question.lower() for one in questions_of("held")}


def test_a_set_that_is_not_ours_is_refused():
    with pytest.raises(InputError, match="there are dev, held"):
        questions_of("other")


def test_the_interval_of_a_share_is_that_of_wilson():
    # Newcombe (1998), Statistics in Medicine 17, 857, table I: 81 of 263.
    low, high = wilson(81, 263)
    assert (low, high) == (pytest.approx(0.2553, abs=5e-5), pytest.approx(0.3662, abs=5e-5))


def test_a_wrong_tool_and_a_wrong_argument_are_told_apart():
    questions = [
        Question("What are the coordinates of M31?", "coordinates", arguments={"name": "M31"}),
        Question("What are the coordinates of M31?", "coordinates", arguments={"name": "M33"}),
        Question("What are the coordinates of M31?", "papers"),
        Question("What are the coordinates of M31?", tool="resolve-name"),
    ]
    told = evaluate_tools(questions).to_dict()
    assert [one["is_right"] for one in told["per_question"]] == [True, True, False, True]
    assert [one["is_wrong_call"] for one in told["per_question"]] == [False, True, True, False]
    assert told["confusions"] == [{"expected": "papers", "got": "coordinates", "count": 1}]


def test_questions_of_a_file_are_read(tmp_path):
    path = tmp_path / "mine.jsonl"
    path.write_text(json.dumps({"question": "SED of Vega", "tool": "plot_sed"}) + "\n")
    assert questions_of(path) == [Question("SED of Vega", tool="plot-sed")]


@pytest.mark.parametrize(
    ("line", "match"),
    [
        ("", "holds no question"),
        ("nonsense", "Line 1"),
        ('{"question": "x", "intent": "cooking"}', "intent 'cooking'"),
        ('{"intent": "papers"}', "no object with a question"),
    ],
)
def test_a_file_without_questions_is_refused(tmp_path, line, match):
    path = tmp_path / "mine.jsonl"
    path.write_text(line)
    with pytest.raises(InputError, match=match):
        questions_of(path)
