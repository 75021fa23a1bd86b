"""Writers that are killed: what was acknowledged is there, and nothing is there by half."""

import random
import subprocess
import sys
import time

import pytest

from skywright.assistant.memory.memory import Memory

_WRITER = """
import sys
from pathlib import Path
from skywright.assistant.engine.model import Asked, Replied
from skywright.assistant.memory.memory import Memory
from skywright.assistant.messages import Answer, ToolCall, ToolRun
memory, id_ = Memory(Path(sys.argv[1])), sys.argv[2]
run = ToolRun(call=ToolCall(id="t1-1", tool="x"), error="none")
while True:
    memory.add(id_, Asked("question " * 50))
    number = memory.add(id_, Replied(Answer(text="answer " * 50, tool_runs=(run,) * 3)))
    print(number, flush=True)
"""


@pytest.mark.slow
def test_kills_lose_nothing_that_was_acknowledged(tmp_path):
    memory = Memory(tmp_path)
    id_ = memory.begin("Killed").id
    acknowledged = 0
    for _ in range(10):
        command = [sys.executable, "-c", _WRITER, str(tmp_path), id_]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            lines = [writer.stdout.readline()]
            time.sleep(random.uniform(0.0, 0.1))
            writer.kill()
            lines += writer.stdout.read().split("\n")[:-1]  # the last may be cut
        acknowledged = max(int(line) for line in lines if line.strip())
        told = Memory(tmp_path).messages(id_)
        assert acknowledged in {one.id for one in told}
    with memory.file.read() as connection:
        runs = connection.execute("SELECT count(*) FROM tool_run").fetchone()[0]
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert runs == 3 * sum(one.kind == "replied" for one in told)
