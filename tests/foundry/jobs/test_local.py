"""Attempts on this machine: heard, ended, and never longer alive than their supervisor."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import pytest

from skywright.foundry.jobs.launcher import Order
from skywright.foundry.jobs.lines import MARK, Reader, emitter
from skywright.foundry.jobs.local import LocalLauncher

LEASE_S = 1.0


def program(tmp_path, body):
    path = tmp_path / "program.py"
    path.write_text(textwrap.dedent(body))
    return Order("job", 1, path, (sys.executable, str(path)), warm=False)


def told(attempt):
    """Listen to the end of an attempt; its events and lines."""
    events, lines = [], []
    while attempt.exit_code() is None:
        more, text = attempt.read(0.05)
        events, lines = events + more, lines + text
    while any(rest := attempt.read(0.0)):
        events, lines = events + rest[0], lines + rest[1]
    return events, lines


def gone(pid):
    for _ in range(400):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if "Z" in Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2][:3]:
            return True
        time.sleep(0.01)
    return False


def test_events_are_told_from_log_lines(tmp_path):
    order = program(tmp_path, f"print('a line'); print({MARK!r} + '{{\"event\": \"x\"}}')")
    attempt = LocalLauncher().start(order)
    assert told(attempt) == ([{"event": "x"}], ["a line"])
    assert attempt.exit_code() == 0
    attempt.close()


def test_a_reader_joins_pieces_and_keeps_broken_events_as_text():
    reader = Reader()
    assert reader.feed(b"half") == ([], [])
    assert reader.feed(b" line\n\x1enot json\n\x1e[1]\nrest") == (
        [],
        ["half line", "\x1enot json", "\x1e[1]"],
    )
    assert reader.end() == ([], ["rest"])


def test_an_emitter_writes_whole_lines():
    out, end = os.pipe()
    emitter(end)({"event": "done", "text": "ü\n"})
    os.close(end)
    with os.fdopen(out, "rb") as stream:
        assert Reader().feed(stream.read()) == ([{"event": "done", "text": "ü\n"}], [])


def test_kill_ends_the_whole_group(tmp_path):
    order = program(
        tmp_path,
        """
        import subprocess, sys, time
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        print(child.pid, flush=True)
        time.sleep(60)
        """,
    )
    attempt = LocalLauncher().start(order)
    lines = []
    while not lines:
        lines += attempt.read(0.05)[1]
    attempt.kill()
    assert attempt.exit_code() == -signal.SIGTERM
    assert gone(int(lines[0]))
    attempt.close()


@pytest.mark.parametrize("body", ["time.sleep(60)", "sum(range(10**12))"])
def test_a_silent_leash_ends_a_child_even_in_compiled_code(tmp_path, body):
    order = program(
        tmp_path,
        f"""
        import time
        from skywright.foundry.jobs.leash import hold
        hold(0, {LEASE_S})
        print("held", flush=True)
        {body}
        """,
    )
    attempt = LocalLauncher().start(order)
    told(attempt)
    assert attempt.exit_code() == -signal.SIGALRM
    attempt.close()


def test_a_fed_child_outlives_its_lease_and_ends_when_the_pipe_is_closed(tmp_path):
    order = program(
        tmp_path,
        f"""
        import time
        from skywright.foundry.jobs.leash import hold
        hold(0, {LEASE_S})
        time.sleep(60)
        """,
    )
    attempt = LocalLauncher().start(order)
    until = time.monotonic() + 2.5 * LEASE_S
    while time.monotonic() < until:
        attempt.feed()
        time.sleep(LEASE_S / 5)
    assert attempt.exit_code() is None
    pid = attempt.pid
    attempt.close()
    assert gone(pid)


def test_a_program_without_a_leash_is_held_by_a_wrapper(tmp_path):
    inner = tmp_path / "inner.py"
    inner.write_text("import os, time; print(os.getpid(), flush=True); time.sleep(60)")
    argv = (sys.executable, "-m", "skywright.foundry.jobs.leash", "1.0", sys.executable, str(inner))
    attempt = LocalLauncher().start(Order("job", 1, inner, argv, warm=False))
    lines = []
    while not lines:
        lines += attempt.read(0.05)[1]
    attempt.close()
    assert gone(int(lines[0]))


def test_a_supervisor_that_is_killed_takes_its_child_along(tmp_path):
    """The child sees the closed pipe; nobody is left to tell it anything."""
    child = tmp_path / "child.py"
    child.write_text(
        "import time\nfrom skywright.foundry.jobs.leash import hold\nhold(0, 30.0)\n"
        "print('ready', flush=True)\ntime.sleep(60)\n"
    )
    supervisor = tmp_path / "supervisor.py"
    supervisor.write_text(
        textwrap.dedent(f"""
        import sys, time
        from pathlib import Path
        from skywright.foundry.jobs.launcher import Order
        from skywright.foundry.jobs.local import LocalLauncher
        order = Order("job", 1, Path({str(child)!r}), (sys.executable, {str(child)!r}), warm=False)
        attempt = LocalLauncher().start(order)
        while not attempt.read(0.05)[1]:
            pass
        print(attempt.pid, flush=True)
        time.sleep(60)
        """)
    )
    process = subprocess.Popen([sys.executable, supervisor], stdout=subprocess.PIPE, text=True)
    pid = int(process.stdout.readline())
    process.kill()
    process.wait()
    process.stdout.close()
    assert gone(pid)


def test_an_attempt_sees_the_accelerators_it_asked_for_and_gives_them_back(tmp_path):
    order = program(tmp_path, "import os; print(os.environ['CUDA_VISIBLE_DEVICES'])")
    launcher = LocalLauncher(devices=3)
    first = launcher.start(replace(order, gpus=2))
    second = launcher.start(replace(order, gpus=1))
    without = launcher.start(order)
    assert [told(one)[1] for one in (first, second, without)] == [["0,1"], ["2"], [""]]
    for one in (first, second, without):
        one.close()
    again = launcher.start(replace(order, gpus=3))
    assert told(again)[1] == ["0,1,2"]
    again.close()
