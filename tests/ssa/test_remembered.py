"""Values are made once while they are among the last that were asked for."""

import pytest

from skywright.ssa.remembered import Remembered


def test_a_value_is_made_once():
    made = []
    kept = Remembered(2)
    for _ in range(3):
        assert kept.of("a", lambda: made.append(1) or "A") == "A"
    assert made == [1]


def test_the_one_not_asked_for_longest_gives_way():
    kept = Remembered(2)
    for key in ("a", "b", "a", "c"):
        kept.of(key, lambda key=key: key)
    assert len(kept) == 2
    assert kept.of("a", lambda: "new") == "a"
    assert kept.of("b", lambda: "new") == "new"


def test_what_fails_is_not_kept():
    kept = Remembered(2)
    with pytest.raises(ZeroDivisionError):
        kept.of("a", lambda: 1 / 0)
    assert kept.of("a", lambda: "A") == "A"
