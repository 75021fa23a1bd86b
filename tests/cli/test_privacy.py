"""``skywright privacy``: a label given over the API is found by the name that gave it."""

import json

import pytest
from typer.testing import CliRunner

from skywright.api.services import make_services
from skywright.cli.privacy import app
from skywright.errors import NotFoundError
from skywright.neo.feedback import store_label
from skywright.security.callers import LOCAL, Caller
from skywright.security.roles import Role
from skywright.settings import get_settings
from skywright.store.database import Database


def _run(*arguments):
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture
def alice():
    services = make_services(get_settings())
    person = services.pseudonym_of(Caller(LOCAL, Role.ADMIN), "Alice")
    services.jobs.close()
    services.work.close()
    database = Database.of()
    store_label(database, person, "433", "not_pha")
    database.close()
    return person


def test_what_the_api_stored_is_exported_by_name(alice, tmp_path):
    out = tmp_path / "alice.zip"
    told = json.loads(_run("export", "alice", "--out", str(out), "--json").stdout)
    assert told["pseudonyms"] == [alice]
    assert told["rows"]["classifications"] == 1
    assert out.is_file()


def test_what_the_api_stored_is_erased_by_name(alice):
    told = json.loads(_run("erase", "alice", "--json").stdout)
    assert told["counts"]["classifications"] == 1
    assert isinstance(_run("erase", "alice").exception, NotFoundError)


def test_erasing_says_that_backups_still_hold_it(alice):
    assert "Backups made before still hold them" in _run("erase", "alice").stderr
