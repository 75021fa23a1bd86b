"""Examples that repeat others are refused, and nothing of the test is learned before."""

import contextlib
import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.assistant.examples.duplicates import Seen
from skywright.assistant.examples.example import Example, Message, RefusedError
from skywright.assistant.examples.splitting import Leaks, Splits, held_out

_LONG = "Around the position {} the catalogue of the survey lists {} sources, all of them faint."


def _example(question, answer, **more):
    messages = (Message("system", "x"), Message("user", question), Message("assistant", answer))
    given = {"template": "cone", "subjects": ("A",), "part": "train", **more}
    return Example("catalogue-queries", messages=messages, **given)


class _Letters:
    """Embeds a text by its letters."""

    def embed_passages(self, texts):
        counts = np.array([[text.count(one) for one in "abcdefghij"] for text in texts], np.float32)
        return counts / np.linalg.norm(counts, axis=1, keepdims=True)


def _gates(seen, *examples):
    return [error.gate for one in examples for _, error in seen.sift([one])[1]]


def test_the_same_words_in_other_letters_are_a_duplicate():
    one = _example("What is  M31?", "It is a galaxy.")
    two = _example("what is m31?", "It is a Galaxy.")
    assert _gates(Seen(), one, two) == ["duplicate"]


def test_nearly_the_same_words_are_a_near_duplicate():
    text = " ".join(_LONG.format(k, k) for k in range(6))
    assert _gates(Seen(), _example("Go?", text), _example("Go?", text + " Yes.")) == [
        "near-duplicate"
    ]


def test_an_embedder_tells_near_duplicates_by_meaning():
    one, two = _example("abc?", "Bad cab, bad."), _example("acb?", "Dab cab, bad.")
    other = _example("fgh?", "Hefe high.")
    assert _gates(Seen(_Letters()), one, two, other) == ["near-duplicate"]


def test_a_sentence_is_said_only_so_often():
    many = [_example(f"Number {k}?", "Ask for a colour cut to go on.") for k in "abcdef"]
    assert _gates(Seen(most_sentences=4), *many) == ["repetition", "repetition"]


def test_an_object_of_the_test_elsewhere_is_a_leak():
    leaks = Leaks()
    leaks.check(_example("One?", "Yes."))
    with pytest.raises(RefusedError, match="object A is in train too") as told:
        leaks.check(_example("Two?", "Yes.", part="validation"))
    assert told.value.gate == "leak"


def test_a_question_of_the_test_elsewhere_is_a_leak():
    leaks = Leaks()
    leaks.check(_example("One?", "Yes."))
    with pytest.raises(RefusedError, match="question one"):
        leaks.check(_example("one?", "No.", subjects=("B",), part="test", template="other"))


def test_a_template_of_the_test_elsewhere_is_a_leak():
    leaks = Leaks()
    leaks.check(_example("One?", "Yes.", part="test"))
    other = _example("Two?", "Yes.", subjects=("B",))
    with pytest.raises(RefusedError, match="template cone is used in the test"):
        leaks.check(other)
    leaks.check(dataclasses.replace(other, template="another"))


def test_a_refused_example_leaves_no_mark():
    leaks = Leaks()
    leaks.check(_example("One?", "Yes."))
    with pytest.raises(RefusedError):
        leaks.check(_example("Two?", "Yes.", subjects=("B", "A"), part="test", template="t"))
    leaks.check(_example("Three?", "Yes.", subjects=("B",)))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(("train", "validation", "test")),
            st.sampled_from("ABCDEF"),
            st.sampled_from(("cone", "map", "type")),
            st.sampled_from(("One?", "one? ", "Two?", "Three?")),
        ),
        max_size=40,
    )
)
def test_whatever_is_offered_what_is_taken_leaks_nothing(offered):
    leaks, taken = Leaks(), []
    for part, subject, template, question in offered:
        example = _example(question, "Yes.", part=part, subjects=(subject,), template=template)
        with contextlib.suppress(RefusedError):
            leaks.check(example)
            taken.append((part, subject, template, question.strip().lower()))
    for mark in (1, 3):
        parts = {(one[mark], one[0]) for one in taken}
        assert len(parts) == len({one for one, _ in parts})
    sides = {(one[2], one[0] == "test") for one in taken}
    assert len(sides) == len({one for one, _ in sides})


def test_parts_are_drawn_by_object_and_templates_of_the_test_have_objects_of_the_test():
    splits = Splits(1, frozenset({"held"}))
    parts = [splits.part_of(f"NGC {k}") for k in range(2_000)]
    shares = [parts.count(one) / 2_000 for one in ("train", "validation", "test")]
    assert np.allclose(shares, (0.65, 0.15, 0.20), atol=0.04)
    for k in range(50):
        is_test = splits.part_of(f"NGC {k}") == "test"
        assert splits.may("held", f"NGC {k}") == is_test
        assert splits.may("other", f"NGC {k}") != is_test


def test_every_category_holds_out_about_one_template_in_four():
    names = [(f"{category}-{k}", category) for category in "ab" for k in range(8)]
    chosen = held_out(names, 1)
    assert sorted(one[0] for one in chosen) == ["a", "a", "b", "b"]
    assert chosen == held_out(reversed(names), 1)
