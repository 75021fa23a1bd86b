"""Advice on record: found again with what people decided, in the audit trail, never changed."""

import pytest

from skywright.errors import InputError, NotFoundError
from skywright.store.analyses import Analysis, list_analyses, record_analysis, record_override
from skywright.store.audit import walk_audit

ADVICE = Analysis(
    kind="threat-analysis",
    subject="43613",
    request=b'{"asset": 43613}',
    answer=b'{"level": 2}',
    models={"ssa-threats": "abc"},
    decision={"level": 2},
)


def test_an_analysis_is_found_with_its_decisions(any_database):
    name = record_analysis(any_database, "key1", ADVICE)
    record_override(any_database, "person", name, "wait", "The neighbour announced its burn.")
    (found,) = list_analyses(any_database, subject="43613")
    assert (found["id"], found["decision"], found["models"]) == (
        name,
        {"level": 2},
        {"ssa-threats": "abc"},
    )
    assert [one["decision"] for one in found["overrides"]] == ["wait"]


def test_what_was_sent_is_kept_as_a_hash_only(any_database):
    record_analysis(any_database, "key1", ADVICE)
    (found,) = list_analyses(any_database)
    assert "asset" not in str(found)
    assert len(found["request_sha256"]) == 64


def test_both_are_in_the_trail(any_database):
    name = record_analysis(any_database, "key1", ADVICE)
    record_override(any_database, "person", name, "wait", "Because.")
    state = walk_audit(any_database)
    assert state.good
    assert state.rows >= 2


def test_a_decision_needs_its_analysis(any_database):
    with pytest.raises(NotFoundError, match="There is no analysis 'nothing'"):
        record_override(any_database, "person", "nothing", "wait", "Because.")


@pytest.mark.parametrize(
    ("decision", "reason", "said"),
    [("", "why", "decision must have 1 to 60"), ("wait", " ", "reason must have 1 to 2000")],
)
def test_a_decision_needs_a_reason(any_database, decision, reason, said):
    name = record_analysis(any_database, "key1", ADVICE)
    with pytest.raises(InputError, match=said):
        record_override(any_database, "person", name, decision, reason)
    assert list_analyses(any_database)[0]["overrides"] == []


def test_another_satellite_is_not_listed(any_database):
    record_analysis(any_database, "key1", ADVICE)
    assert list_analyses(any_database, subject="1") == []
