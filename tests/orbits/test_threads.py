"""Slices of work over threads: each row once, progress, cancellation, errors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.orbits.threads import CancelledError, map_slices


@given(n=st.integers(0, 500), threads=st.integers(1, 4), size=st.integers(1, 60))
def test_every_row_is_worked_on_exactly_once(n, threads, size):
    seen = np.zeros(n, dtype=int)

    def work(lo, hi):
        seen[lo:hi] += 1

    map_slices(n, work, threads=threads, slice_size=size)
    assert (seen == 1).all()


def test_progress_counts_up_to_the_end():
    steps = []
    map_slices(
        10, lambda lo, hi: None, threads=2, slice_size=3, progress=lambda d, n: steps.append(d)
    )
    assert steps == sorted(steps)
    assert steps[-1] == 10


def test_cancellation_stops_before_the_end():
    done = []
    with pytest.raises(CancelledError):
        map_slices(100, lambda lo, hi: done.append(lo), threads=2, slice_size=1,
                   cancelled=lambda: len(done) >= 3)  # fmt: skip
    assert len(done) < 100


@pytest.mark.parametrize("threads", [1, 3])
def test_an_error_in_a_slice_reaches_the_caller(threads):
    def work(lo, hi):
        if lo == 4:
            message = "row 4"
            raise ValueError(message)

    with pytest.raises(ValueError, match="row 4"):
        map_slices(8, work, threads=threads, slice_size=1)
