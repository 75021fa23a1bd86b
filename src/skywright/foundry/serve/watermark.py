"""Marking generated text so that its origin can be tested; only text of high entropy can be."""

from __future__ import annotations

from typing import Any

from skywright.errors import InputError
from skywright.foundry.kind import Predict, Rows
from skywright.foundry.serve.opened import Opened

MARKABLE = "llm"
"""The kind whose text can be marked."""


def refuse_unmarkable(opened: Opened) -> None:
    """Refuse to mark what is no generated text.

    Raises
    ------
    InputError
        If the model does not write text, or picks it from a few classes.
    """
    if opened.kind != MARKABLE or opened.signature.classes:
        message = (
            f"flags.watermark = True is not allowed: {opened.id} of kind {opened.kind} does not "
            "write free text, and a mark in anything else would change what it says."
        )
        raise InputError(message, hint="Leave the watermark off for this model.")


def marked(opened: Opened) -> Predict:
    """Return the predictor that marks its text and says so; raises like `refuse_unmarkable`."""
    refuse_unmarkable(opened)

    def predict(rows: Rows) -> list[dict[str, Any]]:
        outputs = opened.predict([{**row, "watermark": True} for row in rows])
        return [{**output, "watermarked": True} for output in outputs]

    return predict
