"""How long one update of a language model takes here: measured with weights that mean nothing."""

from __future__ import annotations

import time
from statistics import median
from typing import Any

from skywright.errors import InputError
from skywright.foundry.kinds.llm_params import Teaching

MOST_PROBED = 300_000_000
"""Parameters above which no probe is made, since its own weights would fill the memory."""

_STEPS = 3


def update_seconds(config: dict[str, Any], teaching: Teaching) -> float:
    """Return the seconds of one update with rows of full length, the median of three.

    Parameters
    ----------
    config : dict
        ``config.json`` of the base.
    teaching : Teaching
        Rows of a pass, passes of an update, and tokens of a row. All weights learn, which takes
        longer than adapters do.

    Raises
    ------
    InputError
        If transformers does not know the architecture.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    given = {key: value for key, value in config.items() if key != "model_type"}
    try:
        made = AutoConfig.for_model(config.get("model_type", ""), **given)
        build: Any = AutoModelForCausalLM.from_config
        model = build(made, dtype=torch.float32)
    except (ValueError, KeyError) as error:
        message = f"The architecture {config.get('model_type')!r} cannot be probed: {error}"
        raise InputError(message) from error
    model = model.to("cuda") if torch.cuda.is_available() else model
    optimizer = torch.optim.AdamW(model.parameters())
    ids = torch.zeros(teaching.batch_size, teaching.max_length, dtype=torch.long)
    taken = [_seconds(model, optimizer, ids.to(model.device)) for _ in range(_STEPS + 1)]
    return median(taken[1:]) * teaching.accumulate


def _seconds(model: Any, optimizer: Any, ids: Any) -> float:
    began = time.perf_counter()
    loss = model(input_ids=ids, labels=ids).loss
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    float(loss.detach())
    return time.perf_counter() - began
