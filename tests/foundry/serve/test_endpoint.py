"""Endpoints follow the aliases, and answer while they do."""

import asyncio
import threading
import time

import pytest

from skywright.errors import InputError, NotFoundError
from skywright.foundry.serve.choosing import Ask
from skywright.foundry.serve.reference import Reference


def _age(serving, name="line"):
    serving.endpoints.expire(name)


def test_an_answer_tells_model_version_variant_and_time(add, ask):
    version = add(bias=1.0)
    told = ask("line", {"x": 2, "mode": "a"})
    assert told["output"] == {"value": 5.0}
    assert (told["model"], told["version"], told["variant"]) == ("line", version, "champion")
    assert told["latency_ms"] > 0


def test_a_new_champion_answers_after_the_view_has_aged(registry, add, ask, serving):
    add(bias=1.0)
    assert ask("line", {"x": 0, "mode": "a"})["output"] == {"value": 1.0}
    add(bias=2.0)
    _age(serving)
    assert ask("line", {"x": 0, "mode": "a"})["output"] == {"value": 2.0}
    registry.rollback("line")
    _age(serving)
    assert ask("line", {"x": 0, "mode": "a"})["output"] == {"value": 1.0}


def test_no_request_fails_while_the_champion_changes_again_and_again(registry, add, serving):
    versions = [add(bias=float(k)) for k in range(3)]
    stop = threading.Event()

    def change():
        while not stop.is_set():
            for version in versions:
                registry.promote("line", version)
                time.sleep(0.01)

    async def story():
        ask, seen = Ask(Reference("line"), "tester"), set()
        end, patience = time.monotonic() + 1.5, time.monotonic() + 60
        while time.monotonic() < end or (len(seen) < 2 and time.monotonic() < patience):
            found = await asyncio.gather(
                *(serving.answering.one(ask, {"x": 0, "mode": "a"}) for _ in range(10))
            )
            for one in found:
                assert one["output"]["value"] == float(versions.index(one["version"]))
                seen.add(one["version"])
        return seen

    changer = threading.Thread(target=change)
    changer.start()
    try:
        assert len(asyncio.run(story())) > 1
    finally:
        stop.set()
        changer.join()


def test_a_champion_that_cannot_be_opened_leaves_the_old_one_in_place(add, ask, serving):
    add(bias=1.0)
    ask("line", {"x": 0, "mode": "a"})
    add(broken=True)
    _age(serving)
    assert ask("line", {"x": 0, "mode": "a"})["output"] == {"value": 1.0}
    assert "cannot be loaded" in serving.endpoints.known("line").trouble


def test_the_first_request_of_a_broken_model_is_told_why(add, ask):
    add(broken=True)
    with pytest.raises(InputError, match="cannot be loaded"):
        ask("line", {"x": 0, "mode": "a"})


def test_a_model_that_is_not_there_is_told(ask):
    with pytest.raises(NotFoundError, match="nothing"):
        ask("nothing", {"x": 0})


def test_a_named_version_answers_whatever_the_champion_is(add, ask):
    old = add(bias=1.0)
    add(bias=2.0)
    told = ask(f"line@{old}", {"x": 0, "mode": "a"})
    assert told["output"] == {"value": 1.0}
    assert told["variant"] == "pinned"


def test_requests_that_wait_share_a_call(add, serving, stand_in):
    add(delay_s=0.03)

    async def story():
        asked = Ask(Reference("line"), "tester")
        await serving.answering.one(asked, {"x": 0, "mode": "a"})
        stand_in.calls.clear()
        many = (serving.answering.one(asked, {"x": k, "mode": "a"}) for k in range(20, 60))
        return await asyncio.gather(*many)

    found = asyncio.run(story())
    assert [one["output"]["value"] for one in found] == [2.0 * k for k in range(20, 60)]
    assert len(stand_in.calls) <= 4


def test_a_batch_answers_what_fits_and_tells_the_rest(add, serving):
    add()

    async def story():
        rows = [{"x": 1, "mode": "a"}, {"x": "one", "mode": "a"}, {"x": 13, "mode": "a"},
                {"x": 4, "mode": None}]  # fmt: skip
        return await serving.answering.many(Ask(Reference("line"), "tester"), rows)

    told = asyncio.run(story())
    assert told["outputs"] == [{"value": 2.0}, None, None, {"value": 8.0}]
    assert [error["row"] for error in told["errors"]] == [1, 2]
    assert "bad luck" not in str(told["errors"])
