"""A file of its own: its tables grow by steps, and what fails leaves nothing behind."""

import sqlite3

import pytest

from skywright.store.database import StoreError
from skywright.store.sqlite_file import SqliteFile

FIRST = "CREATE TABLE star (name TEXT);\nINSERT INTO star VALUES ('Vega');\n"
SECOND = "ALTER TABLE star ADD COLUMN mag REAL NOT NULL DEFAULT 0.0;\n"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "new" / "stars.db"


def stars(path, *steps):
    return SqliteFile(path, steps, "The stars in")


def rows(file):
    with file.read() as connection:
        return [tuple(row) for row in connection.execute("SELECT * FROM star")]


def test_a_later_step_is_applied_to_what_is_there(path):
    assert rows(stars(path, FIRST)) == [("Vega",)]
    assert rows(stars(path, FIRST, SECOND)) == [("Vega", 0.0)]
    assert rows(stars(path, FIRST, SECOND)) == [("Vega", 0.0)]


def test_a_step_that_fails_leaves_the_file_as_it_was(path):
    rows(stars(path, FIRST))
    with pytest.raises(StoreError, match=r"The stars in .*stars\.db cannot be used: .*syntax"):
        rows(stars(path, FIRST, SECOND + "CREATE NONSENSE;\n"))
    assert rows(stars(path, FIRST)) == [("Vega",)]


def test_a_write_that_is_broken_off_keeps_nothing(path):
    file = stars(path, FIRST)

    def interrupted():
        with file.write() as connection:
            connection.execute("INSERT INTO star VALUES ('Deneb')")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert rows(file) == [("Vega",)]


def test_a_file_of_a_newer_program_is_refused_and_left_alone(path):
    rows(stars(path, FIRST, SECOND))
    with pytest.raises(StoreError, match="written by a newer version"):
        rows(stars(path, FIRST))
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)
    connection.close()


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be used"):
        rows(stars(tmp_path / "file" / "stars.db", FIRST))
