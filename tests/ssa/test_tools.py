"""Tools of the room: found by name, and answering as the commands do."""

import json

import pytest

from skywright.assistant.messages import ToolCall
from skywright.assistant.tools.desk import Desk
from skywright.assistant.tools.running import run
from skywright.errors import InputError
from skywright.foundry.tool import tool_named
from skywright.ssa.tools import LONGEST_MESSAGE, LONGEST_SETS
from tests.ssa.detection.test_residuals import satellite
from tests.ssa.records.test_tle import SETS


def test_each_is_found_by_its_name():
    for name in ("ssa-collision-probability", "ssa-manoeuvres", "ssa-approaches"):
        assert tool_named(name).title


def test_manoeuvres_are_found_in_a_text():
    table = satellite(((30, 20.0),), days=60, noise_m=0.3)
    rows = [row | {"epoch": row["epoch_utc"].isoformat()} for row in table.to_dicts()]
    for row in rows:
        del row["epoch_utc"]
    told = tool_named("ssa-manoeuvres").call(json.dumps(rows))
    assert len(told["manoeuvres"]) == 1


def test_approaches_are_found_in_a_text():
    told = tool_named("ssa-approaches").call(SETS, "2006-06-26T00:00:00", 1.0, 5.0)
    assert told["objects"] == 3


def test_a_text_that_is_no_message_is_a_sentence():
    with pytest.raises(InputError, match="is no conjunction data message"):
        tool_named("ssa-collision-probability").call("hello")


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("ssa-collision-probability", {"message": "x" * (LONGEST_MESSAGE + 1)}),
        ("ssa-collision-probability", {"message": "x", "hbr_m": -1.0}),
        ("ssa-manoeuvres", {"element_sets": "x" * (LONGEST_SETS + 1)}),
        ("ssa-approaches", {"element_sets": "x", "start_utc": "2" * 41, "hours": 1, "km": 1}),
    ],
    ids=["message", "radius", "sets", "start"],
)
def test_what_is_out_of_bounds_is_refused_before_it_is_read(name, given, tmp_path):
    ended = run(ToolCall(id="1", tool=name, arguments=given), Desk(tmp_path))
    assert ended.result is None
    assert "is not allowed" in ended.error
    assert len(ended.error) < 300
