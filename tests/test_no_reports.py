"""Nothing is reported to anyone: a library that would is told not to before it starts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import skywright

MODEL = Path(skywright.__file__).parent / "pretrained/neo_albedo/high.onnx"
PROGRAM = """
import sys
import skywright
import onnxruntime
onnxruntime.InferenceSession(sys.argv[1])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="where onnxruntime keeps its reports differs")
def test_onnxruntime_keeps_no_identifier_and_no_reports(tmp_path):
    quiet = ("ORT_", "CI", "TF_BUILD", "GITHUB_ACTIONS", "XDG_")
    plain = {name: text for name, text in os.environ.items() if not name.startswith(quiet)}
    command = [sys.executable, "-c", PROGRAM, str(MODEL)]
    done = subprocess.run(command, env=plain | {"HOME": str(tmp_path)}, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    assert [path.name for path in tmp_path.rglob("*")] == []
