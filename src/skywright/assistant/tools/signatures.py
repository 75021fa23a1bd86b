"""What a tool takes, read from its function: a model that checks arguments, and its JSON schema."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic.fields import FieldInfo

from skywright.assistant.tools.desk import Desk
from skywright.errors import InputError

_CONFIG = ConfigDict(extra="forbid", allow_inf_nan=False, arbitrary_types_allowed=True)
_FILLED = frozenset({"progress", "cancelled"})
_UNDERLINE = re.compile(r"-{3,}")


@dataclass(frozen=True, slots=True)
class Signature:
    """What a caller gives to a tool, and what whoever runs it fills in."""

    arguments: type[BaseModel]
    """Checks what a caller gives."""
    filled: tuple[str, ...]
    """Parameters that a caller does not see: the desk, ``progress``, ``cancelled``."""
    description: str
    """What the tool does: its docstring up to the first section."""

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of the arguments."""
        schema = self.arguments.model_json_schema()
        schema.pop("title", None)
        for field in schema.get("properties", {}).values():
            field.pop("title", None)
        return {"type": "object", "properties": {}, **schema}


@lru_cache(maxsize=256)
def signature_of(function: Callable[..., Any]) -> Signature:
    """Read the signature of a tool.

    Parameters
    ----------
    function : callable
        With annotations, and a NumPy docstring for the descriptions of its parameters.

    Raises
    ------
    InputError
        If an annotation cannot be read or checked.
    """
    name = getattr(function, "__name__", str(function))
    told = parameter_texts(inspect.getdoc(function) or "")
    try:
        hints = typing.get_type_hints(function, include_extras=True)
        filled: list[str] = []
        fields: dict[str, Any] = {}
        for parameter in inspect.signature(function).parameters.values():
            hint = hints[parameter.name]
            if hint is Desk or _is_filled(parameter):
                filled.append(parameter.name)
            else:
                fields[parameter.name] = _field(parameter, hint, told)
        model = create_model(name, __config__=_CONFIG, **fields)
        model.model_json_schema()
    except (NameError, KeyError, TypeError, ValueError) as error:
        message = f"What the tool {name} takes cannot be read: {error}."
        raise InputError(message, hint="Annotate it with types that JSON can hold.") from error
    return Signature(model, tuple(filled), _description(inspect.getdoc(function) or ""))


def parameter_texts(docstring: str) -> dict[str, str]:
    """Return the descriptions of the section ``Parameters`` of a NumPy docstring, by name."""
    lines = iter(_section(docstring, "Parameters"))
    told: dict[str, str] = {}
    names: list[str] = []
    for line in lines:
        if line and not line[0].isspace():
            names = [name.strip() for name in line.partition(":")[0].split(",")]
        elif line.strip():
            for name in names:
                told[name] = f"{told.get(name, '')} {line.strip()}".strip()
    return told


def _is_filled(parameter: inspect.Parameter) -> bool:
    return parameter.name in _FILLED and parameter.default is None


def _field(parameter: inspect.Parameter, hint: Any, told: Mapping[str, str]) -> tuple[Any, Any]:
    default = ... if parameter.default is inspect.Parameter.empty else parameter.default
    extras = [one for one in getattr(hint, "__metadata__", ()) if isinstance(one, FieldInfo)]
    if parameter.name in told and not any(one.description for one in extras):
        return (hint, Field(default=default, description=told[parameter.name]))
    return (hint, default)


def _section(docstring: str, title: str) -> list[str]:
    lines = docstring.splitlines()
    starts = [k for k in range(1, len(lines)) if _UNDERLINE.fullmatch(lines[k].strip())]
    for start in starts:
        if lines[start - 1].strip() == title:
            stop = next((k - 1 for k in starts if k > start), len(lines))
            return lines[start + 1 : stop]
    return []


def _description(docstring: str) -> str:
    lines = docstring.splitlines()
    starts = [k for k in range(1, len(lines)) if _UNDERLINE.fullmatch(lines[k].strip())]
    text = "\n".join(lines[: starts[0] - 1] if starts else lines)
    paragraphs = (" ".join(one.split()) for one in text.split("\n\n"))
    return "\n".join(one for one in paragraphs if one)
