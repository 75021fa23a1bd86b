"""A challenger answers unseen; what people confirm or dismiss says which of both was right."""

import pytest

from skywright.ssa.threats.arms import Answered
from skywright.ssa.threats.assess import MODEL
from skywright.ssa.threats.trial import CHALLENGER, TRIAL, on_record, verdict


def row(shown, unseen, *decisions, version="v2"):
    return {
        "models": {MODEL: "v1", MODEL + CHALLENGER: version},
        "decision": {"B": shown, CHALLENGER: {"B": unseen}},
        "overrides": [{"decision": one} for one in decisions],
    }


def test_the_unseen_answer_is_taken_out_and_kept():
    told = {
        "models": [{"name": MODEL, "version": "v1"}],
        "objects": [{"object": "B", "level": 3}],
        "challenger": {"version": "v2", "levels": {"B": 1}},
    }
    shown, models, decision = on_record(Answered(told))
    assert "challenger" not in shown
    assert models == {MODEL: "v1", MODEL + CHALLENGER: "v2"}
    assert decision == {"B": 3, CHALLENGER: {"B": 1}}


def test_without_a_challenger_nothing_is_added():
    told = {"models": [{"name": MODEL, "version": "v1"}], "objects": [{"object": "B", "level": 3}]}
    assert on_record(Answered(told)) == (told, {MODEL: "v1"}, {"B": 3})


def test_the_arm_of_a_trial_is_kept_with_the_decision():
    told = {"models": [{"name": MODEL, "version": "v2"}], "objects": [{"object": "B", "level": 3}]}
    trial = {"arm": "challenger", "mode": "ab", "champion": "v1", "challenger": "v2"}
    _, models, decision = on_record(Answered(told, trial))
    assert models == {MODEL: "v2"}
    assert decision == {"B": 3, TRIAL: trial}


@pytest.mark.parametrize(
    ("one", "verdict_told"),
    [(row(3, 1, "dismissed"), "promote"), (row(1, 3, "dismissed"), "keep")],
)
def test_enough_decisions_decide(one, verdict_told):
    told = verdict([one] * 40, "v2")
    assert (told["verdict"], told["outcomes"], told["analyses"]) == (verdict_told, 40, 40)


def test_sides_that_agree_never_decide():
    told = verdict([row(3, 4, "confirmed"), row(0, 1, "dismissed")] * 300, "v2")
    assert told["verdict"] == "undecided"
    assert told["difference"] == 0.0


def test_a_missed_alarm_counts_against_the_side_that_missed_it():
    assert verdict([row(3, 0, "confirmed")] * 15, "v2")["difference"] == -1.0


def test_other_versions_and_other_words_do_not_count():
    told = verdict([row(3, 1, "dismissed", version="v3"), row(3, 1, "wait"), row(3, 1)], "v2")
    assert (told["analyses"], told["outcomes"]) == (2, 0)
    assert (told["alarms_champion"], told["alarms_challenger"]) == (2, 0)


def test_the_last_word_counts():
    assert verdict([row(3, 1, "confirmed", "wait", "dismissed")], "v2")["difference"] == 1.0
