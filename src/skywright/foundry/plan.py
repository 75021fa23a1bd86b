"""Where a recipe should be trained: here, here in a smaller way, or elsewhere; and why.

Nothing is trained and no weights are read. Memory is derived, see `language_size`, and told beside
the rule of thumb of the field.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from skywright.foundry.distributed import refuse_unfit
from skywright.foundry.kind import kind_named
from skywright.foundry.kinds.llm_params import FEWEST_FOR_PROMPT, METHODS, Teaching
from skywright.foundry.language_size import RULE, Size, need_of, size_of
from skywright.foundry.machine import GB, Machine
from skywright.foundry.recipe import Recipe

HERE = "run here"
CLUSTER = "send to a cluster"
CANNOT_TELL = "cannot tell"

MOST_LOCAL = 1_000_000_000
"""Parameters from which a model is taught elsewhere, unless the caller says otherwise."""

_RUNTIME_GB = 0.5  # of the libraries; trainings of next to nothing had peaks of 0.38 to 0.48 GB
_CONTEXT_GB = 1.0  # of the driver on an accelerator; assumed
_USABLE = 0.9  # of a memory; the rest is fragments and whatever else runs
_COPIES_OF_A_TABLE = 5  # as it came, cleaned, divided, as features, and the library's own
_CHECKPOINTS = 3  # two are kept while a third is written


@dataclass(frozen=True, slots=True)
class Table:
    """How large the data are."""

    rows: int
    columns: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What a training needs and where it should run."""

    recipe: str
    kind: str
    method: str | None
    """Of a language model."""
    parameters: int | None
    """Weights of the base; None if unknown, or for other kinds."""
    parameters_from: str | None
    """Where that number is from."""
    trainable: int | None
    """Weights that learn."""
    memory_gb: dict[str, float]
    """By part, and ``total`` of one process [GB]."""
    rule_gb: float | None
    """By the rule of thumb, for comparison [GB]."""
    disk_gb: float
    """Of model and checkpoints [GB]."""
    rows: int | None
    columns: int | None
    updates: int | None
    """Steps of the optimizer."""
    seconds: float | None
    """Time, from a probe; None if there was none."""
    machine: dict[str, float]
    verdict: str
    """``run here``, ``run here as lora``, ``run here as qlora``, ``send to a cluster``, or
    ``cannot tell``."""
    reasons: list[str]
    warnings: list[str] = field(default_factory=list)
    methods: dict[str, dict[str, float]] = field(default_factory=dict)
    """Of a language model: by method, what is derived and what the rule tells [GB]."""

    def told(self) -> dict[str, Any]:
        """Return the plan as a dictionary."""
        return asdict(self)


def plan(
    recipe: Recipe, machine: Machine, table: Table | None = None, most_local: int = MOST_LOCAL
) -> Plan:
    """Plan the training of a recipe.

    Parameters
    ----------
    recipe : Recipe
        What is to be trained.
    machine : Machine
        Where it might be.
    table : Table, optional
        Size of its data.
    most_local : int
        Parameters from which a language model is taught elsewhere.

    Raises
    ------
    InputError
        If a parameter of the recipe is not allowed, its base is no model, or its kind cannot share
        a run that several processes are asked for.
    NotFoundError
        If there is no such kind.
    """
    refuse_unfit(recipe, kind_named(recipe.kind))
    if recipe.kind == "llm":
        return _of_language(recipe, machine, table, most_local)
    return _of_table(recipe, machine, table)


def updates_of(recipe: Recipe, rows: int) -> int:
    """Return the steps of the optimizer that a language model of so many rows takes."""
    teaching = Teaching.of(recipe)
    if teaching.steps:
        return teaching.steps
    taught = round(rows * 0.7)  # the share of the usual split
    each = teaching.batch_size * teaching.accumulate * recipe.run.processes
    return max(1, round(-(-taught // each) * teaching.epochs))


def _of_language(recipe: Recipe, machine: Machine, table: Table | None, most_local: int) -> Plan:
    teaching = Teaching.of(recipe)
    size = size_of(teaching.base)
    if size is None:
        return _unknown(recipe, machine, table, teaching)
    memory = _memory(recipe, machine, size, teaching)
    disk = _disk(size, teaching)
    verdict, reasons = _verdict(recipe, machine, (size, teaching), most_local)
    return Plan(
        recipe=recipe.name,
        kind=recipe.kind,
        method=teaching.method,
        parameters=size.parameters,
        parameters_from=size.source,
        trainable=size.shape.adapter_weights(teaching) if teaching.adapter else size.parameters,
        memory_gb=memory,
        rule_gb=round(RULE[teaching.method] * size.parameters / GB, 3),
        disk_gb=round(disk, 3),
        rows=table.rows if table else None,
        columns=table.columns if table else None,
        updates=teaching.steps or (updates_of(recipe, table.rows) if table else None),
        seconds=None,
        machine=_told(machine),
        verdict=verdict,
        reasons=reasons,
        warnings=_warnings(recipe, machine, size, teaching),
        methods=_methods(recipe, machine, size, teaching),
    )


def _methods(
    recipe: Recipe, machine: Machine, size: Size, teaching: Teaching
) -> dict[str, dict[str, float]]:
    """Return what each method would need of one process, and what the rule tells of all [GB]."""
    return {
        method: {
            "derived": _memory(recipe, machine, size, replace(teaching, method=method))["total"],
            "rule": round(RULE[method] * size.parameters / GB, 3),
        }
        for method in METHODS
    }


def _memory(recipe: Recipe, machine: Machine, size: Size, teaching: Teaching) -> dict[str, float]:
    """Return the memory of one process [GB], divided as the recipe divides it."""
    need = need_of(size, teaching, half=_accelerated(recipe, machine))
    share = recipe.run.processes
    way = recipe.run.distributed
    whole = way == "fsdp" or (way == "deepspeed" and teaching.method == "full")
    learned = share if way in {"fsdp", "deepspeed"} else 1
    parts = {
        "weights": need.weights / (share if whole else 1),
        "gradients": need.gradients / learned,
        "optimizer": need.optimizer / learned,
        "activations": need.activations,
    }
    if not _accelerated(recipe, machine):
        # The C library gives little back: at most 1.2 times the activations on top, measured.
        parts["fragments"] = need.activations
    told = {name: round(value / GB, 4) for name, value in parts.items()}
    told["runtime"] = _CONTEXT_GB if _accelerated(recipe, machine) else _RUNTIME_GB
    return told | {"total": round(sum(told.values()), 4)}


def _verdict(
    recipe: Recipe, machine: Machine, asked: tuple[Size, Teaching], most_local: int
) -> tuple[str, list[str]]:
    size, teaching = asked
    room = _room(recipe, machine)
    needed = _memory(recipe, machine, size, teaching)["total"]
    where = "an accelerator" if _accelerated(recipe, machine) else "main memory"
    reasons = [f"It needs {needed:.3g} GB of {where}; {room:.3g} GB can be used."]
    if size.parameters >= most_local:
        reasons.insert(0, f"The base has {size.parameters:,} parameters; from {most_local:,} on "
                       "models are taught elsewhere.")  # fmt: skip
        return CLUSTER, reasons
    if (disk := _disk(size, teaching)) > machine.disk_gb * _USABLE:
        reasons.append(f"It writes {disk:.3g} GB, and {machine.disk_gb:.3g} GB are free.")
        return CLUSTER, reasons
    if needed <= room:
        return HERE, reasons
    for method in _smaller(recipe, machine, teaching):
        other = _memory(recipe, machine, size, replace(teaching, method=method))["total"]
        reasons.append(f"As {method} it would need {other:.3g} GB.")
        if other <= room:
            return f"{HERE} as {method}", reasons
    return CLUSTER, [*reasons, *_saving(recipe, machine, size, teaching)]


def _saving(recipe: Recipe, machine: Machine, size: Size, teaching: Teaching) -> list[str]:
    """Tell what the least would be if activations were computed twice."""
    if teaching.gradient_checkpointing:
        return []
    saving = replace(teaching, gradient_checkpointing=True)
    method = next(reversed([teaching.method, *_smaller(recipe, machine, teaching)]))
    least = _memory(recipe, machine, size, replace(saving, method=method))["total"]
    return [f"With gradient_checkpointing = true, {method} would need {least:.3g} GB."]


def _smaller(recipe: Recipe, machine: Machine, teaching: Teaching) -> list[str]:
    """Return the methods that need less, the nearest first; 4 bits only where they are fast."""
    four_bits = ["qlora"] if _accelerated(recipe, machine) else []
    return {"full": ["lora", *four_bits], "lora": four_bits}.get(teaching.method, [])


def _warnings(recipe: Recipe, machine: Machine, size: Size, teaching: Teaching) -> list[str]:
    found = []
    if teaching.method == "prompt" and size.parameters < FEWEST_FOR_PROMPT:
        found.append(
            f"Prompt tuning hardly works below {FEWEST_FOR_PROMPT:,} parameters; use lora."
        )
    if recipe.run.gpus > machine.gpus:
        found.append(
            f"The recipe asks for {recipe.run.gpus:g} accelerators; here are {machine.gpus}."
        )
    if size.source == "its name":
        found.append("The size follows from the name of the base alone, which is not here.")
    if teaching.base == "tiny":
        found.append("A tiny base shows that a recipe works, not what it can reach.")
    return found


def _disk(size: Size, teaching: Teaching) -> float:
    """Return the disk that base, model and checkpoints take [GB]."""
    taught = size.parameters if not teaching.adapter else size.shape.adapter_weights(teaching)
    return (4.0 * taught * (1 + 3 * _CHECKPOINTS) + size.bytes_on_disk) / GB


def _unknown(recipe: Recipe, machine: Machine, table: Table | None, teaching: Teaching) -> Plan:
    empty = _of_table(recipe, machine, table)
    told = f"The size of {teaching.base} is unknown here, and its name does not tell it."
    return replace(
        empty,
        method=teaching.method,
        memory_gb={},
        verdict=CANNOT_TELL,
        reasons=[told, "Name a folder, or fetch the model first."],
    )


def _of_table(recipe: Recipe, machine: Machine, table: Table | None) -> Plan:
    rows = 8.0 * table.rows * table.columns / GB if table else 0.0
    parts = {"tables": round(rows * _COPIES_OF_A_TABLE, 4), "runtime": _RUNTIME_GB}
    needed, room = sum(parts.values()), machine.memory_gb * _USABLE
    reasons = [f"It needs {needed:.3g} GB of main memory; {room:.3g} GB can be used."]
    if recipe.run.gpus > machine.gpus:
        reasons.append(_too_few(recipe, machine))
    fits = needed <= room and recipe.run.gpus <= machine.gpus
    unknown = table is None and not recipe.env
    return Plan(
        recipe=recipe.name,
        kind=recipe.kind,
        method=None,
        parameters=None,
        parameters_from=None,
        trainable=None,
        memory_gb=parts | {"total": round(needed, 4)},
        rule_gb=None,
        disk_gb=round(rows, 3),
        rows=table.rows if table else None,
        columns=table.columns if table else None,
        updates=None,
        seconds=None,
        machine=_told(machine),
        verdict=HERE if fits else CLUSTER,
        reasons=reasons,
        warnings=["The size of its data is unknown; name them with --data."] if unknown else [],
    )


def _too_few(recipe: Recipe, machine: Machine) -> str:
    return f"The recipe asks for {recipe.run.gpus:g} accelerators; here are {machine.gpus}."


def _accelerated(recipe: Recipe, machine: Machine) -> bool:
    return bool(recipe.run.gpus) and machine.gpus > 0


def _room(recipe: Recipe, machine: Machine) -> float:
    room = machine.gpu_gb if _accelerated(recipe, machine) else machine.memory_gb
    return room * _USABLE


def _told(machine: Machine) -> dict[str, float]:
    return {name: round(float(value), 3) for name, value in asdict(machine).items()}
