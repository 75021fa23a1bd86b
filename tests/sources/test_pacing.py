"""Requests to one host are kept apart."""

from concurrent.futures import ThreadPoolExecutor

from skywright.sources.pacing import take_turn


def test_the_first_is_not_kept_waiting_and_the_next_waits_out_the_pause():
    waits = []
    for _ in range(2):
        take_turn(b"first.invalid", 60.0, waits.append)
    assert len(waits) == 1
    assert 50.0 < waits[0] <= 60.0


def test_threads_get_turns_of_their_own():
    waits = []
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: take_turn(b"many.invalid", 100.0, waits.append), range(4)))
    assert [round(wait, -2) for wait in sorted(waits)] == [100.0, 200.0, 300.0]


def test_hosts_do_not_wait_for_each_other_nor_those_without_a_pause():
    waits = []
    for host, pause_s in ((b"a.invalid", 60.0), (b"b.invalid", 60.0), (b"a.invalid", 0.0)):
        take_turn(host, pause_s, waits.append)
    assert waits == []
