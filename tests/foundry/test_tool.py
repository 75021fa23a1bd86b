"""Tools come through entry points, ours and those of others."""

import sys

import pytest

from skywright.errors import InputError, NotFoundError
from skywright.foundry.tool import tool_named, tool_names

GOOD = 'def look_up(name: str) -> str:\n    """Return a name twice."""\n    return name * 2\n'


def installed(tmp_path, monkeypatch, code):
    meta = tmp_path / "their_tools-1.0.dist-info"
    meta.mkdir()
    (tmp_path / "their_tools.py").write_text(code, encoding="utf-8")
    (meta / "METADATA").write_text("Metadata-Version: 2.1\nName: their-tools\nVersion: 1.0\n")
    (meta / "entry_points.txt").write_text("[skywright.tools]\nlook-up = their_tools:look_up\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "their_tools", raising=False)


def test_ours_use_the_same_door():
    assert {"neo-assess", "neo-simulate"} <= set(tool_names())
    assess = tool_named("neo-assess")
    row = {"epoch_jd_tdb": 2461000.5, "a_au": 0.92, "e": 0.19, "i_deg": 3.3, "h_mag": 19.1}
    (answer,) = assess.call(objects=[row | {"node_deg": 204.0, "peri_deg": 127.0}])["rows"]
    assert assess.title.startswith("Assess a near-Earth object")
    assert answer["orbit_class"] == "ATE"


def test_a_tool_of_somebody_else_is_found_and_called(tmp_path, monkeypatch):
    installed(tmp_path, monkeypatch, GOOD)
    tool = tool_named("look-up")
    assert (tool.title, tool.call("ab")) == ("Return a name twice.", "abab")


@pytest.mark.parametrize("code", ["look_up = 3\n", "def look_up(name):\n    return name\n"])
def test_what_an_assistant_could_not_call_is_refused(tmp_path, monkeypatch, code):
    installed(tmp_path, monkeypatch, code)
    with pytest.raises(InputError, match="tool 'look-up' is no function"):
        tool_named("look-up")


def test_an_unknown_tool_names_those_installed():
    with pytest.raises(NotFoundError, match="no tool 'oracle'; installed are .*neo-assess"):
        tool_named("oracle")
