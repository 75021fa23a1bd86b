"""Templates have many phrasings, whose slots are those that the conversation fills."""

import string
from collections import Counter

import pytest

from skywright.assistant.examples.example import CATEGORIES
from skywright.assistant.examples.reading_code import fault_in
from skywright.assistant.examples.templates.every import TEMPLATES
from skywright.assistant.examples.wording import LEAST_PHRASINGS, phrasings

_FORMS = [
    (one.name, form)
    for one in TEMPLATES
    for form in phrasings(one.name)
    if form not in {"code", "query"}
]


def _slots(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda one: one.name)
def test_every_question_is_asked_in_many_ways(template):
    texts = phrasings(template.name)["ask"]
    assert len(set(texts)) >= LEAST_PHRASINGS
    for form in {"then", "answer", "more"} & set(phrasings(template.name)):
        assert len(set(phrasings(template.name)[form])) >= LEAST_PHRASINGS


@pytest.mark.parametrize(("name", "form"), _FORMS)
def test_every_answer_has_several_forms(name, form):
    assert len(set(phrasings(name)[form])) >= 4


def test_questions_name_what_is_asked_for():
    for template in TEMPLATES:
        if "back" not in phrasings(template.name):
            assert all(_slots(one) for one in phrasings(template.name)["ask"]), template.name


def test_no_wording_stands_twice():
    texts = Counter(
        text
        for one in TEMPLATES
        for form, texts in phrasings(one.name).items()
        if form == "ask"
        for text in texts
    )
    shared = [text for text, times in texts.items() if times > 1]
    assert len(shared) < 10


def test_every_category_has_templates():
    counts = Counter(one.category for one in TEMPLATES)
    assert set(counts) == set(CATEGORIES)
    assert min(counts.values()) >= 8


def test_blocks_are_python_that_names_what_exists():
    for one in TEMPLATES:
        for source in phrasings(one.name).get("code", ()):
            plain = source
            while "<<" in plain:
                plain = plain.replace(plain[plain.index("<<") : plain.index(">>") + 2], "1")
            fault = fault_in(plain, {})
            assert "it is not Python" not in fault, one.name
            assert " has no " not in fault, one.name
