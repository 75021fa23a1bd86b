from pathlib import Path

from skywright.assistant.evaluating_tools import evaluate_tools, questions_of

_OURS = Path(__file__).with_name("paraphrases.jsonl")


def test_paraphrases_that_the_rules_were_mended_by_stay_understood():
    told = evaluate_tools(questions_of(_OURS)).to_dict()
    wrong = [one["question"] for one in told["per_question"] if one["is_wrong_call"]]
    assert told["accuracy"] >= 0.99, told["confusions"]
    assert len(wrong) <= 3, wrong
