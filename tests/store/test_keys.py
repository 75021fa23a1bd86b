"""Keys on record: kept by hash, revoked once, never forgotten."""

import pytest

from skywright.errors import ConflictError, InputError, NotFoundError
from skywright.security.keys import hash_key, new_key
from skywright.store.audit import read_audit
from skywright.store.database import Database
from skywright.store.keys import add_key, any_key, find_key, list_keys, revoke_key


@pytest.fixture
def database(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/sky.db")
    yield database
    database.close()


def _add(database, name="page", role="viewer"):
    key = new_key()
    add_key(database, prefix=key.prefix, sha256=key.sha256, name=name, role=role)
    return key


def test_a_key_is_found_by_its_hash(database):
    key = _add(database, role="trainer")
    record = find_key(database, hash_key(key.secret))
    assert (record.prefix, record.role, record.revoked_at) == (key.prefix, "trainer", None)


def test_the_text_of_a_key_is_nowhere_on_disk(database, tmp_path):
    key = _add(database)
    database.close()
    assert all(key.secret.encode() not in path.read_bytes() for path in tmp_path.iterdir())


def test_a_revoked_key_stays_on_record(database):
    key = _add(database)
    revoke_key(database, key.prefix)
    assert find_key(database, key.sha256).revoked_at is not None
    assert any_key(database)


def test_making_and_revoking_leave_a_trail(database):
    key = _add(database)
    revoke_key(database, "page")
    trail = read_audit(database, before=None, limit=10)
    assert [(row["action"], row["target"]) for row in trail] == [
        ("key.revoke", key.prefix),
        ("key.create", key.prefix),
    ]


def test_revoking_what_is_not_there_lists_what_is(database):
    key = _add(database)
    with pytest.raises(NotFoundError, match=rf"'nobody'; on record: {key.prefix} \(page\)"):
        revoke_key(database, "nobody")


def test_revoking_twice_is_told(database):
    key = _add(database)
    revoke_key(database, key.prefix)
    with pytest.raises(ConflictError, match="revoked already"):
        revoke_key(database, key.prefix)


def test_a_name_of_two_keys_asks_for_the_prefix(database):
    _add(database)
    _add(database)
    with pytest.raises(ConflictError, match="use the prefix"):
        revoke_key(database, "page")
    assert len(list_keys(database)) == 2


def test_a_key_needs_a_name(database):
    with pytest.raises(InputError, match="1 to 100 characters, not 0"):
        _add(database, name="  ")
