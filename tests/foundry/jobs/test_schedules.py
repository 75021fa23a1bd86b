"""Schedules: each tick once, whoever looks at the clock."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from skywright.errors import ConflictError, InputError, NotFoundError
from skywright.foundry.jobs.queue import Queue
from skywright.foundry.jobs.schedules import (
    Schedule,
    add_schedule,
    list_schedules,
    next_time,
    remove_schedule,
    tick,
)

START = datetime(2026, 11, 20, 5, 30, tzinfo=UTC)
REQUEST = {"name": "a-model", "recipe": {"name": "a-model", "kind": "sklearn"}}
EVERY_SIX = Schedule("nightly", "0 */6 * * *", REQUEST, "local")


@pytest.fixture
def queue(any_database):
    return Queue(any_database)


def at(hour, minute=0, day=20):
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def test_a_tick_is_a_job_named_after_its_time(queue):
    add_schedule(queue, EVERY_SIX, START)
    assert tick(queue, at(5, 59)) == []
    assert tick(queue, at(6)) == ["nightly@2026-11-20T06:00Z"]
    assert queue.find("nightly@2026-11-20T06:00Z").name == "a-model"


def test_many_clocks_make_one_tick(queue):
    add_schedule(queue, EVERY_SIX, START)
    with ThreadPoolExecutor(4) as pool:
        made = [job for jobs in pool.map(lambda _: tick(queue, at(6, 1)), range(8)) for job in jobs]
    assert made == ["nightly@2026-11-20T06:00Z"]
    assert len(queue.list()) == 1


def test_times_that_were_slept_through_are_made_up_for_once(queue):
    add_schedule(queue, EVERY_SIX, START)
    assert len(tick(queue, at(7, day=23))) == 1
    assert tick(queue, at(8, day=23)) == []
    assert tick(queue, at(12, day=23)) == ["nightly@2026-11-23T12:00Z"]


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        ("weekly", datetime(2026, 11, 23, 3, 0, tzinfo=UTC)),
        ("monthly", datetime(2026, 12, 1, 3, 0, tzinfo=UTC)),
        ("15 6 * * *", datetime(2026, 11, 20, 6, 15, tzinfo=UTC)),
    ],
)
def test_words_and_fields_tell_the_next_time(cron, expected):
    assert next_time(cron, START) == expected


@pytest.mark.parametrize("cron", ["sometimes", "61 * * * *", "* * * *", "a b c d e"])
def test_a_wrong_schedule_is_refused_and_not_kept(queue, cron):
    with pytest.raises(InputError, match="schedule"):
        add_schedule(queue, Schedule("x", cron, REQUEST, "local"), START)
    assert list_schedules(queue) == []


def test_a_name_is_taken_once_and_can_be_freed(queue):
    add_schedule(queue, EVERY_SIX, START)
    with pytest.raises(ConflictError, match="already"):
        add_schedule(queue, EVERY_SIX, START)
    remove_schedule(queue, "nightly")
    assert list_schedules(queue) == []
    with pytest.raises(NotFoundError, match="no schedule"):
        remove_schedule(queue, "nightly")
