import json

import pytest

from skywright.assistant.engine.model import Asked, Replied
from skywright.assistant.memory.exchange import export_lines, import_lines
from skywright.assistant.memory.memory import Memory
from skywright.assistant.messages import Answer, Artifact
from skywright.errors import InputError


@pytest.fixture
def memory(tmp_path):
    return Memory(tmp_path)


@pytest.fixture
def talk(memory):
    id_ = memory.begin("Clusters").id
    folder = memory.files(id_)
    folder.mkdir(parents=True)
    (folder / "a.png").write_bytes(b"\x89png")
    made = Artifact(id="a.png", title="A", media_type="image/png", path="x", size_bytes=4)
    memory.add(id_, Asked("Plot it", "M13", ("stars",)))
    number = memory.add(id_, Replied(Answer(text="Here.", artifacts=(made,))), target="M13")
    memory.rate(id_, number, 1, "Good.")
    return id_


def test_what_is_exported_comes_in_again_whole(memory, talk, tmp_path):
    lines = list(export_lines(memory, talk))
    other = Memory(tmp_path / "other", "me")
    new = import_lines(other, lines)
    assert (new.title, new.target, new.messages) == ("Clusters", "M13", 2)
    was, now = memory.messages(talk), other.messages(new.id)
    assert now[0].turn == was[0].turn
    assert (now[1].text, now[1].rating, now[1].comment) == ("Here.", 1, "Good.")
    assert (other.files(new.id) / "a.png").read_bytes() == b"\x89png"


def test_files_may_stay_behind(memory, talk):
    kinds = [json.loads(line)["kind"] for line in export_lines(memory, talk, files=False)]
    assert kinds == ["conversation", "asked", "replied"]


HEAD = '{"kind": "conversation", "version": 1, "title": "T", "target": ""}'


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        ([], "Line 1 must be the conversation"),
        (["{"], "Line 1 is no JSON"),
        ([HEAD, '{"kind": "tool"}'], "kind in line 2 must be one of"),
        ([HEAD, '{"kind": "asked", "version": 9, "body": {}}'], "Line 2: The message is of ver"),
        ([HEAD, '{"kind": "asked", "version": "x", "body": {}}'], "version in line 2"),
        ([HEAD, '{"kind": "replied", "version": 1, "body": {"text": 3}}'], "Line 2: A message"),
        ([HEAD, '{"kind": "file", "name": "a", "base64": "?"}'], "base64 in line 2"),
        ([HEAD, '{"kind": "file", "name": "..", "base64": ""}'], "Line 2 names no file"),
    ],
)
def test_what_is_no_export_leaves_nothing(memory, lines, error):
    with pytest.raises(InputError, match=error):
        import_lines(memory, lines)
    assert memory.recent() == []
    assert not list((memory.folder / "conversations").glob("*"))


def test_files_come_in_under_their_own_folder_only(memory):
    line = '{"kind": "file", "name": "../../evil.sh", "base64": "aGk="}'
    new = import_lines(memory, [HEAD, line])
    assert [one.name for one in memory.files(new.id).iterdir()] == ["evil.sh"]
