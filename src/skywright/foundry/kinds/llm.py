"""Language models: a base, taught by prompts with completions, conversations, or plain text.

The whole of it (``full``), low-rank adapters (``lora``, ``qlora``) or a tuned prompt (``prompt``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from skywright.errors import MissingExtraError
from skywright.foundry.distributed import is_main_process
from skywright.foundry.kinds.llm_base import (
    Base,
    base_of,
    is_local,
    keep_base,
    offline,
    read_tokenizer,
    without_foreign_warnings,
)  # fmt: skip
from skywright.foundry.kinds.llm_data import (
    SILENT,
    Example,
    Layout,
    Writer,
    examples,
    fitted,
    packed,
    words_of,
)  # fmt: skip
from skywright.foundry.kinds.llm_evaluation import asked, compared, most_frequent
from skywright.foundry.kinds.llm_load import (
    base_speaker,
    load,
    put_weights,
    speaker_of,
    weights,
)
from skywright.foundry.kinds.llm_params import Teaching
from skywright.foundry.kinds.llm_training import CARD, Lesson, taught, write_weights
from skywright.foundry.kinds.llm_watermark import key_of
from skywright.foundry.kinds.tiny_base import CHAT
from skywright.foundry.run import Run
from skywright.foundry.signature import Input, Signature

__all__ = ["fit", "load", "put_weights", "weights"]

DISTRIBUTED = True
"""It knows of the other processes of a run."""

_LEAST_NEW, _MOST_NEW = 8, 512
_INPUTS = (
    Input("prompt", "text"),
    Input("max_new_tokens", "number", optional=True),
    Input("temperature", "number", optional=True),
    Input("seed", "number", optional=True),
    Input("watermark", "boolean", optional=True),
)


def fit(run: Run) -> Mapping[str, Any]:
    """Teach a language model, and judge the files that come of it by rows it has not seen.

    Returns
    -------
    dict
        ``loss`` and ``perplexity`` of what is to be said, ``exact_match`` and ``token_f1`` of
        answers; the stronger of the untaught base and the commonest completion under
        ``baseline``. Empty in all but the main process of a distributed run.

    Raises
    ------
    InputError
        If a parameter, the base or the rows cannot be taught with.
    MissingExtraError
        If a library is not installed.
    """
    _refuse_missing_parts()
    teaching = Teaching.of(run.recipe)
    teaching.refuse_missing_parts()
    rows = run.rows()
    layout = Layout.of(run.recipe, rows.train)
    with offline(on=is_local(teaching.base)), without_foreign_warnings():
        base = base_of(run, teaching, words_of(rows.train, layout))
        writer = _writer(base, teaching, layout)
        train, valid, test = (
            [fitted(one, teaching.max_length) for one in examples(frame, layout, writer)]
            for frame in (rows.train, rows.valid, rows.test)
        )
        blocks = packed(train, teaching.max_length) if teaching.packing else train
        lesson = Lesson(base, teaching, blocks, valid, writer.tokenizer.pad_token_id)
        run.log(base=base.name, method=teaching.method, rows=len(train), blocks=len(blocks))
        trainer = taught(run, lesson)
        write_weights(trainer, run.out, adapter=teaching.adapter)
        vocabulary = int(trainer.model.config.vocab_size)
        del trainer
        if not is_main_process():
            return {}
        _write_card(run, lesson, writer, vocabulary)
        return _judged(run, lesson, test)


def _writer(base: Base, teaching: Teaching, layout: Layout) -> Writer:
    tokenizer = read_tokenizer(base)
    if layout.form == "messages" and tokenizer.chat_template is None:
        tokenizer.chat_template = CHAT
    return Writer(tokenizer, teaching.separator, chat=layout.form == "messages")


def _write_card(run: Run, lesson: Lesson, writer: Writer, vocabulary: int) -> None:
    """Write tokenizer, signature and what is needed to ask the model."""
    teaching = lesson.teaching
    card = {
        "method": teaching.method,
        "base": keep_base(lesson.base, run.out) if teaching.adapter else _origin(lesson.base),
        "separator": writer.separator,
        "chat": writer.chat,
        "max_new_tokens": teaching.max_new_tokens or _answer_tokens(lesson.train),
        "prompt_tokens": teaching.prompt_tokens if teaching.method == "prompt" else 0,
        "vocabulary": vocabulary,
        "watermarked": run.recipe.deploy.watermark,
        "watermark_key": key_of(run.recipe.name, run.seed),
    }
    writer.tokenizer.save_pretrained(run.out)
    Signature("text", run.recipe.target or "completion", _INPUTS).write(run.out)
    text = json.dumps(card, indent=1, ensure_ascii=False) + "\n"
    (run.out / CARD).write_text(text, encoding="utf-8")


def _origin(base: Base) -> dict[str, str]:
    """Return what became of a base; where it lay does not matter to a model that is whole."""
    return base.told() | {"source": ""}


def _answer_tokens(train: Sequence[Example]) -> int:
    """Return how many tokens an answer may have: a quarter more than the longest that taught."""
    longest = max(sum(label != SILENT for label in one.labels) for one in train)
    return min(_MOST_NEW, max(_LEAST_NEW, longest * 5 // 4))


def _judged(run: Run, lesson: Lesson, test: Sequence[Example]) -> dict[str, Any]:
    """Judge the files that were written, as they will be served."""
    answers = lesson.teaching.eval_rows
    speaker = speaker_of(run.out)
    ours = asked("taught", speaker, test, answers)
    untaught = base_speaker(lesson.base, speaker)
    del speaker
    others = [asked("untaught base", untaught, test, answers)]
    if (common := most_frequent(lesson.train, test, answers)) is not None:
        others.append(common)
    metric = "token_f1" if len(ours.exact) else "perplexity"
    return {"metric": metric, **compared(ours, others, run.seed)}


def _refuse_missing_parts() -> None:
    for part in ("torch", "transformers", "peft", "accelerate", "safetensors"):
        if find_spec(part) is None:
            what = "Teaching a language model"
            raise MissingExtraError(what, "train")
