"""The same tables in a real PostgreSQL: migrated, append-only, one chain from many writers."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from skywright.store import foundry_schema  # noqa: F401  (its tables join the metadata)
from skywright.store.audit import add_audit_row, verify_audit, walk_audit
from skywright.store.database import HEAD, Database
from skywright.store.schema import metadata
from tests import postgres

pytestmark = pytest.mark.service


@pytest.fixture
def database(postgres_server):
    database = Database(postgres.new_database(postgres_server))
    yield database
    database.close()


def _fill(database, count):
    for k in range(count):
        with database.write() as connection:
            add_audit_row(connection, "sky_a", "thing.write", str(k))


def test_migrated_tables_are_those_of_the_schema(database):
    assert database.upgrade() == HEAD
    with database.read() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit SET actor = 'other'", "DELETE FROM audit WHERE id = 2", "TRUNCATE audit"],
)
def test_the_database_refuses_to_change_or_remove_rows(database, statement):
    _fill(database, 3)
    with (
        pytest.raises(DatabaseError, match="the audit trail is append-only"),
        database.write() as connection,
    ):
        connection.execute(text(statement))
    assert walk_audit(database).rows == 3


def test_many_writers_make_one_chain(database):
    database.upgrade()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: _fill(database, 25), range(8)))
    state = walk_audit(database)
    assert (state.good, state.rows) == (True, 200)


def test_a_change_shows_at_its_row(database):
    _fill(database, 4)
    with database.write() as connection:
        connection.execute(text("ALTER TABLE audit DISABLE TRIGGER ALL"))
        connection.execute(text("UPDATE audit SET target = 'x' WHERE id = 3"))
    assert verify_audit(database) == 3
