"""Several accelerators for one model: the recipe stays, ``accelerate launch`` goes before it.

The configurations ship with the package: plain data parallelism (``ddp``), sharded weights
(``fsdp``), and DeepSpeed's ZeRO in its second and third stage.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.resources import as_file, files
from pathlib import Path

from skywright.errors import InputError
from skywright.foundry.kind import Kind
from skywright.foundry.recipe import Recipe

CONFIGS = ("ddp", "fsdp", "zero2", "zero3")
"""Names of the configurations that ship."""

_CHILD = "skywright.foundry.jobs.child"
_PACKAGE = "skywright.foundry.accelerate_configs"


def is_distributed(recipe: Recipe) -> bool:
    """Tell whether a recipe asks for several processes, or for a launcher of them."""
    return recipe.run.distributed != "none" or recipe.run.processes > 1


def refuse_unfit(recipe: Recipe, kind: Kind) -> None:
    """Refuse a distributed run that cannot be one.

    A kind that knows of the other processes has a constant ``DISTRIBUTED = True``. Any other would
    learn the same thing in each of them, and each would write the same checkpoints.

    Raises
    ------
    InputError
        If the kind trains in one process, or accelerators would have to be shared.
    """
    if not is_distributed(recipe):
        return
    if not getattr(kind, "DISTRIBUTED", False):
        message = f"The kind {recipe.kind} trains in one process, and [run] asks for several."
        raise InputError(message, hint="Leave run.distributed and run.processes out.")
    if 0 < recipe.run.gpus < recipe.run.processes:
        message = f"run.processes = {recipe.run.processes} is more than gpus = {recipe.run.gpus:g}."
        raise InputError(message, hint="Each process takes one accelerator.")


def argv(recipe: Recipe, spec_path: Path, python: str) -> list[str]:
    """Return the command that runs an attempt in several processes.

    Parameters
    ----------
    recipe : Recipe
        ``run.distributed`` and ``run.processes``; ``ddp`` without accelerators runs on processors.
        (The launcher's own ``--cpu`` would start a single process.)
    spec_path : pathlib.Path
        Specification of the attempt.
    python : str
        Interpreter.

    Raises
    ------
    InputError
        If the sharing needs accelerators, and the recipe asks for none.
    """
    name = config_name(recipe)
    if name != "ddp" and not recipe.run.gpus:
        message = f"run.distributed = {recipe.run.distributed!r} shares accelerators, and gpus = 0."
        raise InputError(message, hint="Set run.gpus, or run.distributed = 'ddp'.")
    command = [
        python, "-m", "accelerate.commands.launch",
        "--config_file", str(config_path(name)),
        "--num_processes", str(recipe.run.processes),
        # The next free one, so that two runs on one machine do not meet.
        "--main_process_port", "0",
    ]  # fmt: skip
    if name.startswith("zero"):
        command += ["--deepspeed_config_file", str(config_path(name).with_suffix(".json"))]
    return [*command, "-m", _CHILD, str(spec_path)]


def config_name(recipe: Recipe) -> str:
    """Return which configuration a recipe asks for.

    DeepSpeed's second stage divides gradients and optimizer, the third the weights too; the third
    is worth its traffic only where all weights learn.
    """
    way = recipe.run.distributed
    if way in {"none", "ddp"}:
        return "ddp"
    if way == "fsdp":
        return "fsdp"
    return "zero3" if recipe.method == "full" else "zero2"


def config_path(name: str) -> Path:
    """Return the file of a configuration that ships; raises InputError for an unknown name."""
    if name not in CONFIGS:
        message = f"There is no configuration {name!r}; there are {', '.join(CONFIGS)}."
        raise InputError(message)
    with as_file(files(_PACKAGE) / f"{name}.yaml") as path:
        return path


def is_main_process(environment: Mapping[str, str] = os.environ) -> bool:
    """Tell whether this process speaks for all: only it may emit lines and write the model."""
    return rank(environment) == 0


def rank(environment: Mapping[str, str] = os.environ) -> int:
    """Return the number of this process among those that share the run."""
    return int(environment.get("RANK", "0"))


def process_count(environment: Mapping[str, str] = os.environ) -> int:
    """Return how many processes share the run."""
    return int(environment.get("WORLD_SIZE", "1"))


def wait_for_all() -> None:
    """Wait until every process of the run has come here; at once if there is only this one."""
    if process_count() > 1:
        import torch.distributed as dist

        if dist.is_initialized():
            dist.barrier()
