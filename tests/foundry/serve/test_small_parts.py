"""Cache, quotas, routing and watermark."""

import pytest

from skywright.errors import InputError
from skywright.foundry.serve.cache import ResultCache, row_key
from skywright.foundry.serve.deploying import Order
from skywright.foundry.serve.deployment import Deployment
from skywright.foundry.serve.quotas import QuotaError, Quotas
from skywright.foundry.serve.reference import Reference, parse_reference
from skywright.foundry.serve.routing import CHALLENGER, CHAMPION, Router
from skywright.foundry.signature import Input
from skywright.security.callers import Caller
from skywright.security.roles import Role

ROW = {"x": 1.0, "mode": "a"}
CANARY = Deployment("line", "old", "new", "canary", 0.3)


def test_the_answer_asked_longest_ago_makes_room():
    cache = ResultCache(2)
    for name in (b"a", b"b"):
        cache.put(name, {"value": name})
    cache.get(b"a")
    cache.put(b"c", {"value": b"c"})
    assert cache.get(b"b") is None
    assert cache.get(b"a") is not None
    assert len(cache) == 2


def test_another_version_or_row_is_another_key():
    keys = {row_key("line@1", ROW), row_key("line@2", ROW), row_key("line@1", {**ROW, "x": 2.0})}
    assert len(keys) == 3
    assert row_key("line@1", dict(ROW)) in keys


def test_a_row_asked_again_does_not_reach_the_model(add, ask, serving, stand_in):
    order = Order(Reference("line"), add(), flags={"cache": 10})
    serving.deploy(order, Caller("admin", Role.ADMIN))
    first, second = ask("line", ROW), ask("line", {"mode": "a", "x": 1})
    assert first["output"] == second["output"]
    assert stand_in.calls == [1]


def test_a_quota_counts_rows_of_a_day_by_caller():
    quotas = Quotas(10)
    quotas.take("ada", 8, now=0.0)
    quotas.take("bob", 8, now=0.0)
    with pytest.raises(QuotaError, match="10 rows a day are allowed") as refused:
        quotas.take("ada", 3, now=86_000.0)
    assert refused.value.retry_after_s == 400.0
    quotas.take("ada", 2, now=86_000.0)
    quotas.take("ada", 10, now=86_400.0)


def test_without_a_quota_nothing_is_counted():
    Quotas(0).take("ada", 10**9)


def test_an_endpoint_refuses_beyond_the_quota(add, ask, make_serving):
    add()
    serving = make_serving(inference_quota_per_day=2)
    ask("line", ROW, on=serving)
    ask("line", ROW, on=serving)
    with pytest.raises(QuotaError, match="tester asked for 2 rows today"):
        ask("line", ROW, on=serving)


def test_draws_follow_the_share_and_the_seed():
    router, again = Router(b"seed"), Router(b"seed")
    sides = [router.side(CANARY) for _ in range(2000)]
    assert sides == [again.side(CANARY) for _ in range(2000)]
    assert 520 < sides.count(CHALLENGER) < 680  # 600 expected, 4 standard deviations


def test_keys_are_spread_by_the_share_and_anew_in_the_next_trial():
    router = Router()
    keys = [f"user-{k}" for k in range(2000)]
    first = [router.side(CANARY, key) for key in keys]
    other = Deployment("line", "old", "newer", "canary", 0.3)
    second = [router.side(other, key) for key in keys]
    assert 520 < first.count(CHALLENGER) < 680
    assert 0.5 < sum(a == b for a, b in zip(first, second, strict=True)) / 2000 < 0.66  # 0.58


def test_without_a_trial_the_champion_answers():
    assert Router().side(Deployment("line", "old")) == CHAMPION


def test_a_mark_in_what_is_no_text_is_refused(add, serving):
    order = Order(Reference("line"), add(), flags={"watermark": True})
    with pytest.raises(InputError, match="does not write free text"):
        serving.deploy(order, Caller("admin", Role.ADMIN))


def test_generated_text_is_marked_and_said_to_be(add, ask, serving, monkeypatch):
    monkeypatch.setattr("skywright.foundry.serve.watermark.MARKABLE", "stand-in")
    inputs = (Input("text", "text"), Input("temperature", "number", optional=True))
    order = Order(Reference("line"), add(inputs=inputs, echo=True), flags={"watermark": True})
    serving.deploy(order, Caller("admin", Role.ADMIN))
    told = ask("line", {"text": "hello", "temperature": 0.5})["output"]
    assert told["watermarked"]
    assert told["row"] == {"text": "hello", "temperature": 0.5, "watermark": True}


@pytest.mark.parametrize("name", ["", "Line", "line@", "line@a@b", "../line", "line/x", "l" * 99])
def test_a_name_that_is_none_is_refused(name):
    with pytest.raises(InputError, match="name@version"):
        parse_reference(name)
