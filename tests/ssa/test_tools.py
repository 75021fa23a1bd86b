"""Tools of the room: found by name, and answering as the commands do."""

import json

import pytest

from skywright.errors import InputError
from skywright.foundry.tool import tool_named
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
