"""Distributed runs: the command, the configurations that ship, and a run of two processes."""

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from skywright.errors import InputError
from skywright.foundry import distributed
from skywright.foundry.jobs.lines import Reader
from skywright.foundry.kinds import tiny_base
from skywright.foundry.recipe import recipe_of


def recipe(distributed="ddp", processes=2, gpus=0, method="lora", **params):
    return recipe_of(
        {
            "name": "ops",
            "kind": "llm",
            "target": "completion",
            "params": {"method": method, **params},
            "run": {"distributed": distributed, "processes": processes, "gpus": gpus},
        },
        "a test",
    )


def test_the_command_launches_the_child_in_so_many_processes():
    told = distributed.argv(recipe("fsdp", 4, 4), Path("/runs/spec.json"), "/bin/python")
    assert told == [
        "/bin/python", "-m", "accelerate.commands.launch",
        "--config_file", str(distributed.config_path("fsdp")),
        "--num_processes", "4", "--main_process_port", "0",
        "-m", "skywright.foundry.jobs.child", "/runs/spec.json",
    ]  # fmt: skip


@pytest.mark.parametrize(("method", "stage"), [("full", 3), ("lora", 2)])
def test_deepspeed_divides_weights_only_where_all_of_them_learn(method, stage):
    told = distributed.argv(recipe("deepspeed", 2, 2, method), Path("spec.json"), "python")
    config = Path(told[told.index("--deepspeed_config_file") + 1])
    assert config.name == f"zero{stage}.json"
    assert json.loads(config.read_text(encoding="utf-8"))["zero_optimization"]["stage"] == stage
    assert told.index("--deepspeed_config_file") < told.index("skywright.foundry.jobs.child")


def test_deepspeed_leaves_to_the_recipe_what_the_recipe_says():
    for name in ("zero2", "zero3"):
        told = json.loads(distributed.config_path(name).with_suffix(".json").read_text())
        for key in ("train_batch_size", "gradient_accumulation_steps", "gradient_clipping"):
            assert told[key] == "auto"
        assert told["bf16"]["enabled"] == "auto"


def test_sharing_accelerators_without_any_is_refused():
    with pytest.raises(InputError, match="'fsdp' shares accelerators, and gpus = 0"):
        distributed.argv(recipe("fsdp"), Path("spec.json"), "python")


def test_an_unknown_configuration_lists_those_there_are():
    with pytest.raises(InputError, match="no configuration 'zero1'; there are ddp, fsdp"):
        distributed.config_path("zero1")


@pytest.mark.parametrize(
    ("environment", "main"), [({}, True), ({"RANK": "0"}, True), ({"RANK": "3"}, False)]
)
def test_only_the_first_process_speaks(environment, main):
    assert distributed.is_main_process(environment) is main


def test_processes_are_counted():
    assert distributed.process_count({}) == 1
    assert distributed.process_count({"WORLD_SIZE": "8"}) == 8


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "kind"),
    [("ddp", "MULTI_GPU"), ("fsdp", "FSDP"), ("zero2", "DEEPSPEED"), ("zero3", "DEEPSPEED")],
)
def test_accelerate_understands_each_configuration(name, kind):
    from accelerate.commands.config.config_args import load_config_from_file

    told = load_config_from_file(str(distributed.config_path(name)))
    assert str(told.distributed_type).endswith(kind)
    assert told.mixed_precision == ("no" if name in {"ddp", "fsdp"} else None)
    if name == "fsdp":
        assert told.fsdp_config["fsdp_state_dict_type"] == "FULL_STATE_DICT"


@pytest.mark.slow
@pytest.mark.service
def test_two_processes_teach_one_model_and_one_of_them_speaks(tmp_path, monkeypatch):
    monkeypatch.setattr(tiny_base, "_STEPS", 3)
    words = ["hot", "slow", "dead", "noisy", "cold", "stuck", "loose", "wet"]
    rows = [{"prompt": f"{a} {b}?", "completion": f"{b} then {a}"} for a in words for b in words]
    pl.DataFrame(rows).write_parquet(tmp_path / "rows.parquet")
    base = tiny_base.tiny_base(tmp_path / "bases", [f"{a} then {a}?" for a in words])
    shared = recipe(base=str(base), epochs=1, batch_size=4, learning_rate=1e-3)
    spec = {
        "name": "ops",
        "recipe": shared.model_dump(mode="json", exclude_unset=True),
        "seed": 1,
        "folder": str(tmp_path),
        "data": {"table": [str(tmp_path / "rows.parquet")]},
    }
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    command = distributed.argv(shared, tmp_path / "spec.json", sys.executable)
    done = subprocess.run(command, capture_output=True, timeout=180)
    assert done.returncode == 0, done.stderr.decode()
    events, _ = Reader().feed(done.stdout)
    assert [one["event"] for one in events].count("started") == 1
    assert events[-1]["event"] == "done"
    rows_that_teach = next(one["rows"] for one in events if "blocks" in one)
    assert max(one.get("step", 0) for one in events) == -(-rows_that_teach // (2 * 4))
    assert json.loads((tmp_path / "report.json").read_text())["metrics"]["loss"] > 0
    assert (tmp_path / "model/adapter/adapter_model.safetensors").is_file()
    assert list((tmp_path / "process-1/model").iterdir()) == []
