"""A database of before the foundry is brought up to date with what it holds."""

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

from skywright.store.audit import add_audit_row, read_audit, walk_audit
from skywright.store.database import _MIGRATIONS, HEAD, Database, _create_engine
from skywright.store.keys import list_keys

_OLD = (
    """INSERT INTO api_keys (prefix, sha256, name, role, created_at) VALUES
    ('sky_a', 'a', 'a', 'contributor', '1'), ('sky_b', 'b', 'b', 'operator', '2'),
    ('sky_c', 'c', 'c', 'viewer', '3')""",
    """INSERT INTO audit (at, actor, action, target, detail) VALUES
    ('1', 'u_a', 'label.store', '2004 MN4', 'pha'), ('2', 'cli', 'key.create', 'sky_a', '')""",
)


@pytest.fixture
def database(tmp_path):
    url = f"sqlite:///{tmp_path}/old.db"
    engine = _create_engine(url)
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for statement in _OLD:
            connection.execute(text(statement))
    engine.dispose()
    database = Database(url)
    yield database
    database.close()


def test_roles_have_their_new_names(database):
    assert database.upgrade() == HEAD
    assert [key.role for key in list_keys(database)] == ["analyst", "trainer", "viewer"]


def test_the_trail_goes_on_and_says_no_more_what_people_said(database):
    with database.write() as connection:
        add_audit_row(connection, "u_a", "label.store", "a label")
    assert {(row["target"], row["detail"]) for row in read_audit(database, before=4, limit=9)} == {
        ("a label", ""),
        ("sky_a", ""),
    }
    state = walk_audit(database)
    assert (state.good, state.unchained, state.rows) == (True, 2, 1)
