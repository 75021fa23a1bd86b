"""What a build has tried is kept, so that a build that was stopped goes on where it was."""

import pytest

from skywright.assistant.examples.example import Example, Message, RefusedError
from skywright.assistant.examples.working import Tried, WorkingFile
from skywright.errors import ConflictError, InputError

_BUILD = {"seed": 1, "count": 10}


def _kept(named="literature 0"):
    messages = (Message("user", "Où est M 31?"), Message("assistant", "It is in And."))
    return Tried(named, "cone", Example("literature", "cone", ("A", "B"), "test", messages))


def _refused(named="literature 1"):
    return Tried(named, "cone", RefusedError("no rows", gate="run"))


def _write(path, *attempts):
    with WorkingFile(path, _BUILD) as working:
        for one in attempts:
            working.keep(one)


def test_an_example_and_a_refusal_come_back_as_they_were(tmp_path):
    _write(tmp_path / "w", _kept(), _refused())
    with WorkingFile(tmp_path / "w", _BUILD) as working:
        assert working.found == 2
        assert working.tried("literature 0") == _kept()
        error = working.tried("literature 1").outcome
        assert (error.gate, str(error)) == ("run", "no rows")
        assert working.tried("literature 2") is None


@pytest.mark.parametrize("torn", [1, 5, 40])
def test_a_line_that_was_not_written_whole_is_cut_off(tmp_path, torn):
    path = tmp_path / "w"
    _write(path, _kept(), _refused())
    path.write_bytes(path.read_bytes()[:-torn])
    with WorkingFile(path, _BUILD) as working:
        assert working.found == 1
        working.keep(_refused())
    with WorkingFile(path, _BUILD) as working:
        assert working.found == 2


def test_attempts_of_another_build_are_thrown_away(tmp_path):
    _write(tmp_path / "w", _kept())
    with WorkingFile(tmp_path / "w", _BUILD | {"seed": 2}) as working:
        assert working.found == 0
        working.keep(_refused())
    with WorkingFile(tmp_path / "w", _BUILD) as working:
        assert working.found == 0


def test_two_builds_do_not_write_the_same_file(tmp_path):
    path = tmp_path / "out.jsonl.working"
    with WorkingFile(path, _BUILD), pytest.raises(ConflictError, match="writing out.jsonl"):
        WorkingFile(path, _BUILD)


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match="cannot be written"):
        WorkingFile(tmp_path / "file" / "out.jsonl.working", _BUILD)


def test_a_build_that_tried_nothing_leaves_no_file(tmp_path):
    _write(tmp_path / "w")
    assert not (tmp_path / "w").exists()
