"""Writers that are killed: what was acknowledged is there, and nothing is there by half."""

import os
import random
import signal
import subprocess
import sys
import time

from skywright.assistant.memory.memory import Memory

_KILLS = 12
_WRITERS = """
import os, sys
from pathlib import Path
from skywright.assistant.engine.model import Asked, Replied
from skywright.assistant.memory.memory import Memory
from skywright.assistant.messages import Answer, ToolCall, ToolRun
folder, id_ = Path(sys.argv[1]), sys.argv[2]
def say(line):
    os.write(1, f"{line}\\n".encode())  # in one piece, whoever writes beside
run = ToolRun(call=ToolCall(id="t1-1", tool="x"), error="none")
for _ in sys.stdin:  # a fork is a writer of its own, and need not import all this again
    if child := os.fork():
        say(f"writer {child}")
        os.waitpid(child, 0)
        say("ended")
        continue
    memory = Memory(folder)
    while True:
        memory.add(id_, Asked("question " * 50))
        number = memory.add(id_, Replied(Answer(text="answer " * 50, tool_runs=(run,) * 3)))
        say(f"wrote {number}")
"""


def test_kills_lose_nothing_that_was_acknowledged(tmp_path):
    memory = Memory(tmp_path)
    id_ = memory.begin("Killed").id
    command = [sys.executable, "-c", _WRITERS, str(tmp_path), id_]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as writers:
        for _ in range(_KILLS):
            acknowledged = _killed(writers)
            told = Memory(tmp_path).messages(id_)
            assert acknowledged in {one.id for one in told}
        writers.stdin.close()
    with memory.file.read() as connection:
        runs = connection.execute("SELECT count(*) FROM tool_run").fetchone()[0]
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert runs == 3 * sum(one.kind == "replied" for one in told)


def _killed(writers):
    """Start a writer, kill it at some moment, and return the last number it acknowledged."""
    writers.stdin.write("\n")
    said = {}
    while not {"writer", "wrote"} <= said.keys():
        said.update([writers.stdout.readline().split()])
    time.sleep(random.uniform(0.0, 0.1))
    os.kill(int(said["writer"]), signal.SIGKILL)
    while (line := writers.stdout.readline()) != "ended\n":
        said.update([line.split()])
    return int(said["wrote"])
