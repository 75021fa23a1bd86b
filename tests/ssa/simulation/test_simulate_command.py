"""The command writes a folder that can be read, the same for any number of processes."""

import json

import pytest
from typer.testing import CliRunner

from skywright.cli.main import app
from skywright.ssa.simulation import scenarios
from skywright.ssa.simulation.scenarios import read_scenarios, simulate, simulate_shared


def test_the_command_writes_scenarios_and_counts_them(tmp_path):
    given = ["ssa", "simulate", "--n", "3", "--seed", "4", "--out", str(tmp_path / "set"), "--json"]
    result = CliRunner().invoke(app, [*given, "--regime", "geo", "--policy", "slot_hop"])
    told = json.loads(result.stdout)
    assert told["policy"] == {"slot_hop": 3}
    assert told["behaviour"] == {"approach": 3}
    assert [one.regime for one in read_scenarios(tmp_path / "set")] == ["geo"] * 3


@pytest.mark.slow
def test_several_processes_make_the_same_scenarios(monkeypatch):
    monkeypatch.setattr(scenarios, "_SLICE", 2)  # three slices for two processes
    one, two = simulate(5, seed=8), simulate_shared(5, seed=8, processes=2)
    assert [each.scenario_id for each in two] == [0, 1, 2, 3, 4]
    assert all(a.other.equals(b.other) for a, b in zip(one, two, strict=True))
