"""The trail only grows, and shows when someone made it not so."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from skywright.store.audit import add_audit_row, read_audit, row_sha256, verify_audit, walk_audit
from skywright.store.database import Database
from skywright.store.schema import audit


@pytest.fixture
def database(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/sky.db")
    yield database
    database.close()


def _fill(database, count=5):
    for k in range(count):
        with database.write() as connection:
            add_audit_row(connection, "sky_a", "thing.write", str(k))


def _force(database, *statements):
    """Do what the triggers refuse, as somebody with the file could."""
    with database.write() as connection:
        for verb in ("update", "delete"):
            connection.execute(text(f"DROP TRIGGER IF EXISTS audit_keeps_on_{verb}"))
        for statement in statements:
            connection.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'other' WHERE id = 2",
        "UPDATE audit SET detail = detail",
        "DELETE FROM audit WHERE id = 2",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit (id, at, actor, action, target) VALUES (2, '', '', '', '')",
    ],
)
def test_the_database_refuses_to_change_or_remove_rows(database, statement):
    _fill(database)
    with (
        pytest.raises(DatabaseError, match="the audit trail is append-only"),
        database.write() as connection,
    ):
        connection.execute(text(statement))
    assert verify_audit(database) is None
    assert len(read_audit(database, before=None, limit=10)) == 5


def test_an_untouched_trail_holds(database):
    assert verify_audit(database) is None
    _fill(database)
    state = walk_audit(database)
    assert (state.good, state.rows, state.unchained) == (True, 5, 0)


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        pytest.param("UPDATE audit SET actor = 'sky_b' WHERE id = 3", 3, id="changed"),
        pytest.param("UPDATE audit SET at = '2020' WHERE id = 5", 5, id="last-changed"),
        pytest.param("DELETE FROM audit WHERE id = 3", 4, id="removed"),
        pytest.param("DELETE FROM audit WHERE id = 1", 2, id="first-removed"),
        pytest.param("UPDATE audit SET id = id + 10 WHERE id = 2", 3, id="moved"),
        pytest.param("UPDATE audit SET sha256 = '' WHERE id = 2", 2, id="hash-blanked"),
        pytest.param(
            "INSERT INTO audit (id, at, actor, action, target) VALUES (9, '', 'x', 'y', 'z')",
            9,
            id="put-in",
        ),
    ],
)
def test_a_change_shows_at_its_row(database, statement, broken):
    _fill(database)
    _force(database, statement)
    assert verify_audit(database) == broken


def test_a_removed_end_shows_against_a_noted_head(database):
    _fill(database)
    noted = walk_audit(database).head
    _force(database, "DELETE FROM audit WHERE id = 5")
    assert walk_audit(database).good
    assert not walk_audit(database, noted).good


def test_a_noted_head_stays_in_the_chain_as_it_grows(database):
    _fill(database)
    noted = walk_audit(database).head
    _fill(database)
    assert walk_audit(database, noted).good


def test_the_chain_begins_after_rows_of_before_there_was_one(database):
    with database.write() as connection:
        connection.execute(
            text("INSERT INTO audit (at, actor, action, target) VALUES ('', 'x', 'y', 'z')")
        )
    _fill(database, 3)
    state = walk_audit(database)
    assert (state.good, state.unchained, state.rows) == (True, 1, 3)


def test_many_writers_make_one_chain(database):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: _fill(database, 10), range(8)))
    state = walk_audit(database)
    assert (state.good, state.rows) == (True, 80)


def test_a_write_that_failed_leaves_no_gap(database):
    def interrupted():
        with database.write() as connection:
            add_audit_row(connection, "a", "b", "c")
            raise KeyError

    with pytest.raises(KeyError):
        interrupted()
    _fill(database, 2)
    assert walk_audit(database).good


@given(a=st.text(max_size=9), b=st.text(max_size=9), c=st.text(max_size=9), d=st.text(max_size=9))
def test_texts_cannot_run_into_each_other(a, b, c, d):
    def row(actor, target):
        names = ("at", "action", "detail", "previous_sha256")
        return row_sha256({**dict.fromkeys(names, ""), "actor": actor, "target": target})

    assert (row(a, b) == row(c, d)) == ((a, b) == (c, d))


def test_what_is_shown_of_a_row_is_what_it_was_before_there_was_a_chain(database):
    _fill(database, 1)
    row = read_audit(database, before=None, limit=1)[0]
    assert list(row) == ["id", "at", "actor", "action", "target", "detail"]
    with database.read() as connection:
        assert len(connection.scalar(select(audit.c.sha256))) == 64
