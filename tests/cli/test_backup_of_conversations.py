"""Conversations and the knowledge base go into a backup as they were at one moment."""

import itertools
import json
import sqlite3
import threading

import pytest
import typer
from typer.testing import CliRunner

from skywright.assistant.engine.model import Asked
from skywright.assistant.knowledge.loading import Document
from skywright.assistant.knowledge.store import KnowledgeStore
from skywright.assistant.memory.memory import Memory
from skywright.cli import backup
from skywright.security.archive import BackupError
from skywright.settings import get_settings

_app = typer.Typer()
backup.register(_app)


def _run(*arguments):
    return CliRunner().invoke(_app, list(arguments))


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """Point the settings at another, empty installation."""

    def move():
        monkeypatch.setenv("SKYWRIGHT_DATA_DIR", str(tmp_path / "new"))
        get_settings.cache_clear()

    return move


@pytest.fixture
def asked():
    memory = Memory.of(owner="sk_a")
    id_ = memory.begin().id
    memory.add(id_, Asked("How far is Vesta?"))
    memory.files(id_).mkdir(parents=True)
    (memory.files(id_) / "plot.png").write_bytes(b"picture")
    KnowledgeStore.of().add(Document(text="Vesta turns once in 5.34 hours.", title="Vesta"))
    return id_


def test_conversations_their_files_and_documents_come_back(asked, elsewhere, tmp_path):
    archive = str(tmp_path / "b.tar")
    told = json.loads(_run("backup", archive, "--json").stdout)
    assert not [name for name in told["left_out"] if name.startswith(("conv", "know"))]
    elsewhere()
    assert _run("restore", archive).exit_code == 0
    memory = Memory.of(owner="sk_a")
    assert [one.text for one in memory.messages(asked)] == ["How far is Vesta?"]
    assert (memory.files(asked) / "plot.png").read_bytes() == b"picture"
    assert [one["title"] for one in KnowledgeStore.of().documents()] == ["Vesta"]


def test_a_copy_taken_while_somebody_writes_is_one_moment(elsewhere, tmp_path):
    memory, stop = Memory.of(), threading.Event()
    id_ = memory.begin().id

    def write():
        for number in itertools.count():
            if stop.is_set():
                return
            memory.add(id_, Asked(f"number {number}"))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while memory.get(id_).messages < 5:
            pass
        archives = [str(tmp_path / f"{n}.tar") for n in range(3)]
        codes = [_run("backup", archive).exit_code for archive in archives]
    finally:
        stop.set()
        writer.join()
    assert codes == [0, 0, 0]
    elsewhere()
    assert _run("restore", archives[-1]).exit_code == 0
    copied = [one.text for one in Memory.of().messages(id_)]
    assert copied == [f"number {number}" for number in range(len(copied))]
    assert len(copied) >= 5


def test_what_was_there_goes_aside_with_its_log(asked, tmp_path):
    archive = str(tmp_path / "b.tar")
    _run("backup", archive)
    later = Memory.of(owner="sk_a").begin("later").id
    open_ = sqlite3.connect(get_settings().data_dir / "conversations.db")
    open_.execute("SELECT count(*) FROM conversation").fetchone()
    told = json.loads(_run("restore", archive, "--force", "--json").stdout)
    open_.close()
    assert [one.id for one in Memory.of(owner="sk_a").recent()] == [asked]
    assert Memory(tmp_path / told["aside"], "sk_a").get(later).title == "later"


def test_a_damaged_file_is_refused(asked, elsewhere, tmp_path):
    path = get_settings().data_dir / "knowledge.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * 4096 + content[8192:])
    result = _run("backup", str(tmp_path / "b.tar"))
    if result.exit_code == 0:
        elsewhere()
        result = _run("restore", str(tmp_path / "b.tar"), "--verify")
    assert isinstance(result.exception, BackupError)
