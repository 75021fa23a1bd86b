import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from skywright.assistant.knowledge.measures import mean_and_error, measure

_RELEVANT = st.dictionaries(st.integers(0, 30), st.floats(0.5, 3), min_size=1, max_size=12)


def test_graded_gains_are_discounted_by_their_rank():
    # The gains of Jarvelin & Kekalainen (2002), section 2.1, with the discount log2(rank + 1).
    gains = [3, 2, 3, 0, 0, 1, 2, 2, 3, 0]
    relevant = {k: float(gain) for k, gain in enumerate(gains) if gain}
    told = sum(gain / math.log2(k + 2) for k, gain in enumerate(gains))
    ideal = sum(gain / math.log2(k + 2) for k, gain in enumerate(sorted(gains, reverse=True)))
    assert_allclose(measure(range(10), relevant).ndcg_at_10, told / ideal, rtol=1e-12)


@pytest.mark.parametrize(
    ("rank", "ndcg", "recall", "mrr"),
    [(1, 1.0, 1.0, 1.0), (3, 0.5, 1.0, 1 / 3), (6, 1 / math.log2(7), 0.0, 1 / 6), (11, 0, 0, 0)],
)
def test_one_relevant_document_by_its_rank(rank, ndcg, recall, mrr):
    ranking = [*range(100, 100 + rank - 1), 7, *range(200, 210)]
    told = measure(ranking, {7: 1.0})
    assert_allclose((told.ndcg_at_10, told.recall_at_5, told.mrr_at_10), (ndcg, recall, mrr))


@given(_RELEVANT)
def test_the_ideal_ranking_scores_one(relevant):
    ranking = sorted(relevant, key=lambda one: -relevant[one])
    told = measure(ranking, relevant)
    assert_allclose((told.ndcg_at_10, told.mrr_at_10), 1)


@given(_RELEVANT, st.permutations(range(31)))
def test_no_ranking_scores_outside_the_unit_interval(relevant, ranking):
    told = measure(ranking, relevant)
    assert all(0 <= one <= 1 + 1e-12 for one in (told.ndcg_at_10, told.recall_at_5, told.mrr_at_10))


def test_the_standard_error_is_that_of_the_mean():
    assert_allclose(mean_and_error([0, 1, 0, 1]), (0.5, math.sqrt(1 / 3) / 2))
