"""Tools are run by name: arguments checked, time and size bounded, failures in one sentence."""

import re
import sys
import threading
import time
import types
from collections.abc import Callable
from typing import Annotated, Literal

import polars as pl
import pytest
from pydantic import BaseModel, Field

from skywright.assistant.messages import ToolCall, ToolResult
from skywright.assistant.tools import running
from skywright.assistant.tools.desk import Desk
from skywright.errors import SourceError
from skywright.settings import Settings


class Cone(BaseModel):
    ra_deg: Annotated[float, Field(ge=0, lt=360)]


def look_up(
    desk: Desk,
    name: Annotated[str, Field(max_length=20, description="Any name.")],
    radius_deg: Annotated[float, Field(gt=0, le=1)] = 0.1,
    kind: Literal["star", "galaxy"] = "star",
) -> ToolResult:
    """Look something up.

    It stands on the shelf afterwards.

    Parameters
    ----------
    radius_deg : float
        How far to look [deg].
    """
    desk.tables["found"] = pl.DataFrame({"name": [name]})
    desk.target = name
    return ToolResult(text=f"{kind} {name} within {radius_deg} deg.", table="found")


def plain(cones: list[Cone], *, cancelled: Callable[[], bool] | None = None) -> dict:
    """Return what any package might.

    Parameters
    ----------
    cones : list of Cone
        Where.
    """
    return {"n": len(cones), "nan": float("nan"), "first": {"ra_deg": cones[0].ra_deg}}


def rows(n: int) -> list[dict]:
    """Return rows."""
    return [{"number": k, "text": "x" * 50} for k in range(n)]


def long_text() -> ToolResult:
    """Return a long text."""
    return ToolResult(text="word " * 10_000)


def refuse() -> ToolResult:
    """Refuse."""
    message = "The archive is closed."
    raise SourceError(message, hint="Ask tomorrow.")


def break_down() -> ToolResult:
    """Break."""
    return 1 / 0


def work_on(desk: Desk) -> ToolResult:
    """Work until told to stop."""
    desk.tables["half"] = pl.DataFrame()
    while True:
        desk.check_stop()
        time.sleep(0.01)


def hang(desk: Desk) -> ToolResult:
    """Take no notice of anything for a while."""
    time.sleep(0.6)
    desk.tables["late"] = pl.DataFrame()
    return ToolResult(text="late")


@pytest.fixture
def their_tools(tmp_path, monkeypatch):
    module = types.ModuleType("tools_of_theirs")
    names = {
        "look-up": look_up,
        "plain": plain,
        "rows": rows,
        "long-text": long_text,
        "refuse": refuse,
        "break-down": break_down,
        "work-on": work_on,
        "hang": hang,
        "untyped": lambda x: x,
    }
    for name, function in names.items():
        setattr(module, name.replace("-", "_"), function)
    monkeypatch.setitem(sys.modules, "tools_of_theirs", module)
    meta = tmp_path / "site" / "tools_of_theirs-1.0.dist-info"
    meta.mkdir(parents=True)
    (meta / "METADATA").write_text("Metadata-Version: 2.1\nName: tools-of-theirs\nVersion: 1.0\n")
    lines = [f"{name} = tools_of_theirs:{name.replace('-', '_')}" for name in names]
    (meta / "entry_points.txt").write_text("\n".join(["[skywright.tools]", *lines]))
    monkeypatch.syspath_prepend(str(tmp_path / "site"))


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path / "desk", Settings(data_dir=tmp_path))


@pytest.fixture
def run(their_tools, desk):
    def run(tool, most_s=5.0, **arguments):
        call = ToolCall(id="1", tool=tool, arguments=arguments)
        return running.run(call, desk, most_s=most_s)

    return run


def test_a_tool_gets_the_desk_and_what_the_caller_gave(run, desk):
    told = run("look-up", name="M 31", radius_deg="0.5")
    assert told.error == ""
    assert told.result.text == "star M 31 within 0.5 deg."
    assert (desk.target, desk.table()[0]) == ("M 31", "found")


def test_the_description_is_that_of_the_function_without_the_desk(their_tools):
    spec = next(one for one in running.specs() if one.name == "look-up")
    assert spec.title == "Look something up."
    assert spec.description == "Look something up.\nIt stands on the shelf afterwards."
    fields = spec.parameters["properties"]
    assert list(fields) == ["name", "radius_deg", "kind"]
    assert spec.parameters["required"] == ["name"]
    assert fields["name"]["description"] == "Any name."
    assert fields["radius_deg"]["description"] == "How far to look [deg]."
    assert fields["radius_deg"]["maximum"] == 1
    assert fields["kind"]["enum"] == ["star", "galaxy"]


def test_every_tool_of_ours_can_be_described():
    described = {one.name: one for one in running.specs()}
    assert {"neo-assess", "neo-simulate", "ssa-approaches", "ssa-manoeuvres"} <= set(described)
    assert all(one.parameters["type"] == "object" for one in described.values())
    assert "progress" not in described["neo-simulate"].parameters["properties"]


def test_a_tool_that_cannot_be_described_is_left_out(their_tools):
    assert "untyped" not in {one.name for one in running.specs()}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({}, "look-up needs the argument 'name'."),
        ({"name": "a", "radius": 1}, "look-up has no argument 'radius'; did you mean radius_deg?"),
        ({"name": "a", "radius_deg": 5}, "radius_deg = '5' of look-up is not allowed: .* 1."),
        ({"name": "a", "radius_deg": float("nan")}, "radius_deg = 'nan' of look-up is not allowed"),
        ({"name": "a", "kind": "comet"}, "kind = 'comet' of look-up .* 'star' or 'galaxy'."),
    ],
)
def test_a_bad_argument_is_named_and_leaves_nothing_behind(run, desk, arguments, sentence):
    told = run("look-up", **arguments)
    assert told.result is None
    assert re.search(sentence, told.error)
    assert not desk.tables


def test_null_stands_for_what_is_left_open(run):
    assert run("look-up", name="a", radius_deg=None).result.text == "star a within 0.1 deg."


def test_an_unknown_tool_names_those_near(run):
    assert "There is no tool 'look_ups'. Near it: look-up" in run("look_ups").error


def test_an_error_of_ours_is_its_sentence_with_the_hint(run):
    assert run("refuse").error == "The archive is closed. Ask tomorrow."


def test_a_fault_of_a_tool_is_told_and_not_raised(run):
    assert run("break-down").error.startswith("The tool break-down failed: ZeroDivisionError:")


def test_a_plain_function_is_put_into_words(run):
    told = run("plain", cones=[{"ra_deg": 10}]).result
    assert told.text == "plain answered: n = 1, first.ra_deg = 10."
    assert told.data == {"n": 1, "nan": None, "first": {"ra_deg": 10.0}}
    assert told.origins[0].service == "plain"


def test_a_nested_argument_is_named_by_its_path(run):
    assert "cones.0.ra_deg = '400' of plain" in run("plain", cones=[{"ra_deg": 400}]).error


def test_rows_beyond_what_fits_are_cut_and_it_is_said(run):
    told = run("rows", n=5000).result
    assert len(told.data["rows"]) == 100
    assert told.text.startswith("rows answered with 5000 rows.")
    assert told.warnings == ("Of the 5000 entries of rows, 100 are shown here.",)


def test_few_rows_are_whole(run):
    told = run("rows", n=200).result
    assert len(told.data["rows"]) == 200
    assert told.warnings == ()


def test_a_long_text_is_cut_and_it_is_said(run):
    told = run("long-text").result
    assert len(told.text) == 20_000
    assert told.warnings == ("The text was cut at 20000 of 50000 characters.",)


def test_a_tool_that_takes_too_long_is_told_to_stop(run, desk):
    told = run("work-on", most_s=0.1)
    assert told.error.startswith("The tool work-on was stopped after 0.1 s.")
    assert not desk.stop.is_set()
    assert not desk.tables


def test_a_tool_that_does_not_stop_is_left_behind_without_its_tables(run, desk, monkeypatch):
    monkeypatch.setattr(running, "_GRACE_S", 0.0)
    assert run("hang", most_s=0.05).error.startswith("The tool hang was stopped")
    time.sleep(0.8)
    assert not desk.tables


def test_the_stop_of_the_user_reaches_a_tool_at_work(run, desk):
    threading.Timer(0.1, desk.stop.set).start()
    assert run("work-on").error == "The answer was stopped."
    assert not desk.tables


def test_nothing_starts_once_it_was_stopped(run, desk):
    desk.stop.set()
    assert run("look-up", name="a").error == "The answer was stopped."
    assert not desk.tables


def test_what_is_asked_of_an_asteroid_is_answered(desk):
    row = {"epoch_jd_tdb": 2461000.5, "a_au": 0.92, "e": 0.19, "i_deg": 3.3, "h_mag": 19.1}
    objects = [row | {"node_deg": 204.0, "peri_deg": 127.0}]
    call = ToolCall(id="1", tool="neo-assess", arguments={"objects": objects})
    told = running.run(call, desk)
    assert told.error == ""
    assert "orbit_class = ATE" in told.result.text
