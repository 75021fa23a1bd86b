"""Plans: sizes against published ones, memory against the rule of thumb, and the verdict."""

import json
import os
import stat

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file  # noqa: TID253
from typer.testing import CliRunner

from skywright.cli.main import app
from skywright.errors import InputError
from skywright.foundry import machine as machines
from skywright.foundry.kinds.llm_params import Teaching
from skywright.foundry.language_size import RULE, Shape, Size, config_of, need_of, size_of
from skywright.foundry.machine import Machine, this_machine
from skywright.foundry.plan import Table, plan, updates_of
from skywright.foundry.recipe import recipe_of

LLAMA_2_7B = {
    "model_type": "llama", "hidden_size": 4096, "num_hidden_layers": 32, "vocab_size": 32000,
    "intermediate_size": 11008, "num_attention_heads": 32, "tie_word_embeddings": False,
}  # fmt: skip
LLAMA_3_8B = LLAMA_2_7B | {
    "intermediate_size": 14336, "num_key_value_heads": 8, "vocab_size": 128256
}  # fmt: skip
GPT_2 = {"model_type": "gpt2", "n_embd": 768, "n_layer": 12, "n_head": 12, "vocab_size": 50257}
LAPTOP = Machine(memory_gb=32.0, cores=8, disk_gb=500.0)
CARD = Machine(memory_gb=64.0, cores=8, gpus=1, gpu_gb=24.0, disk_gb=500.0)


def recipe(kind="llm", gpus=0, run=None, **params):
    given = {"name": "ops", "kind": kind, "run": {"gpus": gpus, **(run or {})}}
    if kind == "llm":
        given |= {"params": {"base": "acme/small-0.5b", "max_length": 128} | params}
    return recipe_of(given, "a test")


# Counts that the authors publish with the weights; ours leaves out biases and positions.
@pytest.mark.parametrize(
    ("config", "count", "off"),
    [(LLAMA_2_7B, 6_738_415_616, 0), (LLAMA_3_8B, 8_030_261_248, 0), (GPT_2, 124_439_808, 0.01)],
    ids=["llama-2-7b", "llama-3-8b", "gpt-2"],
)
def test_weights_are_counted_as_published(config, count, off):
    assert Shape.of(config).parameters == pytest.approx(count, rel=off, abs=0)


# PEFT prints 39,976,960 for Llama 2 7B at rank 16 in all layers, 4,194,304 at rank 8 in two.
@pytest.mark.parametrize(
    ("given", "count"),
    [
        ({"lora_r": 16}, 39_976_960),
        ({"lora_r": 8, "lora_targets": ("q_proj", "v_proj")}, 4_194_304),
    ],
)
def test_adapters_are_counted_as_published(given, count):
    teaching = Teaching(base="x", method="lora", **given)
    assert Shape.of(LLAMA_2_7B).adapter_weights(teaching) == count


@pytest.mark.parametrize(
    ("method", "off"), [("full", 1e-9), ("lora", 0.06), ("qlora", 0.25), ("prompt", 0.01)]
)
def test_weights_and_states_follow_the_rule_of_thumb(method, off):
    shape = Shape.of(LLAMA_2_7B)
    teaching = Teaching(base="x", method=method, lora_r=8)
    need = need_of(Size(shape.parameters, shape, ""), teaching, half=True)
    bytes_each = (need.weights + need.gradients + need.optimizer) / shape.parameters
    assert bytes_each == pytest.approx(RULE[method], rel=off)


# Korthikanti et al. (2022), equation 2 without the squares of attention and the dropout masks:
# 32 s b h bytes of a block of GPT; the paper has 34 with masks.
def test_activations_are_those_of_the_literature():
    shape = Shape.of(GPT_2)
    assert shape.kept_numbers(recompute=False) * 2 == 32 * 768 * 12


@given(st.integers(1, 64), st.integers(64, 4096))
def test_longer_rows_and_larger_batches_never_need_less(batch, length):
    shape = Shape.of(GPT_2)
    size = Size(shape.parameters, shape, "")
    one = need_of(size, Teaching(base="x", batch_size=batch, max_length=length), half=True)
    more = need_of(size, Teaching(base="x", batch_size=batch + 1, max_length=length), half=True)
    less = Teaching(base="x", batch_size=batch, max_length=length, gradient_checkpointing=True)
    assert more.activations > one.activations > need_of(size, less, half=True).activations
    assert more.weights == one.weights


def test_the_shape_of_a_size_is_near_that_of_a_known_model():
    guessed, known = Shape.guessed(6_738_415_616), Shape.of(LLAMA_2_7B)
    assert guessed.width == pytest.approx(known.width, rel=0.05)
    assert guessed.layers == known.layers
    assert guessed.parameters == pytest.approx(known.parameters, rel=0.05)


@pytest.mark.parametrize(
    ("name", "count"),
    [("Qwen/Qwen3-0.6B", 6e8), ("acme/tiny-125m", 125e6), ("acme/Llama-3.1-8B-Instruct", 8e9)],
)
def test_a_name_tells_the_size_of_a_base_that_is_not_here(name, count):
    found = size_of(name)
    assert (found.parameters, found.source) == (count, "its name")


@pytest.mark.parametrize("name", ["acme/gpt2", "acme/model-v2", "acme/b-side"])
def test_a_name_without_a_size_tells_none(name):
    assert size_of(name) is None
    told = plan(recipe(base=name), LAPTOP)
    assert told.verdict == "cannot tell"
    assert "is unknown here" in told.reasons[0]


@pytest.fixture
def folder(tmp_path):
    """A model of 1,000 weights, by its header."""
    (tmp_path / "config.json").write_text(json.dumps(GPT_2), encoding="utf-8")
    save_file(
        {"a": np.zeros((10, 50), np.float16), "b": np.zeros(500, np.float32)},
        tmp_path / "model.safetensors",
    )
    return tmp_path


def test_the_header_of_the_weights_counts_before_the_configuration(folder):
    found = size_of(str(folder))
    assert (found.parameters, found.source) == (1000, "its weights")
    (folder / "model.safetensors").unlink()
    assert size_of(str(folder)).source == "its configuration"


def test_a_base_in_the_cache_of_the_hub_is_read_there(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    there = tmp_path / "hf/hub/models--acme--known/snapshots/abc"
    there.mkdir(parents=True)
    (folder / "config.json").rename(there / "config.json")
    assert size_of("acme/known").source == "its configuration"
    assert config_of("acme/known")["n_layer"] == 12
    assert config_of("acme/unknown") is None


def test_files_that_are_no_model_are_refused(folder):
    (folder / "model.safetensors").write_bytes(b"\xff" * 16)
    with pytest.raises(InputError, match="is no safetensors file"):
        size_of(str(folder))
    (folder / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="lacks hidden_size or n_embd"):
        size_of(str(folder))
    (folder / "config.json").unlink()
    with pytest.raises(InputError, match=r"holds no config\.json"):
        size_of(str(folder))


def test_a_small_model_runs_here():
    told = plan(recipe(method="full"), LAPTOP)
    assert told.verdict == "run here"
    assert told.memory_gb["optimizer"] == pytest.approx(4.0)
    assert told.memory_gb["total"] == pytest.approx(
        sum(value for name, value in told.memory_gb.items() if name != "total")
    )
    assert told.trainable == told.parameters == 500_000_000


@pytest.mark.parametrize(
    ("gpu_gb", "verdict"),
    [
        (24, "run here"),
        (8, "run here as lora"),
        (3.2, "run here as qlora"),
        (1, "send to a cluster"),
    ],
)
def test_a_smaller_card_asks_for_a_smaller_method(gpu_gb, verdict):
    small = Machine(memory_gb=64, cores=8, gpus=1, gpu_gb=gpu_gb)
    told = plan(recipe(method="full", gpus=1, base="acme/0.8b", batch_size=2), small)
    assert told.verdict == verdict
    assert f"{gpu_gb * 0.9:.3g} GB can be used" in told.reasons[0]


def test_a_billion_parameters_go_elsewhere_unless_told_otherwise():
    asked = recipe(base="acme/3b", method="qlora", gpus=1)
    told = plan(asked, CARD)
    assert told.verdict == "send to a cluster"
    assert "3,000,000,000 parameters; from 1,000,000,000 on" in told.reasons[0]
    assert plan(asked, CARD, most_local=10**10).verdict == "run here"


def test_each_method_is_told_beside_the_rule_of_thumb():
    told = plan(recipe(method="lora", gpus=1), CARD)
    assert [one["rule"] for one in told.methods.values()] == [9.0, 1.0, 0.25, 1.0]
    derived = {name: one["derived"] for name, one in told.methods.items()}
    assert derived["full"] > derived["lora"] == told.memory_gb["total"] > derived["qlora"]


def test_what_does_not_fit_is_told_what_computing_twice_would_save():
    small = Machine(memory_gb=64, cores=8, gpus=1, gpu_gb=1)
    reasons = plan(recipe(method="full", gpus=1), small).reasons
    assert "With gradient_checkpointing = true, qlora would need" in reasons[-1]
    saving = plan(recipe(method="full", gpus=1, gradient_checkpointing=True), small).reasons
    assert "As qlora" in saving[-1]


def test_a_plan_refuses_what_a_training_would_refuse():
    with pytest.raises(InputError, match="kind lightgbm trains in one process"):
        plan(recipe("lightgbm", run={"distributed": "ddp", "processes": 2}), LAPTOP)


def test_a_full_disk_sends_elsewhere():
    told = plan(recipe(method="full"), Machine(32.0, 8, disk_gb=5.0))
    assert told.verdict == "send to a cluster"
    assert "5 GB are free" in told.reasons[-1]


def test_sharing_divides_what_is_shared():
    def memory(way):
        run = {"distributed": way, "processes": 4}
        return plan(recipe(method="full", gpus=4, run=run), CARD).memory_gb

    alone, sharded = memory("ddp"), memory("fsdp")
    for part in ("weights", "gradients", "optimizer"):
        assert sharded[part] == pytest.approx(alone[part] / 4, rel=1e-3)
    assert sharded["activations"] == alone["activations"]


def test_prompt_tuning_of_a_small_base_is_warned_of():
    assert "Prompt tuning hardly works" in plan(recipe(method="prompt"), LAPTOP).warnings[0]


def test_updates_follow_from_rows_and_batches():
    assert updates_of(recipe(epochs=2, batch_size=10), 1000) == 140
    assert updates_of(recipe(steps=7), 1000) == 7


def test_a_table_is_counted_by_rows_and_columns():
    told = plan(recipe("lightgbm"), LAPTOP, Table(1_000_000, 100))
    assert told.memory_gb["tables"] == pytest.approx(4.0)
    assert told.verdict == "run here"
    assert plan(recipe("lightgbm"), LAPTOP, Table(10**8, 100)).verdict == "send to a cluster"
    assert "size of its data is unknown" in plan(recipe("sklearn"), LAPTOP).warnings[0]


def test_accelerators_that_are_not_here_are_looked_for_elsewhere():
    told = plan(recipe("torch", gpus=2), LAPTOP)
    assert told.verdict == "send to a cluster"
    assert "asks for 2 accelerators; here are 0" in told.reasons[-1]


def test_this_machine_is_looked_at(tmp_path, monkeypatch):
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 81559\necho 24564\n", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(machines, "_CGROUP", tmp_path / "memory.max")
    (tmp_path / "memory.max").write_text("2000000000\n", encoding="utf-8")
    found = this_machine(tmp_path / "not" / "there")
    assert found.memory_gb == 2.0
    assert (found.gpus, round(found.gpu_gb, 1)) == (2, 25.8)
    assert found.cores >= 1
    assert 0 < found.disk_gb < float("inf")


def test_a_machine_without_a_driver_has_no_accelerators(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert this_machine(tmp_path).gpus == 0


@pytest.fixture
def ask(tmp_path):
    path = tmp_path / "ops.toml"
    path.write_text(
        'name = "ops"\nkind = "llm"\n[params]\nbase = "tiny"\nmethod = "lora"\n', encoding="utf-8"
    )
    (tmp_path / "rows.csv").write_text("prompt,completion\na,b\nc,d\ne,f\n", encoding="utf-8")

    def ask(*given):
        done = CliRunner().invoke(app, ["plan", str(path), *given], catch_exceptions=False)
        assert done.exit_code == 0
        return done.stdout

    return ask


def test_the_command_tells_a_plan_as_json(ask, tmp_path):
    told = json.loads(ask("--json", "--data", str(tmp_path / "rows.csv"), "--gpu-gb", "24"))
    assert told["verdict"] == "run here"
    assert (told["rows"], told["columns"], told["seconds"]) == (3, 2, None)
    assert told["machine"]["gpu_gb"] == 24.0


def test_the_command_tells_a_plan_for_reading(ask):
    told = ask("--most-local", "1000")
    assert told.startswith("ops: send to a cluster\n")
    assert "weights learn (made by skywright)" in told


def test_a_probe_of_nothing_says_so(ask):
    assert "No time is told" in ask("--probe")


@pytest.mark.slow
def test_a_probe_foretells_the_time(ask, tmp_path):
    told = json.loads(ask("--json", "--probe", "--data", str(tmp_path / "rows.csv")))
    assert told["seconds"] > 0
    assert told["updates"] == 3
