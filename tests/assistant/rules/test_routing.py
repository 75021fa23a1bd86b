from datetime import date
from importlib.resources import files

import pytest

from skywright.assistant.rules.entities import entities_in
from skywright.assistant.rules.routing import WORDS, Router, labelled_words
from skywright.assistant.rules.word_evidence import WordEvidence
from skywright.assistant.rules.wording import edits, mended


def _intent(question):
    return Router().route(entities_in(question, date(2026, 11, 21))).intent


def test_the_words_that_come_with_us_are_those_of_the_labelled_questions():
    kept = (files("skywright.assistant.rules") / WORDS).read_text(encoding="utf-8")
    assert kept == labelled_words(), "run bench/assistant_examples.py"


@pytest.mark.parametrize(
    ("question", "intent"),
    [
        ("Is there a paper on light curves?", "papers"),
        ("What is a light curve?", "knowledge"),
        ("light curve of WASP-39", "light-curve"),
        ("BibTeX of papers like 2016A&A...595A...1G", "bibtex"),
        ("papers on satellite galaxies", "papers"),
        ("Which data sources are there?", "sources"),
        ("Gaia sources near M13", "cone-search"),
        ("What is the true anomaly?", "knowledge"),
        ("sunspots", "unclear"),
    ],
)
def test_words_that_several_intents_share_are_told_apart(question, intent):
    assert _intent(question) == intent


def test_the_likeliest_intent_is_that_with_the_words():
    learned = WordEvidence([("food", "bake bread"), ("food", "eat bread"), ("sky", "see stars")])
    told = learned.probabilities("bread and stars and bread to bake")
    assert max(told, key=told.get) == "food"
    assert sum(told.values()) == pytest.approx(1)


def test_unknown_words_tell_nothing():
    learned = WordEvidence([("food", "bread"), ("sky", "stars")])
    assert learned.probabilities("xyzzy") == {"food": 0.5, "sky": 0.5}


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("cordinates", "coordinates"), ("lauches", "launches"), ("exoplanests", "exoplanets"),
     ("inclination", "inclination"), ("emission", "emission"), ("atmosphere", "atmosphere")],
)  # fmt: skip
def test_spelling_of_the_field_is_mended_and_other_words_stay(wrong, right):
    assert mended(wrong) == right


@pytest.mark.parametrize(
    ("one", "two", "count"), [("kitten", "sitting", 3), ("ab", "ba", 1), ("same", "same", 0)]
)
def test_edits_are_counted_with_swaps_as_one(one, two, count):
    assert edits(one, two, 3) == count
    assert edits(two, one, 3) == count


def test_counting_stops_beyond_the_most():
    assert edits("abcdef", "uvwxyz", 2) == 3
