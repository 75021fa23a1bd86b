"""Trials: a canary that fails goes back, a better challenger is promoted, a shadow is not heard."""

import asyncio

import pytest
from sqlalchemy import select

from skywright.errors import ConflictError, NotFoundError
from skywright.foundry.serve.choosing import Ask
from skywright.foundry.serve.deploying import Order
from skywright.foundry.serve.deployment import read_deployment
from skywright.foundry.serve.outcomes import reward_of, truth_of_label
from skywright.foundry.serve.reference import Reference
from skywright.foundry.serve.trial import read_state
from skywright.foundry.signature import Input, Signature
from skywright.security.callers import Caller
from skywright.security.roles import Role
from skywright.store.foundry_schema import predictions

ADMIN = Caller("tester", Role.ADMIN)
ROW = {"x": 1.0, "mode": "a"}


@pytest.fixture
def deploy(serving):
    def on_trial(version, mode, fraction=None, **flags):
        order = Order(Reference("line"), version, mode, fraction, flags)
        return serving.deploy(order, ADMIN)

    return on_trial


def _ask_many(serving, count, row=ROW, key=None):
    async def story():
        found = []
        for k in range(count):
            asked = Ask(Reference("line"), "tester", key and f"{key}{k}")
            found.append(await serving.answering.one(asked, row))
        await serving.answering.shadows_done()
        return found

    return asyncio.run(story())


def test_a_canary_gets_its_share(add, serving, deploy):
    add(limit=0)
    deploy(add(limit=5, promote=False), "canary", 0.3)
    variants = [one["variant"] for one in _ask_many(serving, 300)]
    assert 50 < variants.count("challenger") < 130


def test_a_key_is_answered_by_one_side_always(add, serving, deploy):
    add(limit=0)
    deploy(add(limit=5, promote=False), "ab", 0.5)
    first = [one["variant"] for one in _ask_many(serving, 60, key="k")]
    second = [one["variant"] for one in _ask_many(serving, 60, key="k")]
    assert first == second
    assert 10 < first.count("challenger") < 50


def test_a_failing_canary_is_rolled_back_and_no_caller_notices(registry, add, serving, deploy):
    good = add(limit=0)
    bad = add(limit=5, fails=True, promote=False)
    deploy(bad, "canary", 0.2)
    found = _ask_many(serving, 150)
    assert {one["version"] for one in found} == {good}
    serving.trials.settle()
    assert registry.version("line", "challenger") is None
    assert registry.version("line") == good
    decision = read_state(registry, "line")["decision"]
    assert decision["verdict"] == "roll back"
    assert decision["acted"]
    assert f"{bad} failed on" in decision["reason"]


def test_a_canary_that_cannot_be_opened_is_rolled_back(registry, add, serving, deploy):
    add(limit=0)
    version = add(limit=5, promote=False)
    deploy(version, "canary", 0.5)
    serving.shelf.close()
    (registry.root / "line" / version / "stand_in.json").write_text('{"broken": true}')
    from skywright.foundry.registry import _verified

    _verified.cache_clear()
    _ask_many(serving, 60)
    serving.trials.settle()
    assert registry.version("line", "challenger") is None


def test_a_better_canary_is_promoted_by_its_labels(registry, add, serving, deploy):
    add(limit=100)  # says low to everything
    better = add(limit=0, promote=False)
    deploy(better, "canary", 0.5)
    for one in _ask_many(serving, 120):
        serving.feedback.take("line", one["prediction_id"], label="high")
    serving.trials.settle()
    assert registry.version("line") == better
    assert registry.version("line", "challenger") is None
    assert read_deployment(registry, "line").mode == "single"


def test_an_ab_trial_tells_its_verdict_and_leaves_the_rest_to_a_person(
    registry, add, serving, deploy
):
    old = add(limit=100)
    deploy(add(limit=0, promote=False), "ab")
    for one in _ask_many(serving, 120):
        serving.feedback.take("line", one["prediction_id"], label="high")
    serving.trials.settle()
    assert registry.version("line") == old
    decision = read_state(registry, "line")["decision"]
    assert decision["verdict"] == "promote"
    assert not decision["acted"]


@pytest.mark.parametrize(
    "facts",
    [{"recipe": {"deploy": {"sign_off": True}}}, {"gate": {"state": "kept back", "reason": "."}}],
)
def test_a_version_that_a_person_must_promote_is_not_promoted_by_labels(
    registry, add, serving, facts
):
    old = add(limit=100)
    version = add(limit=0, promote=False, facts=facts)
    order = Order(Reference("line"), version, "canary", 0.5, override=True, reason="a trial")
    serving.deploy(order, ADMIN)
    for one in _ask_many(serving, 100):
        serving.feedback.take("line", one["prediction_id"], label="high")
    serving.trials.settle()
    assert registry.version("line") == old
    assert not read_state(registry, "line")["decision"]["acted"]


def test_a_shadow_is_asked_and_logged_but_not_heard(database, add, serving, deploy):
    old = add(limit=100)
    shadow = add(limit=0, promote=False)
    deploy(shadow, "shadow")
    found = _ask_many(serving, 5)
    assert {one["output"]["label"] for one in found} == {"low"}
    serving.log.flush()
    with database.read() as connection:
        rows = connection.execute(select(predictions)).all()
    assert sorted(row.variant for row in rows) == ["champion"] * 5 + ["shadow"] * 5
    assert {row.version for row in rows} == {old, shadow}


def test_a_failing_shadow_harms_nobody(add, serving, deploy):
    add(limit=0)
    deploy(add(limit=0, fails=True, promote=False), "shadow")
    assert [one["output"]["label"] for one in _ask_many(serving, 5)] == ["high"] * 5


def test_a_label_judges_both_sides_of_a_shadow(registry, add, serving, deploy):
    add(limit=100)
    deploy(add(limit=0, promote=False), "shadow", None, auto=True)
    for one in _ask_many(serving, 60):
        serving.feedback.take("line", one["prediction_id"], label="high")
    serving.trials.settle()
    assert read_state(registry, "line")["decision"]["verdict"] == "promote"


def test_outcomes_of_one_key_count_once(registry, add, serving, deploy):
    add(limit=100)
    deploy(add(limit=0, promote=False), "ab", 0.5)

    async def story():
        asked = Ask(Reference("line"), "tester", "always me")
        return [await serving.answering.one(asked, ROW) for _ in range(30)]

    for one in asyncio.run(story()):
        serving.feedback.take("line", one["prediction_id"], label="high")
    serving.trials.settle()
    assert read_state(registry, "line")["rewards"]["outcomes"] == 1


def test_a_challenger_from_a_job_is_tried_as_its_recipe_says(registry, add, serving):
    add(limit=0)
    version = add(limit=5, promote=False, facts={"recipe": {"deploy": {"canary": 0.25}}})
    registry.promote("line", version, "challenger")
    now = read_deployment(registry, "line")
    assert (now.mode, now.fraction, now.challenger) == ("canary", 0.25, version)
    assert "challenger" in {one["variant"] for one in _ask_many(serving, 40)}


def test_labels_for_what_is_not_on_record_or_twice_are_refused(add, serving):
    add(limit=0)
    serving.deploy(Order(Reference("line"), mode="single", flags={"log": "all"}), ADMIN)
    (one,) = _ask_many(serving, 1)
    with pytest.raises(NotFoundError, match="no prediction 'p0' of line on record"):
        serving.feedback.take("line", "p0", label="high")
    serving.feedback.take("line", one["prediction_id"], label="high")
    with pytest.raises(ConflictError, match="has its label already"):
        serving.feedback.take("line", one["prediction_id"], label="low")


def test_both_sides_are_measured_by_the_error_of_the_champion(registry, add, serving, deploy):
    add(bias=1.0, facts={"metrics": {"mae": 1.0}})
    deploy(add(bias=1.0, salt=2, promote=False, facts={"metrics": {"mae": 9.0}}), "ab", 0.5)
    rewards = {
        serving.feedback.take("line", one["prediction_id"], label=4.0)["reward"]
        for one in _ask_many(serving, 20)
    }
    assert rewards == {0.5}


_CLASSES = Signature("binary", "y", (Input("x", "number"),), ("0", "1"))
_NUMBER = Signature("regression", "y", (Input("x", "number"),))


@pytest.mark.parametrize("label", ["1", 1, 1.0, True])
def test_a_label_may_be_spelt_as_callers_do(label):
    truth = truth_of_label(
        Signature("binary", "y", (), ("False", "True")) if label is True else _CLASSES, label
    )
    assert truth in ("1", "True")


@pytest.mark.parametrize(
    ("signature", "label", "told"),
    [
        (_CLASSES, "2", "the model's classes are 0, 1"),
        (_NUMBER, "2", "answers with a number"),
        (_NUMBER, float("nan"), "must be finite"),
    ],
)
def test_a_label_that_the_model_cannot_give_is_refused(signature, label, told):
    with pytest.raises(ValueError, match=told):
        truth_of_label(signature, label)


def test_a_number_is_worth_half_at_the_error_of_the_champion():
    assert reward_of({"value": 3.0}, 5.0, scale=2.0) == 0.5
    assert reward_of({"value": 5.0}, 5.0, scale=2.0) == 1.0
    assert reward_of({"text": " yes "}, "yes", scale=1.0) == 1.0
