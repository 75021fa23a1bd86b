"""Requests that wait are answered together, and each gets its own answer or its own error."""

import asyncio

import pytest

from skywright.errors import InputError
from skywright.foundry.serve.batching import Batcher


def _doubling(calls, delay_s=0.02):
    async def run(rows):
        calls.append(len(rows))
        await asyncio.sleep(delay_s)
        for row in rows:
            if row["x"] < 0:
                message = f"x = {row['x']} is not allowed."
                raise InputError(message)
        return [{"y": row["x"] * 2} for row in rows]

    return run


def test_those_who_wait_share_the_next_call():
    calls = []

    async def story():
        batcher = Batcher(_doubling(calls))
        return await asyncio.gather(*(batcher([{"x": k}]) for k in range(50)))

    answers = asyncio.run(story())
    assert answers == [[{"y": 2 * k}] for k in range(50)]
    assert sum(calls) == 50
    assert len(calls) <= 3


def test_an_error_reaches_only_the_one_at_fault():
    async def story():
        batcher = Batcher(_doubling([]))
        waiting = [batcher([{"x": x}]) for x in (1, -2, 3, -4)]
        return await asyncio.gather(*waiting, return_exceptions=True)

    found = asyncio.run(story())
    assert [str(one) if isinstance(one, Exception) else one for one in found] == [
        [{"y": 2}],
        "x = -2 is not allowed.",
        [{"y": 6}],
        "x = -4 is not allowed.",
    ]


def test_a_call_takes_a_bounded_number_of_rows():
    calls = []

    async def story():
        batcher = Batcher(_doubling(calls))
        await asyncio.gather(*(batcher([{"x": 1}] * 400) for _ in range(6)))

    asyncio.run(story())
    assert max(calls) <= 1000
    assert sum(calls) == 2400


def test_a_caller_who_gave_up_does_not_stop_the_others():
    async def story():
        batcher = Batcher(_doubling([]))
        first, second = (asyncio.ensure_future(batcher([{"x": k}])) for k in (1, 2))
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        return await second

    assert asyncio.run(story()) == [{"y": 4}]
