"""Rules and schedules as decisions."""

from datetime import UTC, datetime, timedelta

import pytest

from skywright.errors import InputError
from skywright.foundry.watch.triggers import Rule, reason_to_retrain, rule_of

NOW = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)  # a Wednesday


def test_a_rule_is_read_and_compared():
    assert rule_of("psi > 0.2") == Rule("psi", ">", 0.2)
    assert rule_of("psi > 0.2").crossed(0.21)
    assert not rule_of("psi > 0.2").crossed(0.2)
    assert rule_of("cbpe<0.9").crossed(0.85)
    assert not rule_of("cbpe < 0.9").crossed(None)
    assert rule_of("") is None


def test_a_rule_that_is_none_is_refused():
    with pytest.raises(InputError, match="not 'psi above 2'"):
        rule_of("psi above 2")


@pytest.mark.parametrize(
    ("retrain", "crossed", "age_d", "why"),
    [
        ("drift", True, 0.1, "drift"),
        ("drift", False, 100, None),
        ("weekly", True, 1, None),  # trained on Tuesday; Monday comes next week
        ("weekly", False, 8, "weekly"),
        ("weekly, or drift", True, 1, "drift"),
        ("drift or monthly", False, 60, "monthly"),
        ("0 6 * * *", False, 1, "0 6 * * *"),
        ("", True, 1000, None),
    ],
)
def test_the_reason_is_the_first_part_that_holds(retrain, crossed, age_d, why):
    last = NOW - timedelta(days=age_d)
    assert reason_to_retrain(retrain, crossed=crossed, last=last, now=NOW) == why


def test_a_model_that_was_never_trained_here_is_due():
    assert reason_to_retrain("monthly", crossed=False, last=None, now=NOW) == "monthly"


def test_a_wrong_schedule_is_refused():
    with pytest.raises(InputError, match="has 1 fields, not"):
        reason_to_retrain("sometimes", crossed=False, last=None, now=NOW)
