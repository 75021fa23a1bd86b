import base64
import io
import json

import polars as pl
import pytest

from skywright.assistant.engine.model import Asked, Replied
from skywright.assistant.memory import shelf
from skywright.assistant.memory.exchange import export_lines, import_lines
from skywright.assistant.memory.memory import Memory
from skywright.assistant.memory.shelf import keep_tables, open_desk
from skywright.assistant.messages import Answer, Artifact
from skywright.errors import InputError
from skywright.settings import get_settings


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


def shelved(memory, id_, **tables):
    """Put tables on the desk of a conversation, and leave it."""
    desk = open_desk(memory, id_, get_settings())
    before = dict(desk.tables)
    desk.tables |= tables
    keep_tables(memory, id_, desk, before)


def test_tables_come_in_again_in_their_order(memory, talk):
    shelved(memory, talk, stars=pl.DataFrame({"g": [1.0, 2.0]}))
    shelved(memory, talk, giants=pl.DataFrame({"g": [1.0], "name": ["é"]}))
    lines = list(export_lines(memory, talk))
    memory.remove(talk)
    new = import_lines(memory, lines)
    desk = open_desk(memory, new.id, get_settings())
    assert (list(desk.tables), desk.target) == (["stars", "giants"], "M13")
    assert desk.table()[1].equals(pl.DataFrame({"g": [1.0], "name": ["é"]}))
    again = [line for line in export_lines(memory, new.id) if '"kind": "table"' in line]
    assert again == [line for line in lines if '"kind": "table"' in line]


def test_a_table_that_was_lost_is_left_out(memory, talk):
    shelved(memory, talk, stars=pl.DataFrame({"g": [1.0]}))
    for one in (memory.files(talk) / "tables").iterdir():
        one.unlink()
    assert not any('"kind": "table"' in line for line in export_lines(memory, talk))


def test_a_table_of_too_many_cells_is_refused(memory, monkeypatch):
    monkeypatch.setattr(shelf, "MOST_CELLS", 5)
    with pytest.raises(InputError, match="Line 2: The table has 3 rows of 2; 5 cells"):
        import_lines(memory, [HEAD, table("t", rows=3)])
    assert not list((memory.folder / "conversations").glob("*"))


def test_at_most_as_many_tables_as_are_kept_come_in(memory):
    lines = [HEAD, *(table(f"t{n}") for n in range(9))]
    with pytest.raises(InputError, match="Line 10 is one table too many; 8 are taken in"):
        import_lines(memory, lines)


def table(name, *, rows=1):
    out = io.BytesIO()
    pl.DataFrame({"g": [1.0] * rows, "h": [2.0] * rows}).write_parquet(out)
    content = base64.b64encode(out.getvalue()).decode()
    return json.dumps({"kind": "table", "name": name, "base64": content})


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
        (
            [HEAD, '{"kind": "table", "name": "t", "base64": "aGk="}'],
            "Line 2: The table is no Parq",
        ),
        ([HEAD, '{"kind": "table", "name": "", "base64": ""}'], "name in line 2 must be a table"),
        ([HEAD, table("t"), table("t")], "name in line 3 must be a table's own"),
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


@pytest.mark.parametrize("name", ["tables", "a\0.png", "x" * 300, "..", ".hidden"])
def test_a_name_that_no_file_of_ours_has_is_refused(memory, talk, name):
    lines = [json.loads(line) for line in export_lines(memory, talk)]
    lines[-1]["name"] = name
    with pytest.raises(InputError, match="Line 4 names no file"):
        import_lines(memory, map(json.dumps, lines))
    assert len(memory.recent()) == 1


@pytest.mark.parametrize("line", ["[" * 100_000, '{"kind": "asked", "body": {"text": "\\ud800"}}'])
def test_lines_that_no_file_can_hold_are_refused(memory, talk, line):
    first = next(export_lines(memory, talk))
    with pytest.raises(InputError, match="Line 2 is no JSON"):
        import_lines(memory, [first, line])
