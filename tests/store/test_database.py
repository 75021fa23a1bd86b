"""The database makes itself, survives a restart, and takes many writers."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import func, select

from skywright.errors import InputError
from skywright.store import foundry_schema  # noqa: F401  (its tables join the metadata)
from skywright.store.audit import add_audit_row, read_audit
from skywright.store.database import _MIGRATIONS, HEAD, Database, StoreError
from skywright.store.schema import audit, metadata


@pytest.fixture
def database(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/deep/down/sky.db")
    yield database
    database.close()


def test_nothing_is_made_before_the_first_use(tmp_path, database):
    assert list(tmp_path.iterdir()) == []


def test_first_use_brings_the_schema_to_the_newest_revision(database):
    assert database.upgrade() == HEAD
    assert database.upgrade() == HEAD


def test_migrations_end_at_the_revision_the_code_names():
    assert ScriptDirectory(str(_MIGRATIONS)).get_heads() == [HEAD]


def test_migrated_tables_are_those_of_the_schema(database):
    with database.read() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []


def test_rows_are_there_after_closing_and_opening_again(database):
    with database.write() as connection:
        add_audit_row(connection, "sky_abc", "label.store", "99942")
    database.close()
    assert read_audit(database, before=None, limit=10)[0]["target"] == "99942"


def test_a_failed_transaction_keeps_nothing(database):
    def interrupted():
        with database.write() as connection:
            add_audit_row(connection, "a", "b", "c")
            raise KeyError

    with pytest.raises(KeyError):
        interrupted()
    assert read_audit(database, before=None, limit=10) == []


def test_eight_threads_and_two_openings_lose_no_write(database):
    other = Database(database.url)

    def write(k):
        with (database if k % 2 else other).write() as connection:
            add_audit_row(connection, f"thread {k}", "test", str(k))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(200)))
    other.close()
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(audit)) == 200


def test_two_processes_worth_of_openings_migrate_once(tmp_path):
    databases = [Database(f"sqlite:///{tmp_path}/race.db") for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(Database.upgrade, databases)) == {HEAD}
    for database in databases:
        database.close()


def test_sqlite_is_in_wal_mode_with_foreign_keys(database):
    with database.read() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_an_unusable_url_is_told_in_a_sentence():
    with pytest.raises(InputError, match="SKYWRIGHT_DATABASE_URL is not usable"):
        Database("nonsense://here").upgrade()


def test_a_folder_that_is_a_file_is_told_in_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="SKYWRIGHT_DATA_DIR"):
        Database(f"sqlite:///{tmp_path}/file/sky.db").upgrade()


def test_a_file_that_is_no_database_is_told_in_a_sentence(tmp_path):
    (tmp_path / "sky.db").write_text("not a database, but long enough to be looked at" * 10)
    with pytest.raises(StoreError, match="cannot be opened"):
        Database(f"sqlite:///{tmp_path}/sky.db").upgrade()


def test_the_audit_trail_pages_backwards(database):
    with database.write() as connection:
        for k in range(5):
            add_audit_row(connection, "a", "b", str(k))
    first = read_audit(database, before=None, limit=2)
    second = read_audit(database, before=first[-1]["id"], limit=2)
    assert [row["target"] for row in first + second] == ["4", "3", "2", "1"]


def test_database_of_settings_lies_in_the_data_folder(tmp_path):
    database = Database.of()
    database.upgrade()
    database.close()
    assert (tmp_path / "skywright" / "skywright.db").is_file()
