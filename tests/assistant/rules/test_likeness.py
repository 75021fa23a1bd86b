from datetime import date

import pytest

from skywright.assistant.knowledge.minilm import MiniLM
from skywright.assistant.rules.entities import entities_in
from skywright.assistant.rules.likeness import Examples
from skywright.assistant.rules.routing import Router, examples_of

_TODAY = date(2026, 11, 21)


@pytest.fixture(scope="module")
def embedder():
    return MiniLM.if_installed() or pytest.skip("needs the optional part 'assistant'")


def test_the_vectors_that_come_with_us_are_of_the_examples_there_are(embedder):
    assert examples_of(embedder)._kept() is not None, "run bench/assistant_examples.py"


def test_a_question_is_likest_to_an_example_of_its_intent(embedder):
    likeness = examples_of(embedder).likeness("Where does M31 lie in the sky?")
    assert max(likeness, key=likeness.get) == "coordinates"


def test_other_examples_are_computed(embedder):
    rows = [("food", "How do I bake bread?"), ("sky", "Where is Mars?")]
    likeness = Examples(rows, embedder).likeness("baking a loaf of bread")
    assert likeness["food"] > likeness["sky"]


def test_what_patterns_leave_open_is_settled_by_likeness(embedder):
    question = entities_in("What would I type into the mount to get to M51?", _TODAY)
    assert Router(embedder).route(question).intent == "coordinates"
