"""Scores: one detection answers for one event, and what happened outside does not count."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.ssa.detection.scoring import Score, events_of, interval, pooled, score

TIMES = st.lists(st.floats(0.0, 300.0), max_size=20).map(np.array)


def test_burns_of_a_day_are_one_event():
    assert events_of(np.array([3.0, 1.0, 1.5, 9.0])).tolist() == [1.25, 3.0, 9.0]


def test_one_detection_answers_for_one_event():
    found = score(np.array([10.0, 11.5]), np.array([10.7]), (0.0, 100.0), 1.0)
    assert (found.hits, found.events, found.detections) == (1, 2, 1)


def test_as_many_as_possible_are_matched():
    found = score(np.array([10.0, 11.5]), np.array([10.9, 12.3]), (0.0, 100.0), 1.0)
    assert found.hits == 2


def test_events_outside_the_sets_do_not_count():
    found = score(np.array([-5.0, 50.0]), np.array([50.0]), (0.0, 100.0), 1.0)
    assert (found.hits, found.events) == (1, 1)


@given(truth=TIMES, found=TIMES)
def test_hits_are_within_bounds(truth, found):
    told = score(truth, found, (0.0, 300.0), 1.0)
    assert told.hits <= min(told.events, told.detections)


def test_figures_are_pooled_over_events():
    told = pooled([Score(8, 10, 9, 2.0), Score(1, 10, 1, 2.0)])
    assert told["precision"] == pytest.approx(0.9)
    assert told["recall"] == pytest.approx(0.45)
    assert told["f1"] == pytest.approx(2 * 9 / 30)
    assert told["false_alarms_per_satellite_year"] == pytest.approx(0.25)


def test_the_interval_holds_the_figure():
    scores = [Score(8, 10, 9, 2.0), Score(5, 10, 6, 2.0), Score(9, 10, 12, 2.0)]
    low, high = interval(scores)
    assert low < pooled(scores)["f1"] < high
