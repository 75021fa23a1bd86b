"""``skywright doctor``: what is wrong is found, said, and nothing is made by looking."""

import json
import os
import socket
import subprocess
from pathlib import Path

import pytest
import typer
from sqlalchemy import text
from typer.testing import CliRunner

from skywright.cli import checks, doctor
from skywright.security.keys import new_key
from skywright.security.vault import Vault
from skywright.settings import get_settings
from skywright.store.audit import add_audit_row
from skywright.store.database import Database
from skywright.store.keys import add_key, revoke_key

_app = typer.Typer()
doctor.register(_app)


@pytest.fixture
def ask():
    def ask():
        get_settings.cache_clear()
        result = CliRunner().invoke(_app, ["--json"])
        told = json.loads(result.stdout)
        assert told["usable"] == (result.exit_code == 0)
        return told["usable"], {check["name"]: check for check in told["checks"]}

    return ask


@pytest.fixture
def database():
    database = Database.of(get_settings())
    database.upgrade()
    yield database
    database.close()


def test_a_fresh_installation_is_usable_and_stays_untouched(ask):
    usable, found = ask()
    assert usable
    assert found["database"]["told"].startswith("not there yet")
    assert "only this machine is served" in found["keys"]["told"]
    assert not get_settings().data_dir.exists()
    assert {"python", "cores", "memory", "gpu", "disk", "data folder", "clock"} <= found.keys()


def test_reading_by_eye_has_a_line_for_each():
    result = CliRunner().invoke(_app, [])
    assert result.exit_code == 0
    assert "ok    python" in result.stdout


def test_a_missing_extra_is_a_note_with_its_command(ask, monkeypatch):
    monkeypatch.setattr(checks, "_is_installed", lambda name: name != "optuna")
    usable, found = ask()
    assert usable
    assert found["extra tune"]["state"] == "note"
    assert found["extra tune"]["fix"] == "pip install 'skywright[tune]'"
    assert found["extra train"]["state"] == "good"
    assert "extra dev" not in found


def test_a_key_that_others_may_read_is_bad(ask, database):
    Vault.of(get_settings(), database).put(b"x")
    path = get_settings().data_dir / "master.key"
    assert ask()[1]["master.key"]["state"] == "good"
    path.chmod(0o640)
    usable, found = ask()
    assert not usable
    assert found["master.key"]["fix"] == f"chmod 600 {path}"


def test_a_lost_master_key_is_bad(ask, database):
    Vault.of(get_settings(), database).put(b"x")
    (get_settings().data_dir / "master.key").unlink()
    assert ask()[1]["vault"]["state"] == "bad"


def test_a_broken_trail_is_bad(ask, database):
    with database.write() as connection:
        add_audit_row(connection, "a", "b", "c")
        connection.execute(text("DROP TRIGGER audit_keeps_on_update"))
        connection.execute(text("UPDATE audit SET actor = 'x'"))
    assert "broken at row 1" in ask()[1]["audit"]["told"]


def test_an_open_address_without_a_key_is_bad(ask, database, monkeypatch):
    monkeypatch.setenv("SKYWRIGHT_HOST", "0.0.0.0")
    usable, found = ask()
    assert not usable
    assert "it would not start" in found["keys"]["told"]
    assert "skywright keys create" in found["keys"]["fix"]


def test_keys_of_which_none_is_good_are_bad(ask, database):
    key = new_key()
    add_key(database, prefix=key.prefix, sha256=key.sha256, name="page", role="viewer")
    assert ask()[1]["keys"]["told"] == "1 good of 1 on record"
    revoke_key(database, "page")
    assert "nobody can come in" in ask()[1]["keys"]["told"]


def test_a_clock_before_the_last_write_is_bad(ask, database, monkeypatch):
    monkeypatch.setattr("skywright.store.audit.utc_now", lambda: "2999-01-01T00:00:00.000+00:00")
    with database.write() as connection:
        add_audit_row(connection, "a", "b", "c")
    assert "is before the last write" in ask()[1]["clock"]["told"]


@pytest.mark.parametrize(("revision", "state"), [("0001", "note"), ("9999", "bad")])
def test_a_database_of_another_version_is_told_and_not_changed(ask, database, revision, state):
    with database.write() as connection:
        connection.execute(text(f"UPDATE alembic_version SET version_num = '{revision}'"))
    assert ask()[1]["database"]["state"] == state
    assert database.revision() == revision


def test_a_database_that_cannot_be_read_is_bad(ask):
    folder = get_settings().data_dir
    folder.mkdir(parents=True)
    (folder / "skywright.db").write_bytes(b"not a database" * 100)
    assert ask()[1]["database"]["state"] == "bad"


def test_a_data_folder_that_is_a_file_is_bad(ask):
    get_settings().data_dir.touch()
    assert ask()[1]["data folder"]["state"] == "bad"


def test_servers_that_do_not_answer_are_bad_and_named(ask, monkeypatch):
    monkeypatch.setenv("SKYWRIGHT_LIMITS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("SKYWRIGHT_RAY_ADDRESS", "ray://127.0.0.1:1")
    usable, found = ask()
    assert not usable
    assert "does not answer" in found["redis"]["told"]
    assert "ray://127.0.0.1:1 does not answer" in found["ray"]["told"]


def test_a_server_that_answers_is_good(ask, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("SKYWRIGHT_RAY_ADDRESS", f"127.0.0.1:{server.getsockname()[1]}")
        assert ask()[1]["ray"]["state"] == "good"


def test_accelerators_are_those_that_the_driver_names(ask, monkeypatch, tmp_path):
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'NVIDIA H200, 143771 MiB'\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert ask()[1]["gpu"]["told"] == "NVIDIA H200, 143771 MiB"


def test_looking_does_not_import_torch():
    code = (
        "import sys; from skywright.cli import doctor; list(doctor._checks()); "
        "assert not {'torch', 'ray', 'sklearn', 'optuna'} & set(sys.modules)"
    )
    subprocess.run([Path(os.sys.executable), "-c", code], check=True)
