import sqlite3

import polars as pl
import pytest

from skywright.assistant.engine.model import Asked, Replied
from skywright.assistant.memory.branching import branch
from skywright.assistant.memory.facts import facts, forget, remember
from skywright.assistant.memory.finding import find_messages
from skywright.assistant.memory.memory import Memory
from skywright.assistant.memory.shelf import keep_tables, open_desk
from skywright.assistant.messages import Answer, Artifact, ToolCall, ToolResult, ToolRun
from skywright.errors import InputError, LimitError, NotFoundError
from skywright.settings import get_settings


@pytest.fixture
def memory(tmp_path):
    return Memory(tmp_path)


def drawn(path="elsewhere/a.png"):
    made = Artifact(id="a.png", title="A", media_type="image/png", path=path, size_bytes=3)
    run = ToolRun(
        call=ToolCall(id="t1-1", tool="plot", arguments={"target": "M13"}),
        result=ToolResult(text="Drawn.", artifacts=(made,)),
    )
    return Replied(Answer(text="Here is M13.", tool_runs=(run,), artifacts=(made,)))


@pytest.fixture
def talk(memory):
    """A conversation of two questions; its id and the numbers of its messages."""
    id_ = memory.begin().id
    turns = [Asked("Plot M13"), drawn(), Asked("And M31?", "M13"), Replied(Answer(text="No."))]
    return id_, [memory.add(id_, turn) for turn in turns]


def count(memory, table):
    with sqlite3.connect(memory.file.path) as connection:
        return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def test_what_was_said_comes_back_as_it_was(memory, talk):
    id_, numbers = talk
    told = Memory(memory.folder).messages(id_)
    assert [one.id for one in told] == numbers
    assert told[2].turn == Asked("And M31?", "M13")
    assert told[3].turn == Replied(Answer(text="No."))
    assert (count(memory, "tool_run"), count(memory, "artifact")) == (1, 1)


def test_files_are_named_where_they_lie_now(memory, talk):
    answer = memory.messages(talk[0])[1].answer
    path = str(memory.files(talk[0]) / "a.png")
    assert answer.artifacts[0].path == answer.tool_runs[0].result.artifacts[0].path == path


def test_the_first_question_names_the_conversation_until_it_is_renamed(memory, talk):
    assert memory.get(talk[0]).title == "Plot M13"
    assert memory.rename(talk[0], "  Globular\nclusters ").title == "Globular clusters"
    with pytest.raises(InputError, match="title must have 1 to 200 characters, got 0"):
        memory.rename(talk[0], " ")


def test_a_long_question_names_it_shortened(memory):
    id_ = memory.begin().id
    memory.add(id_, Asked("word " * 40))
    assert len(memory.get(id_).title) == 60


def test_others_see_nothing_of_it(memory, talk):
    other = Memory(memory.folder, "somebody else")
    assert other.recent() == []
    assert find_messages(other, "M13") == []
    for call in (other.get, other.messages, other.remove):
        with pytest.raises(NotFoundError, match="no conversation"):
            call(talk[0])
    with pytest.raises(NotFoundError, match="no conversation"):
        branch(other, talk[0], talk[1][0])


@pytest.mark.parametrize("id_", ["../../etc", "", "0123456789ABCDEF", "g" * 16])
def test_an_id_is_never_a_path(memory, id_):
    with pytest.raises(NotFoundError, match="no conversation"):
        memory.files(id_)


def test_the_last_changed_comes_first(memory, talk):
    second = memory.begin("Second").id
    assert [one.id for one in memory.recent()] == [second, talk[0]]
    memory.add(talk[0], Asked("More"))
    assert [one.id for one in memory.recent(limit=1)] == [talk[0]]


def test_removed_means_rows_words_and_files(memory, talk):
    folder = memory.files(talk[0])
    folder.mkdir(parents=True)
    (folder / "a.png").write_bytes(b"png")
    memory.rate(talk[0], talk[1][1], 1)
    memory.remove(talk[0])
    assert not folder.exists()
    tables = ("conversation", "message", "tool_run", "artifact", "feedback", "shelf")
    assert {count(memory, table) for table in tables} == {0}
    assert find_messages(memory, "M13") == []


def test_answers_are_rated_and_the_last_word_counts(memory, talk):
    id_, numbers = talk
    memory.rate(id_, numbers[1], 1)
    memory.rate(id_, numbers[1], -1, "The axis is wrong.")
    assert memory.messages(id_)[1].rating == -1
    assert memory.messages(id_)[1].comment == "The axis is wrong."


@pytest.mark.parametrize(
    ("number", "rating", "error"),
    [(1, 2, "rating must be 1"), (0, 1, "is a question"), (None, 1, "has no message")],
)
def test_only_answers_are_rated_by_one_or_minus_one(memory, talk, number, rating, error):
    id_, numbers = talk
    with pytest.raises((InputError, NotFoundError), match=error):
        memory.rate(id_, 999 if number is None else numbers[number], rating)


def test_a_branch_has_what_was_before_and_its_own_files(memory, talk):
    id_, numbers = talk
    folder = memory.files(id_)
    folder.mkdir(parents=True)
    (folder / "a.png").write_bytes(b"png")
    other = branch(memory, id_, numbers[1])
    assert other.branched_from == id_
    assert [one.text for one in memory.messages(other.id)] == ["Plot M13", "Here is M13."]
    memory.remove(id_)
    assert (memory.files(other.id) / "a.png").read_bytes() == b"png"
    assert (count(memory, "tool_run"), count(memory, "artifact")) == (1, 1)


def test_a_question_can_be_asked_again_in_other_words(memory, talk):
    id_, numbers = talk
    other = branch(memory, id_, numbers[2], before=True)
    assert [one.kind for one in memory.messages(other.id)] == ["asked", "replied"]
    assert len(memory.messages(id_)) == 4


@pytest.mark.parametrize(
    ("number", "before", "target"), [(2, True, "M13"), (0, True, ""), (3, False, "M31")]
)
def test_a_branch_knows_what_was_known_where_it_begins(memory, talk, number, before, target):
    id_, numbers = talk
    desk = open_desk(memory, id_, get_settings())
    desk.tables["around-m31"] = pl.DataFrame({"ra": [10.7]})
    keep_tables(memory, id_, desk, {})
    memory.add(id_, Replied(Answer(text="M31 it is.")), target="M31")
    other = open_desk(
        memory, branch(memory, id_, numbers[number], before=before).id, get_settings()
    )
    assert (other.target, list(other.tables)) == (target, [] if before else ["around-m31"])


@pytest.mark.parametrize("number", [999, 10**30])
def test_a_branch_from_nowhere_leaves_nothing(memory, talk, number):
    before = count(memory, "conversation")
    with pytest.raises(NotFoundError, match="has no message"):
        branch(memory, talk[0], number)
    assert count(memory, "conversation") == before
    assert not list((memory.folder / "conversations").glob("*/"))


def test_the_tables_and_the_target_are_there_tomorrow(memory, talk):
    desk = open_desk(memory, talk[0], get_settings())
    before = dict(desk.tables)
    desk.tables |= {f"t{n}": pl.DataFrame({"g": [float(n)]}) for n in range(10)}
    keep_tables(memory, talk[0], desk, before)
    memory.add(talk[0], Asked("More"), target="NGC6397")
    again = open_desk(Memory(memory.folder), talk[0], get_settings())
    assert again.target == "NGC6397"
    assert list(again.tables) == [f"t{n}" for n in range(2, 10)]
    assert again.table()[1]["g"].to_list() == [9.0]


def test_tables_that_stay_are_not_written_again_and_old_ones_go(memory, talk):
    desk = open_desk(memory, talk[0], get_settings())
    desk.tables["stars"] = pl.DataFrame({"g": [1.0]})
    keep_tables(memory, talk[0], desk, {})
    folder = memory.files(talk[0]) / "tables"
    first = {one.name for one in folder.iterdir()}
    before = dict(desk.tables)
    desk.tables["giants"] = pl.DataFrame({"g": [2.0]})
    keep_tables(memory, talk[0], desk, before)
    assert first < {one.name for one in folder.iterdir()}
    del desk.tables["stars"]
    keep_tables(memory, talk[0], desk, dict(desk.tables))
    assert len(list(folder.iterdir())) == 1


def test_a_lost_table_does_not_lock_the_conversation(memory, talk):
    desk = open_desk(memory, talk[0], get_settings())
    desk.tables["stars"] = pl.DataFrame({"g": [1.0]})
    keep_tables(memory, talk[0], desk, {})
    for one in (memory.files(talk[0]) / "tables").iterdir():
        one.write_bytes(b"broken")
    assert open_desk(memory, talk[0], get_settings()).tables == {}


def test_ones_own_history_is_searched(memory, talk):
    found = find_messages(memory, "what about M31")
    assert [(one.kind, one.message_id) for one in found] == [("asked", talk[1][2])]
    assert find_messages(memory, "neutrino") == []
    with pytest.raises(InputError, match="no words"):
        find_messages(memory, " ?! ")


def test_what_rests_too_long_goes_when_the_next_begins(memory, talk):
    with memory.file.write() as connection:
        connection.execute("UPDATE conversation SET changed_at_utc = '2020-01-01T00:00:00.000'")
    assert memory.expire() == 0
    keeper = Memory(memory.folder, keep_days=30)
    new = keeper.begin("New").id
    assert [one.id for one in keeper.recent()] == [new]


def test_facts_are_seen_changed_and_deleted(memory):
    remember(memory, "units", "degrees")
    remember(memory, " units ", "radians")
    assert [(one.name, one.value) for one in facts(memory)] == [("units", "radians")]
    assert facts(Memory(memory.folder, "other")) == []
    forget(memory, "units")
    with pytest.raises(NotFoundError, match="no fact 'units'"):
        forget(memory, "units")


def test_facts_are_bounded(memory):
    with memory.file.write() as connection:
        rows = [("", str(n), "x", "") for n in range(100)]
        connection.executemany("INSERT INTO fact VALUES (?, ?, ?, ?)", rows)
    with pytest.raises(LimitError, match="100 facts"):
        remember(memory, "more", "x")
    with pytest.raises(InputError, match="value must have 1 to 1000"):
        remember(memory, "a", "x" * 1001)


def test_a_message_of_a_newer_version_is_not_misread(memory, talk):
    with memory.file.write() as connection:
        connection.execute("UPDATE message SET version = 2")
    with pytest.raises(InputError, match="version 2; this installation reads up to 1"):
        memory.messages(talk[0])
