"""Messages as a history: one encounter a pair and approach, the probability our own."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from skywright.cli.main import app
from skywright.ssa.conjunction.conjunction import conjunction_of
from skywright.ssa.conjunction.message_history import history_of_messages
from skywright.ssa.conjunction.probability import probability
from skywright.ssa.records.cdm import write_cdm
from skywright.ssa.records.cdm_xml import write_cdm_xml
from tests.ssa.records.test_cdm import made


def message(days, shift_s=0.0, **changes):
    one = made()
    tca = one.tca_utc + timedelta(seconds=shift_s)
    return replace(one, created_utc=tca - timedelta(days=days), tca_utc=tca, **changes)


def test_messages_of_an_approach_are_one_event():
    again = message(1.0, shift_s=46 * 60.0)
    table = history_of_messages([message(2.0, 20.0), message(4.0), again])
    assert table["event_id"].n_unique() == 2
    own = table.filter(table["event_id"] == table["event_id"][0])
    assert own.height == 2
    assert own["event_id"][0].startswith("1 2 2024-01-01T12:30")


def test_the_order_of_objects_does_not_matter():
    turned = message(2.0, objects=made().objects[::-1])
    assert history_of_messages([message(4.0), turned])["event_id"].n_unique() == 1


def test_the_probability_is_ours():
    table = history_of_messages([message(2.0)], hbr_m=7.0)
    assert table["pc"][0] == pytest.approx(probability(conjunction_of(made(), 7.0)).pc)


def test_the_command_takes_messages_of_both_notations(tmp_path):
    (tmp_path / "a").write_text(write_cdm(message(4.0)))
    (tmp_path / "b").write_text(write_cdm_xml(message(2.0, 30.0)))
    args = ["ssa", "forecast", str(tmp_path / "a"), str(tmp_path / "b"), "--json"]
    (one,) = json.loads(CliRunner().invoke(app, args).stdout)["events"]
    assert (one["messages"], one["days_to_tca"]) == (2, 2.0)


@pytest.mark.parametrize("args", [[], ["one", "--history", "two"]])
def test_either_a_history_or_messages_are_given(args):
    told = CliRunner().invoke(app, ["ssa", "forecast", *args])
    assert told.exit_code == 1
    assert "Give either messages or --history" in str(told.exception)
