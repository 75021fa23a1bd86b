"""Cards: written from facts, and silent where there are none."""

import json

import pytest

from skywright.foundry.evaluate.card import write_card
from skywright.foundry.evaluate.evaluation import Champion, evaluate
from skywright.foundry.gate import judge_report


@pytest.fixture
def facts(toy, run_of):
    recipe = toy.recipe(
        {"slices": ["craft"]}, title="Will the wheel fail?", deploy={"sign_off": True}
    )
    run = run_of(recipe)
    kind = toy.Line()
    kind.fit(run)
    rival = Champion("toy", "v1", toy.line(1.0), recipe)
    report, _ = evaluate(kind, run, champion=rival)
    verdict = judge_report(recipe, report)
    return {
        "name": "toy",
        "version": "v2",
        "title": recipe.title,
        "recipe": recipe.model_dump(),
        "metrics": report.pop("metrics"),
        "baseline": report.pop("baseline"),
        "report": report | {"compression": {"int8": {"auc": 0.79, "bytes": 1200}}},
        "gate": {"state": "passed", "reason": verdict.reason, "conditions": verdict.conditions},
        "data": {"dataset_id": "abc123", "files": {}},
        "licences": ["CC0-1.0", "Apache-2.0"],
        "seed": 1,
        "seconds": 3.25,
        "environment": {"python": "3.11.9"},
    }


def test_card_tells_numbers_with_intervals_beside_baseline_and_champion(facts, tmp_path):
    text = write_card(tmp_path, facts).read_text(encoding="utf-8")
    auc = facts["metrics"]["auc"]
    low, high = facts["report"]["intervals"]["auc"]
    assert f"| **auc** | {auc:.4g} ({low:.4g} to {high:.4g}) | 0.5 |" in text
    assert "| metric | this model | baseline prior | champion v1 |" in text


@pytest.mark.parametrize(
    "told",
    [
        "# toy v2",
        "**Answers:** Will the wheel fail?",
        "abc123",
        "CC0-1.0 → Apache-2.0",
        "train 200, valid 50, test 200",
        "| holds | auc better than baseline |",
        "**Worst:** craft =",
        "slope (1 is honest)",
        "| int8 | bytes | 1200 |",
        "| Seed | 1 |",
        "| python | 3.11.9 |",
        "A person must sign",
        "The champion may have learned from rows that judged it.",
    ],
)
def test_card_tells_every_fact(facts, tmp_path, told):
    assert told in write_card(tmp_path, facts).read_text(encoding="utf-8")


def test_facts_lie_beside_the_card_as_json(facts, tmp_path):
    facts["metrics"]["odd"] = float("nan")
    write_card(tmp_path, facts)
    told = json.loads((tmp_path / "card.json").read_text(encoding="utf-8"))
    assert told["metrics"]["auc"] == facts["metrics"]["auc"]
    assert told["metrics"]["odd"] is None


def test_sections_without_facts_are_not_there(tmp_path):
    text = write_card(tmp_path, {"name": "toy", "metrics": {"skill": 0.5}}).read_text(
        encoding="utf-8"
    )
    assert "| skill | 0.5 |" in text
    for title in ("Gate", "Slices", "Calibration", "Data", "Compression", "Compared", "None"):
        assert title not in text


def test_pictures_that_exist_are_shown(tmp_path):
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "roc.png").write_bytes(b"")
    text = write_card(tmp_path, {"name": "toy"}).read_text(encoding="utf-8")
    assert "](report/roc.png)" in text
    assert "confusion" not in text


def test_kind_that_judges_itself_has_a_card_with_its_own_baseline(tmp_path):
    facts = {
        "name": "toy",
        "metrics": {"skill": 0.7, "curve": [1, 2]},
        "baseline": {"skill": 0.2},
        "report": {"task": "own", "metric": "skill", "champion": None},
    }
    text = write_card(tmp_path, facts).read_text(encoding="utf-8")
    assert "| **skill** | 0.7 | 0.2 |" in text
    assert "curve" not in text


def test_text_of_a_recipe_cannot_break_the_card(tmp_path):
    facts = {"name": "toy", "title": "a|b\n# c <script>", "specialization": "x|y"}
    text = write_card(tmp_path, facts).read_text(encoding="utf-8")
    assert "\n# c" not in text
    assert "<script>" not in text
    assert "x\\|y" in text
