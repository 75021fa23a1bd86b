"""Models that need no training: a straight line, or a threshold, from a small file."""

import json
import time
from pathlib import Path

from skywright.errors import InputError
from skywright.foundry.signature import Input, Signature

NUMBER = (Input("x", "number"), Input("mode", "category"))


class StandIn:
    """A kind whose models answer x * 2 + bias, or ``high`` above a limit; 13 brings bad luck."""

    def __init__(self):
        self.calls = []

    def load(self, folder):
        file = folder / "stand_in.json"
        told = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        if told.get("broken"):
            message = "The stand-in cannot be loaded."
            raise InputError(message)

        def predict(rows):
            self.calls.append(len(rows))
            time.sleep(told.get("delay_s", 0))
            if told.get("fails") or any(row.get("x") == 13 for row in rows):
                message = "bad luck"
                raise RuntimeError(message)
            return [answer(row) for row in rows]

        def answer(row):
            if told.get("echo"):
                return {"text": row["text"], "row": dict(row)}
            if "text" in row:
                return {"text": told.get("says", row["text"])}
            if "limit" in told:
                p = 0.9 if row["x"] > told["limit"] else 0.1
                label = "high" if p > 0.5 else "low"
                return {"label": label, "probabilities": {"high": p, "low": 1 - p}}
            return {"value": row["x"] * 2 + told.get("bias", 0.0)}

        return predict


def add_model(
    registry, folder: Path, name="line", *, promote=True, inputs=NUMBER, facts=(), **told
):
    """Register a stand-in; returns its version."""
    made = folder / f"made-{time.monotonic_ns()}"
    made.mkdir(parents=True)
    (made / "stand_in.json").write_text(json.dumps(told), encoding="utf-8")
    if "limit" in told:
        signature = Signature("binary", "y", inputs, ("high", "low"))
    else:
        signature = Signature("text" if inputs[0].type == "text" else "regression", "y", inputs)
    signature.write(made)
    version = registry.add(
        name, made, {"kind": "stand-in", "gate": {"state": "passed"}, **dict(facts)}
    )
    if promote:
        registry.promote(name, version)
    return version
