"""The words of examples: phrasings of questions and answers, blocks of code, calls and tools."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

from skywright.assistant.tools.running import ToolSpec

LEAST_PHRASINGS = 8
"""Ways to ask for each thing."""


@lru_cache(maxsize=1)
def _all() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    read: dict[str, dict[str, tuple[str, ...]]] = {}
    for one in sorted((files(__package__) / "templates").iterdir(), key=lambda one: one.name):
        if one.name.endswith(".toml"):
            for name, kinds in tomllib.loads(one.read_text(encoding="utf-8")).items():
                read[name] = {
                    kind: (texts,) if isinstance(texts, str) else tuple(texts)
                    for kind, texts in kinds.items()
                }
    return read


def phrasings(template: str) -> Mapping[str, tuple[str, ...]]:
    """Return the phrasings of a template by kind: ``ask``, ``say`` and so on."""
    return _all()[template]


def block(template: str, kind: str = "code", **slots: Any) -> str:
    """Return the block of code of a template, its slots ``<<name>>`` filled with literals."""
    source = phrasings(template)[kind][0].lstrip("\n")
    for name, value in slots.items():
        source = source.replace(f"<<{name}>>", str(value))
    return source


def call_text(tool: str, arguments: Mapping[str, Any]) -> str:
    """Return a call as it is written by a model that has no other way to call."""
    told = json.dumps({"name": tool, "arguments": arguments}, ensure_ascii=False)
    return f"<tool_call>{told}</tool_call>"


def tool_lines(specs: Iterable[ToolSpec]) -> str:
    """Return what a model is told of the tools: one line each, with what they take."""
    lines = [
        'To call a tool write <tool_call>{"name": ..., "arguments": {...}}</tool_call>. Tools:'
    ]
    for one in specs:
        given = one.parameters.get("properties", {})
        needed = set(one.parameters.get("required", ()))
        told = [f"{name}{'' if name in needed else '?'}" for name in given]
        lines.append(f"- {one.name}({', '.join(told)}): {one.title}")
    return "\n".join(lines)
