"""Teaching a language model with the Trainer of transformers, and adapters of PEFT.

The same seed gives the same bytes, and a run that was broken off ends in the very weights of one
that was not: rows come in an order that follows from the seed, and a checkpoint holds weights,
optimizer, schedule and the states of all random numbers.
"""

from __future__ import annotations

import json
import logging
import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skywright.errors import InputError
from skywright.foundry.distributed import is_main_process, wait_for_all
from skywright.foundry.kinds.llm_base import TINY, Base, read_model
from skywright.foundry.kinds.llm_data import SILENT, Example
from skywright.foundry.kinds.llm_params import FEWEST_FOR_PROMPT, Teaching
from skywright.foundry.run import Run

ADAPTER = "adapter"
"""Folder of an adapter inside a model folder."""

CARD = "llm.json"
"""File of a model folder that tells how prompts are written and what it is an adapter of."""

_STEPS_A_CHECKPOINT = 100  # times run.checkpoint_every, where the recipe counts updates
_POINTS = 50  # of the curve of the loss, about
_MOST_VALID = 500
_PICKLED = "training_args.bin"  # nobody reads it
_KEPT_APART = "trainer"  # where the Trainer writes before a checkpoint counts


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one run teaches."""

    base: Base
    """What it begins with."""
    teaching: Teaching
    """How it is taught."""
    train: Sequence[Example]
    """Rows that teach."""
    valid: Sequence[Example]
    """Rows that watch."""
    pad: int
    """Token to fill up with."""


def taught(run: Run, lesson: Lesson) -> Any:
    """Teach to the end, from the newest checkpoint on if there is one.

    Returns
    -------
    transformers.Trainer
        With the taught model.

    Raises
    ------
    InputError
        If the base has no layer of a name under ``params.lora_targets``.
    """
    from transformers import Trainer, set_seed
    from transformers.trainer_callback import PrinterCallback

    _quiet()
    _use_cores(run)
    set_seed(run.seed)
    model = _model(run, lesson)
    trainer = Trainer(
        model=model,
        args=_arguments(run, lesson),
        data_collator=_filled(lesson.pad),
        train_dataset=_rows(lesson.train),
        eval_dataset=_rows(lesson.valid[:_MOST_VALID]) or None,
        callbacks=[_told(run, lesson.base)],
    )
    trainer.remove_callback(PrinterCallback)
    found = run.resume()
    if found is not None:
        run.log(resumed=found.name)
    trainer.train(resume_from_checkpoint=None if found is None else str(found))
    if is_main_process():
        shutil.rmtree(str(trainer.args.output_dir), ignore_errors=True)
    return trainer


def write_weights(trainer: Any, out: Path, *, adapter: bool) -> None:
    """Write what was taught as safetensors; every process takes part, the main one writes."""
    state = trainer.accelerator.get_state_dict(trainer.model_wrapped)
    if not is_main_process():
        return
    model = trainer.accelerator.unwrap_model(trainer.model)
    if not adapter:
        model.config.use_cache = True
        model.save_pretrained(out, state_dict=state)
        return
    # Otherwise PEFT asks the hub whether the vocabulary has grown.
    model.save_pretrained(out / ADAPTER, state_dict=state, save_embedding_layers=False)
    (out / ADAPTER / "README.md").unlink(missing_ok=True)
    _settled(out / ADAPTER / "adapter_config.json")


def _settled(path: Path) -> None:
    """Write the configuration of an adapter in one order, without a path of this machine."""
    told = json.loads(path.read_text(encoding="utf-8"))
    if isinstance(told.get("target_modules"), list):
        told["target_modules"].sort()
    told["base_model_name_or_path"] = None
    path.write_text(json.dumps(told, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _model(run: Run, lesson: Lesson) -> Any:
    import torch

    teaching = lesson.teaching
    if not teaching.adapter:
        source = lesson.base if run.start is None else Base(run.start.name, str(run.start))
        model = read_model(source, dtype=torch.float32)
        if teaching.gradient_checkpointing:
            model.gradient_checkpointing_enable()
        return model
    reduced = teaching.method == "qlora" or _half(run, teaching)
    given: dict[str, Any] = {"dtype": torch.bfloat16 if reduced else torch.float32}
    if teaching.method == "qlora":
        given["quantization_config"] = _four_bits()
    model = read_model(lesson.base, **given)
    if teaching.method == "prompt" and (count := model.num_parameters()) < FEWEST_FOR_PROMPT:
        run.log(warning=f"Prompt tuning hardly works for a base of {count:,} parameters; use lora.")
    return _with_adapter(run, lesson, model)


def _with_adapter(run: Run, lesson: Lesson, model: Any) -> Any:
    from peft import PeftModel, get_peft_model, prepare_model_for_kbit_training

    teaching, base = lesson.teaching, lesson.base
    if teaching.method == "qlora":
        prepare: Any = prepare_model_for_kbit_training
        model = prepare(model, use_gradient_checkpointing=teaching.gradient_checkpointing)
    elif teaching.gradient_checkpointing:
        model.gradient_checkpointing_enable()
        model.enable_input_require_grads()  # else nothing before the first adapter has a gradient
    if run.start is not None:
        _refuse_other_start(run.start, base)
        return PeftModel.from_pretrained(model, run.start / ADAPTER, is_trainable=True)
    try:
        return get_peft_model(model, _adapter(teaching))
    except ValueError as error:
        message = f"The base has no layers for an adapter: {error}"
        raise InputError(message, hint="See params.lora_targets of the recipe.") from error


def _refuse_other_start(start: Path, base: Base) -> None:
    if not (start / ADAPTER).is_dir():
        message = f"The model {start.name} is no adapter to go on from."
        raise InputError(message, hint="Teach with params.method = 'full', or from the base.")
    told = json.loads((start / CARD).read_text(encoding="utf-8"))["base"]
    if told["fingerprint"] != base.fingerprint:
        message = f"The adapter {start.name} was made for another base than {base.name}."
        raise InputError(message, hint="Name the base it was made for, or begin anew.")


def _adapter(teaching: Teaching) -> Any:
    from peft import LoraConfig, PromptTuningConfig, TaskType

    if teaching.method == "prompt":
        return PromptTuningConfig(
            task_type=TaskType.CAUSAL_LM, num_virtual_tokens=teaching.prompt_tokens
        )
    return LoraConfig(
        task_type=TaskType.CAUSAL_LM,
        r=teaching.lora_r,
        lora_alpha=teaching.lora_alpha,
        lora_dropout=teaching.lora_dropout,
        target_modules=list(teaching.lora_targets) or "all-linear",
    )


def _four_bits() -> Any:
    import torch
    from transformers import BitsAndBytesConfig

    config: Any = BitsAndBytesConfig
    return config(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )


def _arguments(run: Run, lesson: Lesson) -> Any:
    from transformers import TrainingArguments

    teaching = lesson.teaching
    updates = _updates_an_epoch(lesson)
    total = teaching.steps or max(1, math.ceil(updates * teaching.epochs))
    every = run.recipe.run.checkpoint_every * (_STEPS_A_CHECKPOINT if teaching.steps else updates)
    keep = run.checkpoints is not None
    folder = (run.checkpoints or run.log_path.parent) / _KEPT_APART
    return TrainingArguments(
        output_dir=str(folder),
        per_device_train_batch_size=teaching.batch_size,
        per_device_eval_batch_size=teaching.batch_size,
        gradient_accumulation_steps=teaching.accumulate,
        max_steps=total,
        learning_rate=teaching.rate,
        lr_scheduler_type=teaching.schedule,
        warmup_steps=math.ceil(teaching.warmup * total),
        weight_decay=teaching.weight_decay,
        bf16=_half(run, teaching),
        use_cpu=not _accelerated(run),
        logging_steps=max(1, total // _POINTS),
        logging_nan_inf_filter=False,
        eval_strategy="steps" if lesson.valid else "no",
        eval_steps=every,
        prediction_loss_only=True,
        save_strategy="steps" if keep else "no",
        save_steps=every,
        seed=run.seed,
        data_seed=run.seed,
        remove_unused_columns=False,
        dataloader_pin_memory=False,
        report_to="none",
        disable_tqdm=True,
    )


def _updates_an_epoch(lesson: Lesson) -> int:
    from skywright.foundry.distributed import process_count

    rows = lesson.teaching.batch_size * process_count()
    return math.ceil(math.ceil(len(lesson.train) / rows) / lesson.teaching.accumulate)


def _rows(given: Sequence[Example]) -> list[dict[str, list[int]]]:
    return [{"input_ids": list(one.ids), "labels": list(one.labels)} for one in given]


def _filled(pad: int) -> Any:
    """Return a function that makes a batch of rows, filled up at the right."""
    import torch

    def batch(rows: list[dict[str, list[int]]]) -> dict[str, Any]:
        width = max(len(row["input_ids"]) for row in rows)
        gaps = [width - len(row["input_ids"]) for row in rows]
        lines = list(zip(rows, gaps, strict=True))
        return {
            "input_ids": torch.tensor([row["input_ids"] + [pad] * gap for row, gap in lines]),
            "labels": torch.tensor([row["labels"] + [SILENT] * gap for row, gap in lines]),
            "attention_mask": torch.tensor([[1] * (width - gap) + [0] * gap for _, gap in lines]),
        }

    return batch


def _told(run: Run, base: Base) -> Any:
    """Return a callback that logs the curve and makes what the Trainer saved a checkpoint."""
    from transformers import TrainerCallback

    class Told(TrainerCallback):
        """Speaks for the main process alone."""

        def on_log(
            self, args: Any, state: Any, control: Any, logs: Any = None, **_given: Any
        ) -> None:
            names = {"loss": "loss", "eval_loss": "valid_loss", "learning_rate": "learning_rate"}
            found = {new: float(logs[old]) for old, new in names.items() if old in (logs or {})}
            if found and is_main_process():
                run.log(step=state.global_step, **found)

        def on_save(self, args: Any, state: Any, control: Any, **_given: Any) -> None:
            wait_for_all()
            saved = Path(args.output_dir) / f"checkpoint-{state.global_step}"
            if is_main_process():
                with run.checkpoint(state.global_step) as folder:
                    for part in saved.iterdir():
                        if part.name != _PICKLED:
                            part.replace(folder / part.name)
                    if base.name == TINY:
                        shutil.copytree(base.source, folder / "base")
                shutil.rmtree(saved)
            wait_for_all()

    return Told()


def _accelerated(run: Run) -> bool:
    import torch

    return bool(run.recipe.run.gpus) and torch.cuda.is_available()


def _half(run: Run, teaching: Teaching) -> bool:
    """Tell whether activations, and the base of adapters, are kept in bf16."""
    import torch

    if teaching.precision == "auto":
        return _accelerated(run) and torch.cuda.is_bf16_supported()
    return teaching.precision == "bf16"


def _use_cores(run: Run) -> None:
    import torch

    torch.set_num_threads(max(1, int(run.recipe.run.cpus)))


def _quiet() -> None:
    """Leave the log to what the run tells."""
    for name in ("transformers", "peft", "accelerate"):
        logging.getLogger(name).setLevel(logging.ERROR)
