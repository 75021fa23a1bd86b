"""Sources come through entry points, ours and those of others."""

import sys

import pytest

from skywright.errors import InputError, NotFoundError
from skywright.settings import Settings
from skywright.sources.registry import source_named, source_states


def installed(tmp_path, monkeypatch, code, value):
    meta = tmp_path / "theirs-1.0.dist-info"
    meta.mkdir()
    (tmp_path / "theirs.py").write_text(code, encoding="utf-8")
    (meta / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (meta / "entry_points.txt").write_text(f"[skywright.sources]\ntheirs = {value}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "theirs", raising=False)


def test_ours_use_the_same_door():
    states = source_states()
    assert {"sbdb", "cad", "sentry", "neocc", "mpc"} <= set(states)
    for name, state in states.items():
        assert name == state.name
        assert state.url(Settings()).startswith("http")
        assert state.licence


def test_a_source_of_somebody_else_is_found(tmp_path, monkeypatch):
    code = "from skywright.sources.cad import STATE as MINE\n"
    installed(tmp_path, monkeypatch, code, "theirs:MINE")
    assert source_named("theirs").title == source_named("cad").title


def test_what_is_no_source_is_told(tmp_path, monkeypatch):
    installed(tmp_path, monkeypatch, "MINE = 3\n", "theirs:MINE")
    with pytest.raises(InputError, match="theirs of skywright.sources names theirs:MINE"):
        source_states()


def test_an_unknown_source_names_those_installed():
    with pytest.raises(NotFoundError, match="no source 'nasa'; installed are .*sbdb"):
        source_named("nasa")
