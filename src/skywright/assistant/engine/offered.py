"""The installed tools as the loop has them: named at once, read when somebody looks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import overload

from skywright.assistant.messages import ToolCall, ToolRun
from skywright.assistant.tools import running
from skywright.assistant.tools.desk import Desk
from skywright.assistant.tools.running import ToolSpec
from skywright.foundry.tool import tool_names


class InstalledTools:
    """Every tool of the entry points ``skywright.tools``, or those that are named.

    Reading what they take imports them all, which our rules never need: they know their tools.
    """

    def __init__(self, only: Sequence[str] | None = None) -> None:
        self._only = only

    def names(self) -> tuple[str, ...]:
        """Return their names."""
        installed = _names()
        return installed if self._only is None else tuple(n for n in installed if n in self._only)

    def specs(self) -> Sequence[ToolSpec]:
        """Return what a model is told of them, read at the first look."""
        return _Specs(self.names())

    def run(self, call: ToolCall, desk: Desk) -> ToolRun:
        """Run one."""
        return running.run(call, desk)


class _Specs(Sequence[ToolSpec]):
    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names

    def __len__(self) -> int:
        return len(self._names)

    @overload
    def __getitem__(self, index: int) -> ToolSpec: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[ToolSpec]: ...
    def __getitem__(self, index: int | slice) -> ToolSpec | Sequence[ToolSpec]:
        return list(self)[index]

    def __iter__(self) -> Iterator[ToolSpec]:
        return (one for one in _specs() if one.name in self._names)


@lru_cache(maxsize=1)
def _names() -> tuple[str, ...]:
    return tuple(tool_names())


@lru_cache(maxsize=1)
def _specs() -> tuple[ToolSpec, ...]:
    return tuple(running.specs())
