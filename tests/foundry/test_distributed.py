"""Distributed runs: the command, the configurations that ship, and a run of two processes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest

from skywright.errors import InputError
from skywright.foundry import distributed
from skywright.foundry.jobs.launcher import Order
from skywright.foundry.jobs.lines import Reader
from skywright.foundry.jobs.local import LocalLauncher
from skywright.foundry.kind import kind_named
from skywright.foundry.kinds import tiny_base
from skywright.foundry.recipe import recipe_of
from skywright.foundry.training import Ask, submit, train

CHORUS = '''
"""Adds up what each process contributes, or waits to be ended."""

import os
import time

DISTRIBUTED = True


def fit(run):
    if run.recipe.params.get("waits"):
        (run.log_path.parent / f"pid-{os.environ['RANK']}").write_text(str(os.getpid()))
        time.sleep(120)
    import torch
    import torch.distributed as dist

    dist.init_process_group("gloo")
    total = torch.tensor([1.0 + dist.get_rank()])
    dist.all_reduce(total)
    run.log(step=1, skill=float(total))
    (run.out / "model.json").write_text("{}")
    dist.destroy_process_group()
    return {"metric": "skill", "skill": float(total), "baseline": {"skill": 0.0}}


def load(folder):
    return lambda rows: [{"value": 3.0} for _ in rows]
'''


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


def test_several_processes_of_no_named_kind_are_launched_like_ddp():
    unnamed, named = recipe("none"), recipe("ddp")
    assert distributed.is_distributed(unnamed)
    told = (distributed.argv(one, Path("spec.json"), "python") for one in (unnamed, named))
    assert next(told) == next(told)


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


@pytest.mark.parametrize("run", [{"distributed": "ddp"}, {"processes": 2}])
@pytest.mark.parametrize("kind", ["sklearn", "lightgbm", "torch", "policy"])
def test_a_kind_that_knows_of_no_other_processes_is_refused(kind, run, workplace):
    asked = recipe_of({"name": "ops", "kind": kind, "run": run}, "a test")
    with pytest.raises(InputError, match=f"kind {kind} trains in one process"):
        submit(workplace, Ask(asked))
    assert workplace.queue.list() == []


def test_language_models_know_of_other_processes():
    distributed.refuse_unfit(recipe(processes=4, gpus=4), kind_named("llm"))


def test_more_processes_than_accelerators_are_refused():
    knows = SimpleNamespace(DISTRIBUTED=True)
    with pytest.raises(InputError, match=r"run\.processes = 4 is more than gpus = 2"):
        distributed.refuse_unfit(recipe("fsdp", 4, 2), knows)


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
@pytest.mark.alone
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


@pytest.fixture
def chorus(toy):
    """Install a kind of a third party that shares a run."""
    (toy / "toy_kind.py").write_text(CHORUS, encoding="utf-8")


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.service
@pytest.mark.usefixtures("chorus")
def test_a_job_of_two_processes_makes_one_model(workplace):
    asked = recipe_of({"name": "chorus", "kind": "toy", "run": {"processes": 2}}, "a test")
    outcome = train(workplace, Ask(asked))
    assert (outcome.gate, outcome.metrics) == ("passed", {"skill": 3.0})
    assert len(workplace.queue.metrics(outcome.job_id)) == 1


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.service
@pytest.mark.usefixtures("chorus")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["asked", "killed"])
def test_all_processes_end_with_the_attempt(tmp_path, number):
    run = {"distributed": "ddp", "processes": 2}
    given = {"name": "chorus", "kind": "toy", "run": run, "params": {"waits": True}}
    spec = {"name": "chorus", "recipe": given, "seed": 1, "folder": str(tmp_path)}
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    launched = distributed.argv(recipe_of(given, "a test"), tmp_path / "spec.json", sys.executable)
    argv = (sys.executable, "-m", "skywright.foundry.jobs.leash", "60", *launched)
    attempt = LocalLauncher().start(Order("job", 1, tmp_path / "spec.json", argv, warm=False))
    pids = [_number(tmp_path / "pid-0"), _number(tmp_path / "process-1" / "pid-1")]
    assert attempt.exit_code() is None
    os.killpg(attempt.pid, number)
    _wait_until(lambda: attempt.exit_code() is not None)
    attempt.close()
    for pid in pids:
        _wait_until(lambda pid=pid: not Path(f"/proc/{pid}").exists())


def _number(path):
    _wait_until(lambda: path.is_file() and path.read_text())
    return int(path.read_text())


def _wait_until(holds, most_s=60.0):
    until = time.monotonic() + most_s
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)
