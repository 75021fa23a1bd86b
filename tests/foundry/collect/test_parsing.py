"""The process that parses: no secrets in, no files out, and an end to everything."""

import io
import subprocess
import sys

import pytest

from skywright.errors import InputError
from skywright.foundry.collect import media as known
from skywright.foundry.collect import parsing
from skywright.foundry.collect.parsed import Limits
from skywright.foundry.collect.parsing import MissingParserError, Parsing


@pytest.fixture
def child_that(monkeypatch, tmp_path):
    """Put another program in the place of the parser."""

    def make(program):
        (tmp_path / "stand_in_child.py").write_text(program)
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.setattr(parsing, "_MODULE", "stand_in_child")

    return make


def _parsing(content=b"a\n1\n", media=known.CSV, **limits):
    return Parsing(io.BytesIO(content), media, Limits(**limits))


def test_rows_and_facts_come_out():
    work = _parsing()
    assert list(work.rows()) == [("rows", {"a": 1})]
    assert work.facts["encoding"] == "utf-8"


def test_a_refusal_in_the_process_is_a_refusal_here():
    with pytest.raises(InputError, match="columns but no rows.*at least one row"):
        list(_parsing(b"a,b\n").rows())


def test_the_process_gets_no_secrets(child_that, monkeypatch):
    monkeypatch.setenv("SKYWRIGHT_MASTER_KEY", "secret")
    child_that("import json, os; print(json.dumps({'row': ['x', dict(os.environ)]}), flush=True)")
    [(_, environment)] = _first(_parsing())
    assert not [name for name in environment if name.startswith("SKYWRIGHT_")]


def _first(work):
    return [next(iter(work.rows()))]


def test_a_process_that_crashes_is_told_in_a_sentence(child_that):
    child_that("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    with pytest.raises(InputError, match="as a CSV table took more than is allowed"):
        list(_parsing(b"a\n" * 100_000).rows())


def test_a_process_without_end_is_ended(child_that, monkeypatch):
    monkeypatch.setattr(parsing, "_START_S", 0.2)
    child_that("import time; time.sleep(600)")
    with pytest.raises(InputError, match="took more than is allowed"):
        list(_parsing(seconds=0.1).rows())


def test_a_process_that_says_too_much_is_ended(child_that):
    child_that("import json\nwhile True: print(json.dumps({'row': ['x', {'a': 'b' * 1000}]}))")
    with pytest.raises(InputError, match="took more than is allowed"):
        list(_parsing(output_bytes=100_000).rows())


def test_a_file_that_takes_too_much_memory_is_told():
    content = b"[" + b"[]," * 4_000_000 + b"[]]"
    with pytest.raises(InputError, match="memory|took more than is allowed"):
        list(_parsing(content, known.JSON, memory_bytes=400 << 20).rows())


_WRITES = """
import signal, sys
from skywright.foundry.collect.parsed import Limits
from skywright.foundry.collect.parsing_child import _restrict
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
_restrict(Limits())
try:
    open(sys.argv[1], "wb", buffering=0).write(b"x")
except OSError:
    sys.exit(7)
"""


def test_the_process_cannot_write_files(tmp_path):
    command = [sys.executable, "-c", _WRITES, str(tmp_path / "made")]
    assert subprocess.run(command, check=False).returncode == 7


def test_a_missing_extra_is_told_with_the_command(child_that):
    child_that(
        "import json; print(json.dumps({'error': {'message': 'Reading audio needs it.', "
        "'hint': 'pip install', 'missing': True}}), flush=True)"
    )
    with pytest.raises(MissingParserError, match="pip install"):
        list(_parsing().rows())


def test_rows_that_nobody_wants_end_the_process():
    rows = _parsing(b"a\n" + b"1\n" * 50_000).rows()
    next(rows)
    rows.close()
