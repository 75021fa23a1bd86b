"""MinHash estimates the Jaccard similarity; banding finds the pairs above a threshold."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.foundry.data.near_duplicates import (
    PERMUTATIONS,
    clusters,
    firsts,
    like_any,
    rows_of_a_band,
    shingles,
    signatures,
    similarity,
)

WORDS = [f"w{k}" for k in range(400)]


def text(rng, words=60):
    return " ".join(rng.choice(WORDS, words))


def jaccard(a, b):
    one, other = shingles(a), shingles(b)
    return len(one & other) / len(one | other)


def edited(rng, given, words):
    """Change some words of a text."""
    parts = given.split()
    for k in rng.choice(len(parts), words, replace=False):
        parts[k] = f"new{k}"
    return " ".join(parts)


@given(seed=st.integers(0, 10_000), words=st.integers(0, 40))
def test_the_estimate_is_within_three_standard_errors_of_jaccard(seed, words):
    rng = np.random.default_rng(seed)
    first = text(rng)
    second = edited(rng, first, words)
    a, b = signatures([first, second])
    assert abs(similarity(a, b) - jaccard(first, second)) <= 3 / math.sqrt(PERMUTATIONS)


def test_the_estimate_has_no_bias():
    rng = np.random.default_rng(5)
    pairs = [(first, edited(rng, first, 5)) for first in (text(rng) for _ in range(300))]
    told = similarity(*(signatures([pair[k] for pair in pairs]) for k in range(2)))
    exact = np.array([jaccard(*pair) for pair in pairs])
    assert abs((told - exact).mean()) < 4 * 0.5 / math.sqrt(PERMUTATIONS * len(pairs))


def test_the_same_words_in_other_letters_are_the_same_text():
    assert clusters(["A b c, d!", "a  B c d"], 1.0).tolist() == [0, 0]


def test_a_near_copy_is_found_and_a_stranger_is_not():
    rng = np.random.default_rng(1)
    first, stranger = text(rng), text(rng)
    assert clusters([first, stranger, edited(rng, first, 2)], 0.7).tolist() == [0, 1, 0]


def test_texts_without_words_are_like_no_other():
    assert clusters(["", "...", "", "word"], 0.5).tolist() == [0, 1, 2, 3]


def test_all_but_the_first_of_a_cluster_go():
    rng = np.random.default_rng(2)
    first = text(rng)
    kept, told = firsts([first, text(rng), first, edited(rng, first, 1)], 0.7)
    assert kept.tolist() == [True, True, False, False]
    assert told == {"dropped": 2, "clusters": 1, "largest": 3}


@pytest.mark.parametrize("threshold", [0.5, 0.7, 0.8, 0.9])
def test_nearly_all_pairs_above_the_threshold_are_found(threshold):
    rng = np.random.default_rng(3)
    known = [text(rng, 200) for _ in range(100)]
    copies = [edited(rng, one, int(17 * (1 - threshold))) for one in known]
    exact = [jaccard(*pair) for pair in zip(known, copies, strict=True)]
    assert min(exact) > threshold + 0.3 * (1 - threshold)
    assert like_any(copies, known, threshold).mean() >= 0.97


def test_higher_thresholds_need_fewer_comparisons():
    assert rows_of_a_band(0.5) < rows_of_a_band(0.8) < rows_of_a_band(0.95)


def test_test_texts_like_training_texts_are_told_one_by_one():
    rng = np.random.default_rng(4)
    known = [text(rng) for _ in range(5)]
    asked = [text(rng), edited(rng, known[3], 1), ""]
    assert like_any(asked, known, 0.7).tolist() == [False, True, False]


def test_twenty_thousand_texts_with_copies_are_cleared():
    rng = np.random.default_rng(6)
    own = [text(rng, 12) for _ in range(2_000)]
    kept, told = firsts(own * 10, 0.8)
    assert kept.sum() == told["clusters"] == 2_000
