"""Blocks of Python run apart: bounded, without a network, and their plots are read."""

import pytest

from skywright.assistant.examples.example import Drawing
from skywright.assistant.examples.executing import Bounds, Executor


@pytest.fixture(scope="module")
def executor():
    with Executor(bounds=Bounds(seconds=5, memory_mib=512)) as running:
        yield running


def test_what_is_printed_comes_back(executor, tmp_path):
    told = executor.run("print(6 * 7)", tmp_path)
    assert (told.printed, told.error) == ("42\n", "")


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("raise SystemExit(0)", "SystemExit"),
        ("def f(", "SyntaxError"),
        ("import numpy as np\nnp.ones(10**9)", "MemoryError"),
        ("import socket\nsocket.create_connection(('192.0.2.1', 80))", "not 192.0.2.1"),
        ("import socket\nsocket.getaddrinfo('example.org', 80)", "not example.org"),
        ("import os\nos.system('true')", "may not start programs"),
        ("open('/tmp/elsewhere', 'w')", "may write in its folder only"),
    ],
)
def test_what_a_block_may_not_do_is_an_error(executor, tmp_path, source, error):
    assert error in executor.run(source, tmp_path).error


def test_a_block_that_does_not_end_is_ended(tmp_path):
    with Executor(bounds=Bounds(seconds=0.3)) as running:
        assert running.run("while True: pass", tmp_path).error == "ended after 0.3 s"
        assert running.run("print(1)", tmp_path).printed == "1\n"


def test_a_block_leaves_files_in_its_folder_and_no_names_to_the_next(executor, tmp_path):
    executor.run("x = 1\nopen('kept.txt', 'w').write('1')", tmp_path)
    assert (tmp_path / "kept.txt").read_text() == "1"
    assert "NameError" in executor.run("print(x)", tmp_path).error


def test_a_plot_is_told_by_its_axes_and_points(executor, tmp_path):
    source = (
        "import matplotlib.pyplot as plt\n"
        "figure, axes = plt.subplots()\n"
        "axes.scatter([1, 2, 3], [4, 5, 6])\n"
        "axes.set_xlabel('BP - RP [mag]')\n"
        "axes.set_ylabel('G [mag]')\n"
        "axes.invert_yaxis()\n"
    )
    drawn = executor.run(source, tmp_path).drawings
    assert drawn == (Drawing("BP - RP [mag]", "G [mag]", 3, is_y_inverted=True),)


def test_a_histogram_is_told_by_what_it_counts(executor, tmp_path):
    source = "import matplotlib.pyplot as plt\nplt.hist([1, 1, 2])\nplt.xlabel('G [mag]')"
    assert executor.run(source, tmp_path).drawings[0].points == 3
