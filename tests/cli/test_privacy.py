"""``skywright privacy``: a label given over the API is found by the name that gave it."""

import json
import zipfile

import pytest
from typer.testing import CliRunner

from skywright.api.services import make_services
from skywright.assistant.engine.model import Asked
from skywright.assistant.memory.memory import Memory
from skywright.cli.privacy import app
from skywright.errors import NotFoundError
from skywright.neo.feedback import store_label
from skywright.security.callers import LOCAL, Caller
from skywright.security.roles import Role
from skywright.settings import get_settings
from skywright.store.database import Database
from skywright.store.keys import add_key


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


def test_conversations_of_a_key_go_with_its_holder_and_no_one_elses(alice, tmp_path):
    for prefix, name in (("sk_aaa", "Observatory"), ("sk_bbb", "portal")):
        add_key(Database.of(), prefix=prefix, sha256=prefix, name=name, role="viewer")
        memory = Memory.of(owner=prefix)
        memory.add(memory.begin().id, Asked(f"asked by {name}"))
    out = tmp_path / "o.zip"
    told = json.loads(_run("export", "observatory", "--out", str(out), "--json").stdout)
    assert (told["rows"]["conversations"], told["rows"]["classifications"]) == (1, 0)
    with zipfile.ZipFile(out) as taken:
        text = b"".join(taken.read(name) for name in taken.namelist())
    assert b"asked by Observatory" in text
    assert b"asked by portal" not in text
    counts = json.loads(_run("erase", "sk_aaa", "--json").stdout)["counts"]
    assert (counts["conversations"], counts["messages"]) == (1, 1)
    assert Memory.of(owner="sk_aaa").recent() == []
    assert len(Memory.of(owner="sk_bbb").recent()) == 1
    assert isinstance(_run("erase", "observatory").exception, NotFoundError)


def test_conversations_of_this_machine_are_erased_under_local(tmp_path):
    memory = Memory.of()
    memory.add(memory.begin().id, Asked("asked here"))
    assert isinstance(_run("erase", "alice").exception, NotFoundError)
    assert json.loads(_run("erase", "local", "--json").stdout)["counts"]["conversations"] == 1
    assert memory.recent() == []
