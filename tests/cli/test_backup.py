"""``skywright backup`` and ``skywright restore``: what they say and how they end."""

import json

import pytest
import typer
from typer.testing import CliRunner

from skywright.cli import backup
from skywright.errors import ConflictError
from skywright.security.keys import new_key
from skywright.settings import get_settings
from skywright.store.database import Database
from skywright.store.keys import add_key, list_keys

_app = typer.Typer()
backup.register(_app)


def _run(*arguments):
    return CliRunner().invoke(_app, list(arguments))


@pytest.fixture
def archive(tmp_path):
    key, database = new_key(), Database.of()
    add_key(database, prefix=key.prefix, sha256=key.sha256, name="page", role="viewer")
    database.close()
    path = tmp_path / "b.tar"
    assert _run("backup", str(path)).exit_code == 0
    return path


def test_a_backup_says_which_keys_to_keep_elsewhere(tmp_path):
    result = _run("backup", str(tmp_path / "b.tar"))
    assert "Not in it, and needed with it" in result.stderr
    assert "signing.key" in result.stderr


def test_a_backup_with_keys_says_so(tmp_path):
    result = _run("backup", str(tmp_path / "b.tar"), "--with-keys")
    assert "who has it can read everything" in result.stderr


def test_verifying_tells_as_json_that_nothing_was_changed(archive):
    told = json.loads(_run("restore", str(archive), "--verify", "--json").stdout)
    assert (told["changed"], told["manifest"]["rows"]["api_keys"]) == (False, 1)


def test_what_is_there_is_not_replaced_without_force(archive):
    assert isinstance(_run("restore", str(archive)).exception, ConflictError)


def test_an_empty_place_is_filled(archive, tmp_path, monkeypatch):
    monkeypatch.setenv("SKYWRIGHT_DATA_DIR", str(tmp_path / "new"))
    get_settings.cache_clear()
    result = _run("restore", str(archive))
    assert result.exit_code == 0
    assert "signed by an installation that is not known here" in result.stderr
    assert [key.name for key in list_keys(Database.of())] == ["page"]
